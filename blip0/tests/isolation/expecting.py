"""What each caller is answered, for each row: the matrix itself, as a rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from blip0.common.tenancy import current_schema
from blip0.tests.isolation.caller import Caller, Refusal
from blip0.tests.isolation.operations import Operation
from blip0.tests.isolation.rows import For, Row
from blip0.tests.isolation.truth import Thing, Watcher
from blip0.tests.isolation.world import World
from tenants.models import ApiKey, Membership, Tenant, TokenFamily, User

SAFE = ("get", "head")
STOOD_ON = {
    f"public.{model._meta.db_table}" for model in (ApiKey, Membership, Tenant, TokenFamily, User)
}


def refusal(row: Row, operation: Operation, caller: Caller) -> Refusal | None:
    """Status and code of the problem; None where the caller gets what they ask for."""
    if caller.query and operation.method not in SAFE:
        return caller.refused  # no write takes a parameter that it doesn't know, before all else
    match row.to:
        case For.ANYBODY:
            return None
        case For.THE_DOOR:
            return caller.door_refused
        case For.TOKENS:
            return None if caller.bears_token else (401, "token_invalid")
    if caller.refused is not None:
        return caller.refused
    if caller.unsafe_refused is not None and operation.method not in SAFE:
        return caller.unsafe_refused
    if missing := row.needs - caller.permissions:
        only_grants = missing == {"owners.write"}
        return 403, "grants_too_much" if only_grants else "permission_denied"
    if row.to is For.PEOPLE and caller.is_key:
        return 403, "needs_person"
    if row.owned and caller.own is not caller.named:
        return 404, "not_found"
    return None


def faults(
    row: Row, operation: Operation, caller: Caller, world: World, watcher: Watcher
) -> Iterator[str]:
    """What is wrong with the answer to one call, with what it shows, and with what it changed.

    What was done is taken back, also where it should have been refused.
    """
    expected = refusal(row, operation, caller)
    with transaction.atomic():
        answer = caller.call(operation, row)
        differs = watcher.written()
        transaction.set_rollback(answer.status_code < 400)
    if row.changes:
        # A refusal is committed: what was to follow has happened by now.
        differs += watcher.elsewhere()
    stranger = world.other(caller.own)
    if expected is not None:
        if (answer.status_code, _code(answer)) != expected:
            yield f"{expected} expected, {told(answer)}"
        if differs:
            yield f"changed {listed(differs, world)}"
    else:
        if answer.status_code != row.ok:
            yield f"{row.ok} expected, {told(answer)}"
        elif bool(differs) is not (row.changes and not _is_over(row, caller)):
            yield f"changed {listed(differs, world)}"
        if foreign := [name for owner, name in differs if owner == stranger.tenant_id]:
            yield f"changed {foreign} of {stranger.slug}"
    forget(differs)
    if current_schema() != "public":
        yield f"the connection stays in {current_schema()}"
    for side in (stranger,) if expected is None else (stranger, caller.own):
        if shown := side.shown_in(answer):
            yield f"shows {shown} of {side.slug}"


def forget(taken_back: list[Thing]) -> None:
    """Let the cache say no more of what credentials stand on, where that was changed for a moment.

    It would not be wrong, but know nothing for 20 s.
    """
    if any(name in STOOD_ON for _, name in taken_back):
        cache.clear()


def listed(things: list[Thing], world: World) -> str:
    """For people: tenants by their slugs."""
    text = ", ".join(sorted({f"{name} of {owner}" for owner, name in things})) or "nothing"
    for side in (world.acme, world.globex):
        text = text.replace(side.tenant_id, side.slug)
        text = text.replace(side.tenant_id.replace("-", ""), side.slug)
    return text


def body_of(answer: HttpResponse) -> Any:
    """Its JSON."""
    return json.loads(answer.content)


def told(answer: HttpResponse) -> str:
    return f"{answer.status_code} got: {answer.content.decode(errors='replace')[:300]}"


def _is_over(row: Row, caller: Caller) -> bool:
    """Who signs out of a sign-in that is over changes nothing."""
    return row.to is For.TOKENS and caller.refused == (401, "token_revoked")


def _code(answer: HttpResponse) -> str:
    is_problem = answer.headers.get("Content-Type") == "application/problem+json"
    return str(body_of(answer)["code"]) if is_problem else ""

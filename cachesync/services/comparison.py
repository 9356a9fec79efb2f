"""Comparing by hand: what is found stays in a table, until the scope is compared again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.utils import timezone

from blip0.common.tenancy import in_public
from cachesync.contracts import Drift, Version
from cachesync.keys import Scope
from cachesync.models import ProjectionDifference
from cachesync.selectors.scopes import wanted_versions
from cachesync.services.drift import ScopeDrift, scope_drift
from cachesync.services.rebuild import FAILED, Progress, rebuild
from cachesync.services.reconcile import orphans_drop
from cachesync.services.rounds import Round, in_fresh_sessions
from cachesync.store import Store

_SCOPE: Final = 36
_DOCUMENT: Final = 80
"""Characters that are kept. Only what somebody else wrote into Redis is longer."""


class Outcome(StrEnum):
    """What a comparison says of a scope."""

    EQUAL = "equal"
    DIFFERENT = "different"
    BEHIND = "behind"
    """Redis has an older version, and the sweep is on its way: nothing was compared."""
    OTHER_HISTORY = "other_history"
    ORPHAN = "orphan"
    DROPPED = "dropped"
    """An orphan that was taken away."""


def compare(*, store: Store, only: Collection[Scope] | None = None) -> Iterator[Progress]:
    """Compare every byte of these scopes, or of all, with a new rendering; nothing is mended.

    What differs is kept as `ProjectionDifference`, in place of what was kept of the scope. A scope
    that can't be rendered is remembered as in a sweep. Raises `redis.RedisError` and
    `django.db.Error` where one of them can't be asked.
    """
    # Before Postgres: a tenant is known there before it is projected.
    listed = {Scope(tenant_id) for tenant_id in store.tenants()}
    wanted = wanted_versions()
    scopes = [scope for scope in wanted if only is None or scope in only]
    orphans = _orphans(listed, wanted, only)
    if only is None:
        _forget_others({*scopes, *orphans})
    of = len(scopes) + len(orphans)
    done = Round(store=store, scopes=len(scopes))
    for number, scope in enumerate(in_fresh_sessions(scopes), start=1):
        yield Progress(number, of, scope, _compared(scope, wanted[scope], done))
    for number, scope in enumerate(orphans, start=len(scopes) + 1):
        _keep(scope, [(Drift.ORPHAN, "")])
        yield Progress(number, of, scope, Outcome.ORPHAN)


def repair(*, store: Store, scopes: Collection[Scope]) -> Iterator[Progress]:
    """Mend these scopes, and compare them again: the result is what that says, or why it failed.

    Orphans among them are taken off. Raises as `compare` does.
    """
    listed = {Scope(tenant_id) for tenant_id in store.tenants()}
    wanted = wanted_versions()
    orphans = _orphans(listed, wanted, scopes)
    of = len(orphans) + sum(scope in wanted for scope in scopes)
    for number, scope in enumerate(orphans, start=1):
        orphans_drop(store, [scope.id])
        _keep(scope, [])
        yield Progress(number, of, scope, Outcome.DROPPED)
    done = Round(store=store, scopes=len(scopes))
    for mended in rebuild(store=store, only=scopes):
        result = mended.result
        if result != FAILED:
            found = _compared(mended.scope, wanted[mended.scope], done)
            result = result if found is Outcome.EQUAL else found
        yield Progress(len(orphans) + mended.done, of, mended.scope, result)


def difference_forget(scope: Scope, document: str) -> None:
    """That document is as it should be."""
    with in_public():
        ProjectionDifference.objects.filter(scope=scope.id, document=document).delete()


def _compared(scope: Scope, wanted: Version, done: Round) -> str:
    result: str = FAILED
    with done.isolated(scope, wanted):
        drift = scope_drift(scope, done.store)
        result = _outcome(drift)
        _keep(scope, _found(drift))
    return result


def _outcome(drift: ScopeDrift) -> Outcome:
    if drift.history:
        return Outcome.OTHER_HISTORY
    if drift.behind:
        return Outcome.BEHIND
    return Outcome.DIFFERENT if drift.differences else Outcome.EQUAL


def _found(drift: ScopeDrift) -> list[tuple[str, str]]:
    if drift.history:
        return [(drift.history, "")]
    return [(difference.kind, difference.field) for difference in drift.differences]


@transaction.atomic
def _keep(scope: Scope, found: Iterable[tuple[str, str]]) -> None:
    now = timezone.now()
    with in_public():
        ProjectionDifference.objects.filter(scope=_text(scope.id, _SCOPE)).delete()
        ProjectionDifference.objects.bulk_create(
            [
                ProjectionDifference(
                    scope=_text(scope.id, _SCOPE),
                    kind=kind,
                    document=_text(field, _DOCUMENT),
                    found_at=now,
                )
                for kind, field in found
            ],
            batch_size=1000,
            ignore_conflicts=True,
        )


def _forget_others(scopes: Iterable[Scope]) -> None:
    """What was kept of scopes that are gone from both sides."""
    with in_public():
        ProjectionDifference.objects.exclude(
            scope__in=[_text(scope.id, _SCOPE) for scope in scopes]
        ).delete()


def _orphans(
    listed: Collection[Scope], wanted: Collection[Scope], only: Collection[Scope] | None
) -> list[Scope]:
    """Tenants in Redis that Postgres doesn't know; among `only`, named as they are kept."""
    named = None if only is None else {scope.id for scope in only}
    return sorted(
        (
            scope
            for scope in set(listed) - set(wanted)
            if named is None or _text(scope.id, _SCOPE) in named
        ),
        key=lambda scope: scope.id,
    )


def _text(found: str, length: int) -> str:
    """What stands in Redis, as a column takes it."""
    return found.replace("\0", "\ufffd")[:length]

"""What belongs to Globex, in Acme's hands: in the path, the query, the body and the headers.

The answer is that for what is nowhere, to the byte: that something is there is nobody else's to
learn. And nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from blip0.tests.isolation.caller import ALL, Caller, person
from blip0.tests.isolation.expecting import body_of, forget, told
from blip0.tests.isolation.operations import Operation, operations
from blip0.tests.isolation.rows import ROWS, For, Row
from blip0.tests.isolation.truth import Thing, Watcher
from blip0.tests.isolation.world import Side

QUERY: dict[str, Callable[[Side], str]] = {
    "actor_id": lambda side: side.objects["owner"],
    "match": lambda side: side.objects["match"],
    "monitor": lambda side: side.objects["monitor"],
    "object_id": lambda side: side.objects["monitor"],
    "search": lambda side: side.word,
    "trigger": lambda side: side.objects["trigger"],
    "monitors_list trigger": lambda side: side.word,
}
"""Parameters that name what a tenant has; with an operation where it is named otherwise there."""
HARMLESS = {
    **dict.fromkeys(("enabled", "paused", "validate_only"), "true or false"),
    **dict.fromkeys(("expand", "fields"), "names of members"),
    **dict.fromkeys(("language", "network_type", "ordering", "status", "trigger_type"), "a choice"),
    **dict.fromkeys(("action", "object_kind"), "words of the product"),
    **dict.fromkeys(("since", "until"), "times"),
    "cursor": "has its own test",
    "network": "one of the catalogue",
    "page_size": "a number",
}
"""Parameters whose values name nothing that a tenant has."""
ON_AN_OBJECT = {"fields": "id", "expand": "projection", "validate_only": "true"}
TAGS = ("If-Match", "If-None-Match")
NAMES = ("tenant", "tenant_id", "id")
VOLATILE = ("X-Request-ID", "RateLimit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
KEY = {"Idempotency-Key": "the-same"}


@pytest.fixture
def ana(world, watcher) -> Caller:
    """Acme's owner."""
    caller = person(world.acme, permissions=ALL)
    watcher.begin()
    return caller


def rows(fits: Callable[[Row, Operation], object]) -> Iterator[tuple[Row, Operation]]:
    """Those that somebody must have credentials for, and that fit."""
    for row in ROWS:
        operation = operations()[row.operation]
        if row.to in (For.MEMBERS, For.PEOPLE, For.HOLDERS) and fits(row, operation):
            yield row, operation


def taken_back(
    watcher: Watcher, call: Callable[[], HttpResponse]
) -> tuple[HttpResponse, list[Thing]]:
    """The answer, and what it changed."""
    with transaction.atomic():
        answer = call()
        differs = watcher.written()
        transaction.set_rollback(True)
    forget(differs)
    return answer, differs + watcher.elsewhere()


def seen(answer: HttpResponse, side: Side) -> tuple[int, str, dict[str, Any]]:
    """All that an answer tells, but for the names of the side's own that were asked for."""
    text = re.sub(r'"request_id":"[^"]+"', "", answer.content.decode())
    names = (side.word, side.slug, side.tenant_id, *map(str, side.objects.values()))
    for name in names:
        text = text.replace(name, "…")
    headers = {name: value for name, value in answer.items() if name not in VOLATILE}
    return answer.status_code, text, {**headers, "Content-Length": ""}


def faults(ana, watcher, world, row, operation, status=None, **sent) -> Iterator[str]:
    """What tells Globex's things from things that are nowhere; `sent` makes a part of the request.

    `status` is what both must have. Where both are accepted, as names that are free, what is
    made of them isn't compared.
    """
    answers = []
    for side in (world.globex, world.unknown):
        parts = {name: make(side) for name, make in sent.items()}
        answer, differs = taken_back(watcher, partial(ana.call, operation, row, **parts))
        answers.append(answer)
        if answer.status_code >= 400 and differs:
            yield f"{row}: refused, and yet changed {differs}"
        if [name for owner, name in differs if owner == world.globex.tenant_id]:
            yield f"{row}: changed {differs}"
    foreign, unknown = answers
    same = foreign.status_code == unknown.status_code == (status or unknown.status_code)
    if same and (foreign.status_code >= 400 or not row.changes):
        same = seen(foreign, world.globex) == seen(unknown, world.unknown)
    if not same:
        yield f"{row} {sorted(sent)}: {told(foreign)}; of what is nowhere: {told(unknown)}"


def tags_of(caller: Caller) -> dict[str, str]:
    """Of each kind of object that the caller has; the tenant's own is under the empty kind."""
    found = {}
    for row, operation in rows(has_tags):
        head = operation.path.partition("/{")[0]
        answer = caller.client.get(f"{head}/{caller.own.objects[row.at]}" if row.at else head)
        assert answer.status_code == 200, told(answer)
        found[row.at] = str(answer["ETag"])
    return found


def has_tags(row: Row, operation: Operation) -> bool:
    return row.to is For.HOLDERS and bool(operation.headers & set(TAGS))


def test_path__foreign_id__is_answered_as_an_unknown_one(world, watcher, ana):
    """Also where Globex's own tag comes along, or another part of the object is asked for."""
    found: list[str] = []
    tags = tags_of(person(world.globex))
    watcher.begin()
    for row, operation in rows(lambda row, _: row.owned):
        queries = operation.query & set(ON_AN_OBJECT)
        headers = operation.headers & set(TAGS)
        variants: list[dict[str, Any]] = [
            {},
            *({"query": {name: ON_AN_OBJECT[name]}} for name in queries),
            *({"headers": {name: tags[row.at]}} for name in headers),
        ]
        for variant in variants:
            parts = {name: lambda _, part=part: part for name, part in variant.items()}
            sent = {**parts, "named": lambda side: side}
            found += faults(ana, watcher, world, row, operation, status=404, **sent)

    assert not found, "\n".join(found)


def test_query__each_parameter_of_the_document__is_known_here():
    named = {name.rpartition(" ")[2] for name in QUERY}
    asked = {name for operation in operations().values() for name in operation.query}

    assert asked == named | set(HARMLESS)


def test_query__foreign_value__finds_what_an_unknown_one_does(world, watcher, ana):
    found: list[str] = []
    for row, operation in rows(lambda _, operation: operation.query):
        for name in operation.query:
            make = QUERY.get(f"{operation.name} {name}", QUERY.get(name))
            if make is None:
                continue
            sent = {"query": lambda side, name=name, make=make: {name: make(side)}}
            found += faults(ana, watcher, world, row, operation, **sent)
            own = ana.call(operation, row, query={name: make(world.acme)})
            if row.to is For.HOLDERS and not body_of(own)["results"]:
                found.append(f"{row}: {name} finds nothing of one's own either")

    assert not found, "\n".join(found)


def test_query__cursor_of_another_tenant_or_list__leads_to_nothing_of_theirs(world, watcher, ana):
    olga, found = person(world.globex, permissions=ALL), []
    lists = list(rows(lambda row, each: "cursor" in each.query and row.to is For.HOLDERS))
    for row, operation in lists:
        following = body_of(olga.call(operation, row, query={"page_size": "1"}))["next"]
        assert following, f"{row}: Globex has one row only"
        [cursor] = parse_qs(urlsplit(following).query)["cursor"]
        for size in ("1", "100"):
            answer = ana.call(operation, row, query={"cursor": cursor, "page_size": size})
            # 422: the list of another object.
            if answer.status_code not in (200, 422) or world.globex.shown_in(answer):
                found.append(f"{row}: {told(answer)}")
        elsewhere = next(one for one in lists if one[1] != operation)
        answer = olga.call(elsewhere[1], elsewhere[0], query={"cursor": cursor})
        if answer.status_code != 422:
            found.append(f"{elsewhere[0]}: {told(answer)}")
        assert body_of(olga.call(operation, row, query={"cursor": cursor}))["results"]

    assert not found, "\n".join(found)
    assert len(lists) >= 10


def test_body__foreign_reference__is_answered_as_an_unknown_one(world, watcher, ana):
    """Triggers by slug, entries of the history, tenants to go on in, triggers in files."""
    found: list[str] = []
    for row, operation in rows(lambda row, _: row.body):
        sent = {"body": lambda side, row=row: row.body(world.acme, side)}
        found += faults(ana, watcher, world, row, operation, **sent)

    assert not found, "\n".join(found)


def test_body__names_that_another_tenant_has__are_free(world, watcher, ana):
    taken = {
        "monitors_create": {"name": world.globex.word, "slug": world.globex.word},
        "triggers_create": {"name": world.globex.word, "slug": world.globex.word},
        "api_keys_create": {"name": world.globex.word},
        "invitations_create": {"email": f"{world.globex.word}@invited.test"},
    }
    for row, operation in rows(lambda row, each: each.name in taken):
        assert row.body is not None
        body = {**row.body(world.acme, world.acme), **taken[row.operation]}

        answer, _ = taken_back(watcher, partial(ana.call, operation, row, body=body))

        assert answer.status_code == 201, f"{row}: {told(answer)}"


def test_body__names_another_tenant__is_refused_or_goes_unheard(world, watcher, ana):
    """Wherever a body is asked for, the member is refused by name; else there is none to read."""
    found, refused = [], 0
    for row, operation in rows(lambda _, each: each.method in ("post", "put", "patch")):
        for name in NAMES:
            if name == "tenant" and name in operation.members:
                continue
            body = row.body(world.acme, world.acme) if row.body else {}
            body[name] = world.globex.tenant_id
            answer, differs = taken_back(watcher, partial(ana.call, operation, row, body=body))
            if row.body and not row.changes:
                # A check of a document tells of it, and saves nothing.
                fits = answer.status_code == 200 and f"/{name}" in answer.content.decode()
            elif row.body:
                pointers = [error["pointer"] for error in body_of(answer).get("errors", ())]
                fits = (answer.status_code, pointers, differs) == (422, [f"/{name}"], [])
            else:
                fits = answer.status_code == row.ok
            refused += answer.status_code == 422
            if not fits or [thing for thing in differs if thing[0] == world.globex.tenant_id]:
                found.append(f"{row}: {name}: {told(answer)}; changed {differs}")

    assert not found, "\n".join(found)
    assert refused > 40


def test_headers__tag_of_another_tenants_object__is_not_that_of_ones_own(world, watcher, ana):
    """Neither stands for the object here, nor tells that it is as it is there."""
    found, compared = [], 0
    own, foreign = tags_of(ana), tags_of(person(world.globex))
    watcher.begin()
    for row, operation in rows(has_tags):
        for name in operation.headers & set(TAGS):
            statuses, changes = [], []
            for value in (own[row.at], foreign[row.at]):
                sent = {"headers": {name: value}}
                answer, differs = taken_back(watcher, partial(ana.call, operation, row, **sent))
                statuses.append(answer.status_code)
                changes.append(bool(differs))
            expected = [row.ok, 412] if name == "If-Match" else [304, 200]
            if (statuses, changes) != (expected, [row.changes, False]):
                found.append(f"{row}: {name}: {statuses}, changed {changes}")
            compared += 1

    assert not found, "\n".join(found)
    assert compared > 25


def test_headers__idempotency_key_of_another_tenant__replays_nothing_of_theirs(world, watcher, ana):
    """Both use one key, at the same URL where there is one; each gets an answer of their own."""
    olga, found, used = person(world.globex, permissions=ALL), [], 0
    watcher.begin()
    for row, operation in rows(lambda _, each: set(KEY) <= each.headers):
        with transaction.atomic():
            theirs = olga.call(operation, row, headers=KEY)
            answers = [ana.call(operation, row, headers=KEY) for _ in range(2)]
            transaction.set_rollback(True)
        cache.clear()
        replayed = ["Idempotency-Replayed" in each for each in (theirs, *answers)]
        statuses = {each.status_code for each in (theirs, *answers)}
        shown = [name for each in answers for name in world.globex.shown_in(each)]
        if (replayed, statuses, shown) != ([False, False, True], {row.ok}, []):
            found.append(
                f"{row}: {statuses}, replayed {replayed}, shows {shown}: {told(answers[0])}"
            )
        used += 1

    assert not found, "\n".join(found)
    assert used > 15

"""Every operation of the OpenAPI document, by every caller: the status, and nothing else.

What is refused changes nothing in any table, in the projection, in the queue, and sends nothing.
What is allowed works, changes what it should, and nothing of the other tenant: a matrix of refusals
alone would prove nothing.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from blip0.tests.isolation.caller import person
from blip0.tests.isolation.expecting import faults, listed
from blip0.tests.isolation.operations import operations
from blip0.tests.isolation.permitted import PERMITTED
from blip0.tests.isolation.refused import REFUSED
from blip0.tests.isolation.rows import ROWS, For
from blip0.tests.isolation.strangers import STRANGERS

CALLERS = {**PERMITTED, **REFUSED, **STRANGERS}
SOME = (
    "keys without one scope",
    "others at foreign objects",
    "owner with headers that count for nothing",
)
"""These are there for some operations; all others call each that asks for credentials."""


def test_rows__each_operation__has_one_and_no_row_is_left_over():
    assert {row.operation for row in ROWS} == set(operations())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row__as_the_document_describes_it__has_a_body_and_an_object(row):
    operation = operations()[row.operation]

    assert (row.body is not None) is bool(operation.members)
    assert bool(row.at) is ("{" in operation.path)


@pytest.mark.parametrize("name", CALLERS)
def test_every_operation__by_a_caller__is_answered_as_the_matrix_says(world, watcher, name):
    found, called = [], set()
    with closing(CALLERS[name](world)) as callers:
        for caller in callers:
            watcher.begin()
            for row in filter(caller.calls, ROWS):
                called.add(row.operation)
                wrong = faults(row, operations()[row.operation], caller, world, watcher)
                found += [f"{row}: {fault}" for fault in wrong]
            if rest := watcher.everywhere():
                found.append(f"in the end: changed {listed(rest, world)}")

    assert not found, "\n".join(found)
    wanted = {row.operation for row in ROWS if row.to not in (For.ANYBODY, For.THE_DOOR)}
    assert called >= wanted or name in SOME


def test_truth__a_change_that_is_committed__is_seen_in_rows_and_in_the_projection(world, watcher):
    """Else that nothing changes would prove nothing."""
    client = person(world.acme).client
    watcher.begin()
    url = f"/api/v1/monitors/{world.acme.objects['resting_monitor']}"

    assert client.patch(url, {"description": "Seen."}).status_code == 200

    seen = listed(watcher.everywhere(), world)
    assert "t_acme.monitors_monitor of acme" in seen
    assert "tenant:acme:projection:meta of acme" in seen
    assert "public.tenants_auditrecord of acme" in seen
    assert "globex" not in seen

"""The beat's rounds: bounded, fair, and each goes on where the one before it ended."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from django.core.cache import cache

from blip0.common.tenancy import current_tenant_id, in_tenant
from monitors.models import Monitor
from monitors.services import findings_recheck_due, monitor_create
from monitors.services import recheck as recheck_module
from monitors.services.recheck import Lap
from monitors.services.world import examined
from monitors.tests.factories import make_monitor_document
from monitors.tests.support import ANA, update


class Clock:
    """Stands still, but for a second that each look at it takes."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        self.now += 1
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(recheck_module, "time", clock)
    return clock


@pytest.fixture
def looked_at(monkeypatch):
    """How often each monitor was looked at, by its name."""
    counts: Counter[str] = Counter()

    def counted(values, world, **options):
        counts[values["name"]] += 1
        return examined(values, world, **options)

    monkeypatch.setattr(recheck_module, "examined", counted)
    return counts


def make(tenant, count):
    with in_tenant(tenant.pk):
        for number in range(count):
            name = f"{tenant.slug} {number}"
            document = make_monitor_document(name=name, slug=f"m{number}")
            monitor_create(tenant=tenant, data=document, actor=ANA)


def rounds_until_rest(budget_s, most=50):
    rounds = []
    while done := findings_recheck_due(budget_s=budget_s):
        rounds.append(set(done))
        assert len(rounds) < most
    return rounds


def test_round__budget_is_spent__the_next_one_goes_on(committed, acme, clock, looked_at):
    make(acme, 7)

    findings_recheck_due(budget_s=6)

    assert 0 < looked_at.total() < 7
    rounds_until_rest(6)
    assert looked_at == {f"acme {number}": 1 for number in range(7)}


def test_round__a_large_tenant__leaves_the_others_their_turn(
    committed, acme, globex, clock, looked_at, monkeypatch
):
    monkeypatch.setattr(recheck_module, "TURN_S", 0.0)
    make(acme, 9)
    make(globex, 1)

    first = findings_recheck_due(budget_s=20)

    assert set(first) == {acme.pk, globex.pk}
    assert looked_at["globex 0"] == 1
    assert looked_at.total() < 10


def test_round__budget_for_one_turn__whoever_waited_longest_has_it(
    committed, acme, globex, clock, monkeypatch
):
    monkeypatch.setattr(recheck_module, "TURN_S", 0.0)
    make(acme, 3)
    make(globex, 3)

    turns = [next(iter(turn)) for turn in rounds_until_rest(1.5)]

    assert len(turns) >= 6
    assert all(one != other for one, other in itertools.pairwise(turns))


def test_round__changed_during_a_lap__the_lap_ends_and_another_follows(
    committed, acme, clock, looked_at
):
    make(acme, 5)
    findings_recheck_due(budget_s=6)
    assert 0 < looked_at.total() < 5
    with in_tenant(acme.pk):
        update(Monitor.objects.get(slug="m0"), {"description": "Changed."})

    rounds_until_rest(6)

    assert set(looked_at) == {f"acme {number}" for number in range(5)}
    assert set(looked_at.values()) == {2}


def test_round__one_tenant_fails__the_others_are_looked_at(committed, acme, globex, monkeypatch):
    make(acme, 1)
    make(globex, 1)
    counted: Counter[str] = Counter()

    def failing(values, world, **options):
        if current_tenant_id() == acme.pk:
            raise ZeroDivisionError
        counted[values["name"]] += 1
        return examined(values, world, **options)

    monkeypatch.setattr(recheck_module, "examined", failing)

    assert set(findings_recheck_due()) == {globex.pk}
    assert counted == {"globex 0": 1}
    # It is tried again, and holds up nobody.
    assert set(findings_recheck_due()) == set()
    monkeypatch.setattr(recheck_module, "examined", examined)
    assert set(findings_recheck_due()) == {acme.pk}


@pytest.mark.parametrize("value", ["a basis", None, (1, 2), {"stage": "over"}])
def test_lap__cache_holds_something_else__begins_anew(committed, acme, value):
    findings_recheck_due()
    assert findings_recheck_due() == {}

    cache.set(f"findings-lap:{acme.pk}", value)

    assert acme.pk in findings_recheck_due()
    assert Lap.remembered(value).settled == ""

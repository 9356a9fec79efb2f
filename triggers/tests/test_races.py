"""Triggers under real concurrency: threads with connections of their own, real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from blip0.common.exceptions import DomainError, Stale
from blip0.common.tenancy import in_tenant
from tenants.models import LimitOverride, Tenant
from triggers.exceptions import TriggerLimitReached
from triggers.models import Trigger
from triggers.selectors import trigger_contents
from triggers.services import trigger_create, trigger_delete, trigger_update
from triggers.tests.factories import document
from triggers.tests.support import ELI

THREADS = 8


def at_once(tenant: Tenant, work: Callable[[int], Any]) -> list[Any]:
    """What each of eight threads returns or raises, all of them let go at the same moment."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            with in_tenant(tenant.pk):
                barrier.wait(timeout=30)
                return work(number)
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.usefixtures("committed")
def test_trigger_create__eight_threads_and_a_limit__makes_exactly_that_many(acme: Tenant) -> None:
    LimitOverride.objects.create(tenant=acme, limit="triggers", value=5, reason="test")
    outcomes = at_once(
        acme,
        lambda number: [_outcome(acme, f"T {number} {attempt}") for attempt in range(3)],
    )
    made = [outcome for outcomes_ in outcomes for outcome in outcomes_]
    with in_tenant(acme.pk):
        assert Trigger.objects.live().count() == 5
    assert sum(isinstance(one, Trigger) for one in made) == 5
    assert sum(isinstance(one, TriggerLimitReached) for one in made) == THREADS * 3 - 5


def _outcome(tenant: Tenant, name: str) -> Trigger | DomainError:
    try:
        return trigger_create(tenant=tenant, data=document(name=name), actor=ELI)
    except DomainError as error:
        return error


@pytest.mark.usefixtures("committed")
def test_trigger_create__eight_threads_and_names_of_one_slug__each_gets_its_own(
    acme: Tenant,
) -> None:
    outcomes = at_once(acme, lambda number: _outcome(acme, f"Ops{'!' * number}"))
    slugs = sorted(outcome.slug for outcome in outcomes)
    assert slugs == ["ops", *(f"ops-{number}" for number in range(2, THREADS + 1))]


@pytest.mark.usefixtures("committed")
def test_trigger_update__eight_threads_expect_one_version__one_wins(acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=document(), actor=ELI)
    outcomes = at_once(
        acme,
        lambda number: trigger_update(
            trigger=trigger, data={"name": f"N {number}"}, actor=ELI, expected_version=1
        ),
    )
    assert sum(isinstance(one, Trigger) for one in outcomes) == 1
    assert sum(isinstance(one, Stale) for one in outcomes) == THREADS - 1
    with in_tenant(acme.pk):
        assert Trigger.objects.get(pk=trigger.pk).version == 2


@pytest.mark.usefixtures("committed")
def test_trigger_delete__while_a_monitor_links_to_it__waits_for_that_transaction(
    acme: Tenant,
) -> None:
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=document(), actor=ELI)
    deleted = threading.Event()

    def delete() -> None:
        with in_tenant(acme.pk):
            trigger_delete(trigger=trigger, actor=ELI)
        deleted.set()
        connections.close_all()

    thread = threading.Thread(target=delete)
    with in_tenant(acme.pk):
        with transaction.atomic():
            assert trigger_contents([trigger.slug], lock=True)
            thread.start()
            assert not deleted.wait(0.5)
        thread.join(timeout=30)
        assert deleted.is_set()
        assert trigger_contents([trigger.slug]) == {}

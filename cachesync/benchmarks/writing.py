"""Writers through the real service, at times that don't depend on how fast they are served."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from blip0.common.tenancy import in_tenant
from cachesync.benchmarks.world import ACTOR
from cachesync.keys import Scope
from cachesync.services.project import scope_project
from cachesync.store import Store
from monitors.models import Monitor
from monitors.services import monitor_update

THREADS = 4
"""As many as one worker of the web process has."""


@dataclass(frozen=True)
class Order:
    """A change to be made: the alert threshold of a monitor becomes `amount`, which is unique."""

    tenant: UUID
    monitor: UUID
    amount: int


@dataclass(frozen=True)
class Written:
    """When it was made, by the clock that all processes of a machine share."""

    order: Order
    before_commit: float
    committed: float
    late: float
    """How long it waited for a thread: seconds."""


def write_at_rate(orders: Sequence[Order], rate: float, begin: float, seed: int) -> list[Written]:
    """Carry out the orders, `rate` a second on average, the first one about at `begin`.

    Those of the first threads come before that, and aren't told: a process that has just begun
    is slow.
    """
    dice = random.Random(seed)  # noqa: S311 - arrival times
    due = begin
    futures: list[Future[Written]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_update_apart, orders[:THREADS]))
        for order in orders[THREADS:]:
            due += dice.expovariate(rate)
            time.sleep(max(0.0, due - time.monotonic()))
            futures.append(pool.submit(_write, order, due))
        return [future.result() for future in futures]


def _write(order: Order, due: float) -> Written:
    began = time.monotonic()
    stamps: list[float] = []
    with in_tenant(order.tenant), transaction.atomic():
        # Registered first, so called before the write-through begins.
        transaction.on_commit(lambda: stamps.append(time.monotonic()))
        _update(order)
        before = time.monotonic()
    return Written(order, before, stamps[0], began - due)


def _update_apart(order: Order) -> None:
    with in_tenant(order.tenant):
        _update(order)


def _update(order: Order) -> None:
    monitor_update(
        monitor=Monitor(pk=order.monitor),
        data={
            "alerting": {
                "severity": "high",
                "threshold": {"amount": order.amount, "window_s": 600},
            }
        },
        actor=ACTOR,
    )


def write_through_cost(orders: Sequence[Order]) -> tuple[float, float]:
    """The median seconds of a request without and with write-through: the same change, by turns."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    store = Store()
    for number, order in enumerate(orders):
        settings.PROJECTION_RECEIVERS = receivers = bool(number % 2)
        with in_tenant(order.tenant):
            began = time.perf_counter()
            _update(order)
            seconds[receivers].append(time.perf_counter() - began)
        # The next one shall find Redis up to date, whoever it is.
        scope_project(scope=Scope(str(order.tenant)), store=store)
    return statistics.median(seconds[False]), statistics.median(seconds[True])

"""From commit to another process: how long until a change can be read there."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings

from cachesync.benchmarks.measures import Measure, percentiles
from cachesync.benchmarks.processes import apart
from cachesync.benchmarks.watching import watch
from cachesync.benchmarks.writing import THREADS, Order, Written, write_at_rate, write_through_cost
from cachesync.keys import KIND_MONITOR, Scope
from cachesync.models import ProjectedDocument

WRITERS = 2
"""Processes, as the web has."""
START_S = 8.0
"""Time for the processes to come up."""
WAIT_S = 30.0
"""Longest wait for the last change: what is promised whatever happens."""
BUSY_SHARE = 10
"""Of so many writes, one goes to one and the same tenant."""


def visibility(
    documents: int, tenants: Sequence[UUID], *, rate: float, seconds: float
) -> Iterator[Measure]:
    """Writers at `rate` a second altogether, for so many seconds; a projector runs beside them."""
    orders = _orders(tenants, round(rate * seconds) + WRITERS * THREADS)
    parts = [orders[number::WRITERS] for number in range(WRITERS)]
    expected = {
        Scope(str(order.tenant)).document(str(order.monitor)): order.amount for order in orders
    }
    with apart(WRITERS + 1) as pool, _projector():
        begin = time.monotonic() + START_S
        until = begin + seconds + WAIT_S
        seen_later = pool.submit(watch, settings.REDIS_PROJECTION_URL, expected, until)
        writers = [
            pool.submit(write_at_rate, part, rate / WRITERS, begin, number)
            for number, part in enumerate(parts)
        ]
        written = [entry for writer in writers for entry in writer.result()]
        seen = seen_later.result()
    yield from _delays(documents, written, seen, rate)
    with apart() as pool:
        without, with_ = pool.submit(write_through_cost, _orders(tenants, 300)).result()
    yield Measure(name="request, p50", documents=documents, value=without * 1000, unit="ms")
    yield Measure(
        name="write-through adds to it",
        documents=documents,
        value=(with_ - without) * 1000,
        unit="ms",
        promise=5,
    )


def _delays(
    documents: int, written: Sequence[Written], seen: dict[str, float], rate: float
) -> Iterator[Measure]:
    visible = [
        (entry, seen.get(Scope(str(entry.order.tenant)).document(str(entry.order.monitor))))
        for entry in written
    ]
    load = f"{rate:g} writes/s"
    # Never seen counts as the longest wait, so that it can't be overlooked.
    yield from percentiles(
        f"commit → another process, {load}",
        [WAIT_S if when is None else when - entry.committed for entry, when in visible],
        documents=documents,
        promises=(50, 200, 1000),
    )
    yield from percentiles(
        f"before commit → another process, {load}",
        [WAIT_S if when is None else when - entry.before_commit for entry, when in visible],
        documents=documents,
    )
    yield from percentiles(
        f"a write waits for a thread, {load}",
        [entry.late for entry in written],
        documents=documents,
    )
    yield Measure(
        name="changes never seen",
        documents=documents,
        value=sum(when is None for _, when in visible),
        unit="",
        promise=0,
    )


def _orders(tenants: Sequence[UUID], count: int) -> list[Order]:
    """Changes of different monitors, over all tenants; every tenth one in the first tenant."""
    dice = random.Random(count)  # noqa: S311 - which rows to change
    known = ProjectedDocument.objects.filter(kind=KIND_MONITOR, state="active").order_by("pk")
    busy, *others = tenants if len(tenants) > 1 else [*tenants, *tenants]
    of_busy = list(known.filter(scope=str(busy)).values_list("scope", "object_id"))
    of_others = list(known.filter(scope__in=map(str, others)).values_list("scope", "object_id"))
    few = dice.sample(of_busy, min(len(of_busy), count // BUSY_SHARE))
    chosen = few + dice.sample(of_others, min(len(of_others), count - len(few)))
    dice.shuffle(chosen)
    first = time.time_ns() // 10**9 % 10**8 * 10  # no earlier run has used these amounts
    return [
        Order(UUID(scope), UUID(object_id), first + number)
        for number, (scope, object_id) in enumerate(chosen)
    ]


@contextmanager
def _projector() -> Iterator[None]:
    """The real one beside the writers: it takes their processor, and what they failed to push."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "projector"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)

"""A rebuild from nothing, and the rounds that find everything as it should be."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from cachesync.benchmarks.measures import Measure
from cachesync.benchmarks.processes import apart, greatest_memory_mib
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from cachesync.selectors.scopes import wanted_versions
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.services.rounds import SESSION_SCOPES
from cachesync.services.sweep import sweep
from cachesync.store import Store

REPEATS = 5
MOST_ROUNDS = 50


class Incomplete(Exception):
    """A round didn't come to its end: a figure of it would mean nothing."""


def rebuilding(documents: int) -> Iterator[Measure]:
    """Empties the projection's Redis, and measures what follows."""
    with apart() as pool:
        seconds, memory = pool.submit(_rebuild).result()
        session = pool.submit(_session_memory).result()
    promised: dict[str, tuple[float, str, float | None]] = {
        "rebuild after FLUSHALL": (seconds, "s", 30),
        "projector's memory, at most": (memory, "MiB", 256),
        "its session in Postgres, at most": (session, "MiB", 128),
    }
    with apart() as pool:
        promised |= pool.submit(_quiet_rounds).result()
    for name, (value, unit, promise) in promised.items():
        yield Measure(name=name, documents=documents, value=value, unit=unit, promise=promise)


def _rebuild() -> tuple[float, float]:
    store = Store()
    store.client.flushall()
    began = time.perf_counter()
    done = sweep(store=store)
    seconds = time.perf_counter() - began
    if not done.complete or not store.ready():
        raise Incomplete(f"rebuild: {done.counted}, failed {done.failed}")
    return seconds, greatest_memory_mib()


def _session_memory() -> float:
    """What a session of Postgres holds once it has seen as many schemas as it ever may."""
    store = Store()
    connection.close()
    tenants = [scope for scope in wanted_versions() if not scope.is_platform]
    for scope in tenants[:SESSION_SCOPES]:
        _render_again(scope, store)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(total_bytes) FROM pg_backend_memory_contexts")
        return int(cursor.fetchone()[0]) / 2**20


def _render_again(scope: Scope, store: Store) -> None:
    store.client.delete(scope.meta)
    scope_project(scope=scope, store=store)


def _quiet_rounds() -> dict[str, tuple[float, str, float]]:
    store = Store()
    settle(store)
    return {
        "quiet reconciliation": (_median(lambda: reconcile(store=store)), "s", 2),
        "quiet sweep": (_median(lambda: sweep(store=store)) * 1000, "ms", 200),
        "presence of all documents": (_presence(store) * 1000, "ms", 500),
    }


def settle(store: Store) -> None:
    """Reconcile until every scope had its turn of verification: until then a round does more."""
    for _ in range(MOST_ROUNDS):
        done = reconcile(store=store)
        if not ProjectedScope.objects.filter(verified_at=None).exists():
            return
    raise Incomplete(f"reconciliation: {done.counted}, failed {done.failed}")


def _median(round_: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        done = round_()
        seconds.append(time.perf_counter() - began)
        if done.results or not done.complete:
            raise Incomplete(f"a quiet round: {done.counted}, failed {done.failed}")
    return statistics.median(seconds)


def _presence(store: Store) -> float:
    listed = [
        (stored.scope, list(stored.index)) for stored in store.read_each(list(wanted_versions()))
    ]
    began = time.perf_counter()
    missing = [scope for scope, fields in listed if store.missing(scope, fields)]
    seconds = time.perf_counter() - began
    if missing:
        raise Incomplete(f"documents are missing in {len(missing)} scopes")
    return seconds

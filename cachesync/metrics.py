"""What the projection counts where it happens. Who may be asked for it: `blip0.common.scraping`.

Each label's values are few and known, and stand at zero from the start: an alert sees the first
increase, too. What can be read from Postgres and Redis at any time is in `services.figures`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from itertools import product
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from blip0.common.metrics import METRICS, harmless
from cachesync.contracts import Drift, Result

P = ParamSpec("P")
T = TypeVar("T")


class Via(StrEnum):
    """By which way the projection was told to work: the label `path`."""

    WRITE_THROUGH = "write_through"
    SWEEP = "sweep"
    RECONCILE = "reconcile"
    COMMAND = "command"


FAILED = "failed"

APPLIES = Counter(
    "blip0_projection_applies",
    "Attempts to bring a scope up to date, by what became of them.",
    ["path", "result"],
    registry=METRICS,
)
REPAIRS = Counter(
    "blip0_projection_repairs",
    "Drift that was mended: what Redis held otherwise than Postgres at one version.",
    ["path", "kind"],
    registry=METRICS,
)
DURATION = Histogram(
    "blip0_projection_run_duration_seconds",
    "How long a write-through, a sweep and a reconciliation took.",
    ["path"],
    registry=METRICS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
RUN_FAILURES = Counter(
    "blip0_projection_run_failures",
    "Write-throughs, sweeps and reconciliations that were given up.",
    ["path"],
    registry=METRICS,
)
LAST_SUCCESS = Gauge(
    "blip0_projection_last_success_timestamp_seconds",
    "When a run came to its end the last time; 0 for never in this process.",
    ["path"],
    registry=METRICS,
    multiprocess_mode="max",
)

_RUNS = (Via.WRITE_THROUGH, Via.SWEEP, Via.RECONCILE)
_via: ContextVar[Via] = ContextVar("via", default=Via.COMMAND)


def run(via: Via) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Measure a function as a run by that way. One that raises, or returns None, has failed.

    Within another run it is a part of that one, and not measured.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> T:
            if _via.get() is not Via.COMMAND:
                return function(*args, **kwargs)
            before = _via.set(via)
            began = time.monotonic()
            result = None
            try:
                result = function(*args, **kwargs)
                return result
            finally:
                _via.reset(before)
                _ended(via, time.monotonic() - began, succeeded=result is not None)

        return measured

    return decorate


def counted(project: Callable[P, Result]) -> Callable[P, Result]:
    """Count what becomes of a scope, and failures. A CONFLICT is tried again: see `conflicted`."""

    @wraps(project)
    def counting(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            result = project(*args, **kwargs)
        except Exception:
            _applied(FAILED)
            raise
        if result is not Result.CONFLICT:
            _applied(result)
        return result

    return counting


def conflicted() -> None:
    """Redis moved between reading and writing, one time."""
    _applied(Result.CONFLICT)


@harmless
def repaired(found: Mapping[str, int]) -> None:
    """So many differences of each kind were mended."""
    for kind, number in found.items():
        REPAIRS.labels(_via.get(), kind).inc(number)


@harmless
def _applied(result: str) -> None:
    APPLIES.labels(_via.get(), result).inc()


@harmless
def _ended(via: Via, seconds: float, *, succeeded: bool) -> None:
    DURATION.labels(via).observe(seconds)
    if succeeded:
        LAST_SUCCESS.labels(via).set_to_current_time()
    else:
        RUN_FAILURES.labels(via).inc()


@harmless
def _begin_at_zero() -> None:
    for via, result in product(Via, (*Result, FAILED)):
        APPLIES.labels(via, result)
    for via, kind in product(Via, Drift):
        REPAIRS.labels(via, kind)
    for via in _RUNS:
        DURATION.labels(via)
        RUN_FAILURES.labels(via)
        LAST_SUCCESS.labels(via)


_begin_at_zero()

"""Figures beside what is promised, and the machine that they are of."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure. `documents`: how many there were. Without a promise it is only told."""

    name: str
    documents: int
    value: float
    unit: str
    promise: float | None = None
    """The most that it may be, in the same unit."""

    @property
    def kept(self) -> bool:
        return self.promise is None or self.value <= self.promise

    @property
    def verdict(self) -> str:
        return "" if self.promise is None else ("ok" if self.kept else "MISSED")


@dataclass(frozen=True)
class Machine:
    """Where figures were taken. `load`: runnable processes of the last minute, everybody's."""

    processors: int
    model: str
    python: str
    load: float

    @classmethod
    def now(cls) -> Machine:
        return cls(os.cpu_count() or 0, _model(), platform.python_version(), os.getloadavg()[0])

    def __str__(self) -> str:
        return (
            f"{self.processors} processors, {self.model}, Python {self.python}, "
            f"load {self.load:.1f}"
        )


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """The value that so many percent don't exceed: one that was really measured."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def percentiles(
    name: str,
    seconds: Sequence[float],
    *,
    documents: int,
    promises: Sequence[float | None] = (None, None, None),
) -> Iterator[Measure]:
    """p50, p95 and p99 in milliseconds. `promises` are of these, in this order."""
    ordered = sorted(seconds)
    for percent, promise in zip(PERCENTILES, promises, strict=True):
        yield Measure(
            name=f"{name}, p{percent}",
            documents=documents,
            value=nearest_rank(ordered, percent) * 1000,
            unit="ms",
            promise=promise,
        )


def table(measures: Iterable[Measure]) -> Iterator[str]:
    """Lines for a terminal."""
    rows = [("what", "documents", "measured", "promised", "")]
    rows += [
        (
            measure.name,
            f"{measure.documents:,}",
            _shown(measure.value, measure.unit),
            "" if measure.promise is None else f"≤ {_shown(measure.promise, measure.unit)}",
            measure.verdict,
        )
        for measure in measures
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures, verdict in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(figures, widths[1:], strict=False)]
        yield "  ".join([f"{name:<{widths[0]}}", *cells, verdict]).rstrip()


@dataclass(frozen=True)
class Report:
    """What a run gave, and the machine when it began and when it ended."""

    measures: list[Measure]
    machines: list[Machine]

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """What `as_json` gave."""
        values = json.loads(text)
        return cls(
            [Measure(**measure) for measure in values["measures"]],
            [Machine(**machine) for machine in values["machines"]],
        )

    def __add__(self, other: Report) -> Report:
        return Report(self.measures + other.measures, self.machines + other.machines)


def _shown(value: float, unit: str) -> str:
    digits = 0 if unit == "MiB" or value >= 100 else (1 if value >= 10 else 2)
    return f"{value:,.{digits}f} {unit}"


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())

"""What a load gave: percentiles by group and operation, and which promises were kept."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Self

from blip0.benchmarks.load import NO_ANSWER, Answer, Call
from blip0.benchmarks.timed import read_timing
from cachesync.benchmarks.measures import Machine, nearest_rank

PROMISED_P95_MS: Final = 50.0
BEHIND_S: Final = 1.0
"""A server that keeps up has answered the last call by then, after the time of the load."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Percentiles of durations, in milliseconds."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, milliseconds: Iterable[float]) -> Self:
        """Zeros for none at all: then there are errors to look at."""
        ordered = sorted(milliseconds) or [0.0]
        p50, p95, p99 = (nearest_rank(ordered, percent) for percent in (50, 95, 99))
        return cls(p50=p50, p95=p95, p99=p99, most=ordered[-1])

    def __str__(self) -> str:
        return "".join(f"{value:>8.1f}" for value in (self.p50, self.p95, self.p99, self.most))


@dataclass(frozen=True, kw_only=True)
class Line:
    """What calls of one kind took.

    `server`: from the application's call to its answer. `client`: from when the call was due to
    the last byte of its answer, so with every wait. `wrong`: answers by a status that wasn't the
    expected one; 0 stands for no answer. `queries`: on average and at most. `size`: bytes of an
    answer's body on average.
    """

    name: str
    calls: int
    wrong: Mapping[str, int]
    server: Spread
    client: Spread
    database_ms: float
    queries: tuple[float, int]
    size: int

    @classmethod
    def of(cls, name: str, pairs: Sequence[tuple[Call, Answer]]) -> Self:
        wrong = Counter(
            str(answer.status) for call, answer in pairs if answer.status != call.expected
        )
        timings = [found for _, answer in pairs if (found := read_timing(answer.timing))]
        queries = [count for _, _, count in timings] or [0]
        return cls(
            name=name,
            calls=len(pairs),
            wrong=dict(wrong),
            server=Spread.of(app for app, _, _ in timings),
            client=Spread.of(answer.total * 1000 for _, answer in pairs),
            database_ms=sum(database for _, database, _ in timings) / max(1, len(timings)),
            queries=(sum(queries) / len(queries), max(queries)),
            size=sum(answer.size for _, answer in pairs) // max(1, len(pairs)),
        )

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Self:
        spreads = {name: Spread(**values[name]) for name in ("server", "client")}  # type: ignore[arg-type]  # JSON's
        return cls(**{**values, **spreads, "queries": tuple(values["queries"])})  # type: ignore[arg-type]  # JSON's


@dataclass(frozen=True, kw_only=True)
class ApiReport:
    """A run. `late`: how long calls waited for a free client, in milliseconds.

    `seconds`: the time of the load; `lasted`: until the last answer.
    `busy`: seconds of processor time by process; `drift`: how many scopes differ between Postgres
    and Redis afterwards.
    """

    world: str
    server_command: str
    rate: float
    seconds: float
    lasted: float
    groups: Sequence[Line]
    operations: Sequence[Line]
    late: Spread
    busy: Mapping[str, float]
    drift: int
    machine: Machine

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `as_json` gave."""
        values = json.loads(text)
        return cls(
            **{
                **values,
                "groups": [Line.from_values(line) for line in values["groups"]],
                "operations": [Line.from_values(line) for line in values["operations"]],
                "late": Spread(**values["late"]),
                "machine": Machine(**values["machine"]),
            }
        )

    def broken(self) -> Iterator[str]:
        """The promises that weren't kept."""
        for line in self.groups:
            if line.server.p95 >= PROMISED_P95_MS:
                yield (
                    f"{line.name}: a p95 of {line.server.p95:.1f} ms isn't below "
                    f"{PROMISED_P95_MS:g} ms"
                )
            if line.wrong:
                counts = ", ".join(
                    f"{'no answer' if status == str(NO_ANSWER) else status}: {count}"
                    for status, count in sorted(line.wrong.items())
                )
                yield f"{line.name}: unexpected answers, by status: {counts}"
        if self.lasted > self.seconds + BEHIND_S:
            yield f"the last answer came {self.lasted - self.seconds:.1f} s after the load's end"
        if self.drift:
            yield f"{self.drift} scopes of Redis differ from Postgres"

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        calls = sum(line.calls for line in self.groups)
        yield f"{self.world}; {self.server_command}"
        yield (
            f"{calls} calls in {self.seconds:g} s: {calls / self.seconds:.1f} a second, "
            f"{self.rate:g} wanted"
        )
        yield ""
        yield f"{'ms':24}{'':7}{'server':>15}{'':17}{'client, from its due time':>30}"
        heads = "".join(f"{head:>8}" for head in ("p50", "p95", "p99", "max"))
        costs = f"{'queries':>9}{'most':>6}{'SQL':>7}{'bytes':>9}{'wrong':>7}"
        yield f"{'':24}{'calls':>7}{heads}{heads}{costs}"
        for part in (self.groups, self.operations):
            yield from (_shown(line) for line in part)
            yield ""
        busy = ", ".join(f"{name} {spent / calls * 1000:.1f}" for name, spent in self.busy.items())
        share = sum(self.busy.values()) / self.seconds
        yield f"processor time a call, ms:  {busy}; in all {share:.0%} of one processor"
        yield f"a call waits for a client, ms:  {self.late}"
        yield f"Redis and Postgres afterwards:  {self.drift} scopes differ"
        yield str(self.machine)
        yield from (f"BROKEN  {promise}" for promise in self.broken())


def lines_by(pairs: Sequence[tuple[Call, Answer]], attribute: str) -> list[Line]:
    """A line for each group, or each operation, in the order in which they first come."""
    parts: defaultdict[str, list[tuple[Call, Answer]]] = defaultdict(list)
    for call, answer in pairs:
        parts[getattr(call, attribute)].append((call, answer))
    return [Line.of(name, part) for name, part in parts.items()]


def _shown(line: Line) -> str:
    mean, most = line.queries
    return (
        f"{line.name:24}{line.calls:>7}{line.server}{line.client}{mean:>9.1f}{most:>6}"
        f"{line.database_ms:>7.1f}{line.size:>9}{sum(line.wrong.values()):>7}"
    )

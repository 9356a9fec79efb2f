"""What is told of a load, and when its promises count as broken."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from blip0.benchmarks.load import Answer, Call
from blip0.benchmarks.report import ApiReport, Line, Spread, lines_by
from cachesync.benchmarks.measures import Machine

MACHINE = Machine(processors=2, model="model", python="3.11", load=0.5)


def _pair(
    milliseconds: float, *, status: int = 200, operation: str = "me", queries: int = 1
) -> tuple[Call, Answer]:
    call = Call(due=0.0, group="reads", operation=operation, method="GET", path="/", headers={})
    timing = f"app;dur={milliseconds:.3f}, db;dur=2.000;desc={queries}" if status else ""
    return call, Answer(status=status, late=0.0, total=milliseconds / 500, size=100, timing=timing)


def _report(line: Line, *, drift: int = 0, lasted: float = 10.9) -> ApiReport:
    return ApiReport(
        world="a world",
        server_command="a server",
        rate=10.0,
        seconds=10.0,
        lasted=lasted,
        groups=[line],
        operations=[line],
        late=Spread.of([0.1]),
        busy={"web": 0.5},
        drift=drift,
        machine=MACHINE,
    )


def test_line__of_a_hundred_calls__has_the_nearest_ranks() -> None:
    line = Line.of("reads", [_pair(float(number), queries=number) for number in range(1, 101)])

    assert line.server == Spread(p50=50.0, p95=95.0, p99=99.0, most=100.0)
    assert line.client == Spread(p50=100.0, p95=190.0, p99=198.0, most=200.0)
    assert (line.calls, line.queries, line.database_ms, line.size) == (100, (50.5, 100), 2.0, 100)
    assert line.wrong == {}


@pytest.mark.parametrize(
    ("slowest", "status", "drift", "broken"),
    [
        (49.9, 200, 0, []),
        (50.0, 200, 0, ["reads: a p95 of 50.0 ms isn't below 50 ms"]),
        (1.0, 500, 0, ["reads: unexpected answers, by status: 500: 1"]),
        (1.0, 0, 0, ["reads: unexpected answers, by status: no answer: 1"]),
        (1.0, 200, 2, ["2 scopes of Redis differ from Postgres"]),
    ],
)
def test_report__each_promise__is_kept_or_named(
    slowest: float, status: int, drift: int, broken: list[str]
) -> None:
    line = Line.of("reads", [_pair(1.0), _pair(slowest, status=status)])

    report = _report(line, drift=drift)

    assert list(report.broken()) == broken
    assert [text.removeprefix("BROKEN  ") for text in report.lines() if "BROKEN" in text] == broken


def test_report__server_that_fell_behind__is_told_however_fast_each_answer_was() -> None:
    report = _report(Line.of("reads", [_pair(1.0)]), lasted=15.5)

    assert list(report.broken()) == ["the last answer came 5.5 s after the load's end"]


def test_report__as_json__comes_back_the_same() -> None:
    report = _report(Line.of("reads", [_pair(1.0), _pair(2.0, status=404)]))

    assert ApiReport.from_json(report.as_json()) == report


def test_lines_by__operation__are_each_ones_calls() -> None:
    pairs = [_pair(1.0), _pair(2.0, operation="trigger"), _pair(3.0)]

    found: Mapping[str, int] = {line.name: line.calls for line in lines_by(pairs, "operation")}

    assert found == {"me": 2, "trigger": 1}

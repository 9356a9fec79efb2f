from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from blip0.benchmarks import report
from blip0.benchmarks.mix import LIST, READ, WRITE
from blip0.benchmarks.report import ApiReport
from blip0.management import bench_api

TENANTS, MONITORS, RATE, SECONDS = 2, 4, 30, 4


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_bench_api__tiny__numbers_add_up_and_the_exit_says_whether_promises_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_api, "_FOLDER", tmp_path)
    # Whether the promise is kept under a test run's load isn't the question here.
    monkeypatch.setattr(report, "PROMISED_P95_MS", 60_000.0)
    monkeypatch.setattr(report, "BEHIND_S", 60.0)
    out = StringIO()

    call_command(
        "bench", "api", tenants=TENANTS, monitors=MONITORS, rate=RATE, seconds=SECONDS, json=True,
        stdout=out,
    )  # fmt: skip

    found = ApiReport.from_json(out.getvalue())
    calls = {line.name: line.calls for line in found.groups}
    assert set(calls) == {READ, LIST, WRITE}
    assert calls[READ] > calls[LIST] > calls[WRITE]
    assert sum(line.calls for line in found.operations) == sum(calls.values())
    assert 0.5 * RATE * SECONDS < sum(calls.values()) < 1.6 * RATE * SECONDS
    # Each answer is the one that the mix expects, a 304 among them.
    assert [line.wrong for line in found.operations] == [{}] * len(found.operations)
    by_name = {line.name: line for line in found.operations}
    assert by_name["monitor, unchanged"].size == 0
    assert by_name["me"].queries[1] <= 1
    for line in found.operations:
        assert 0 < line.server.p50 <= line.server.p95 <= line.server.p99 <= line.server.most
        assert line.server.most <= line.client.most
    assert {"web", "worker", "beat", "projector", "postgres", "generator"} <= set(found.busy)
    assert found.busy["web"] > 0
    assert found.drift == 0

    monkeypatch.setattr(report, "PROMISED_P95_MS", 0.0)
    monkeypatch.setattr(bench_api, "_apart", lambda _load: found)
    told = StringIO()
    with pytest.raises(CommandError, match="isn't kept"):
        call_command("bench", "api", stdout=told)
    assert "BROKEN  writes: a p95 of" in told.getvalue()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("tenants", 0, "--tenants must be more than 0"),
        ("monitors", 1, "must be at least 2"),
        ("server", "granian --port {port}", "must hold {port} and {application}"),
    ],
)
def test_bench_api__bad_option__refused(option: str, value: object, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("bench", "api", **{option: value})

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from blip0.benchmarks import admin_pages
from blip0.benchmarks.admin_pages import AdminReport
from blip0.management import bench_admin

TENANT = "tenants.Tenant "


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_bench_admin__tiny__each_page_has_its_costs_and_the_exit_says_whether_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_admin, "_FOLDER", tmp_path)
    # Whether the promise is kept under a test run's load isn't the question here.
    monkeypatch.setattr(admin_pages, "PROMISED_P95_MS", 60_000.0)
    out = StringIO()

    call_command(
        "bench", "admin", tenants=2, monitors=2, repeat=2, only=TENANT, json=True, stdout=out
    )

    found = AdminReport.from_values(json.loads(out.getvalue()))
    names = {page.name for page in found.pages}
    assert {
        f"{TENANT}changelist",
        f"{TENANT}changelist, searched",
        f"{TENANT}add",
        f"{TENANT}change, largest",
        f"{TENANT}suspend, typical",
        f"{TENANT}undo",
    } <= names
    for page in found.pages:
        assert 0 < page.p50 <= page.p95
        assert page.queries > 0
        assert page.slowest.startswith(("SELECT", "SET", "INSERT", "UPDATE", "SAVEPOINT", "("))
        assert page.size > 1000

    monkeypatch.setattr(admin_pages, "PROMISED_P95_MS", 0.0)
    monkeypatch.setattr(bench_admin, "_apart", lambda _options: found)
    told = StringIO()
    with pytest.raises(CommandError, match="isn't kept"):
        call_command("bench", "admin", stdout=told)
    assert told.getvalue().count("MISSED") == len(found.pages)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("tenants", 0, "--tenants must be at least 1"),
        ("monitors", 1, "--monitors must be at least 2"),
        ("repeat", 1, "--repeat must be at least 2"),
    ],
)
def test_bench_admin__bad_option__refused(option: str, value: int, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("bench", "admin", **{option: value})

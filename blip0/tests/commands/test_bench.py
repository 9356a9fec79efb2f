from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from blip0.common.db.schemas import tenant_schemas
from blip0.management.commands import bench
from tenants.choices import TenantStatus
from tenants.models import Tenant


def test_bench_schemas__a_few__prints_figures_and_leaves_nothing(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether the promise is kept under a test run's load isn't the question here.
    monkeypatch.setattr(bench, "PROMISE_S", 60.0)
    before = tenant_schemas("django_migrations")
    out = StringIO()

    call_command("bench", "schemas", count=3, stdout=out)

    assert re.match(r"3 schemas, .*median 0\.\d{3} s, first \d\.\d{3} s", out.getvalue())
    assert tenant_schemas("django_migrations") == before


def test_bench_schemas__promise_not_kept__fails_after_the_figures(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PROMISE_S", 0.0)
    out = StringIO()

    with pytest.raises(CommandError, match="isn't kept"):
        call_command("bench", "schemas", count=1, stdout=out)

    assert "1 schemas" in out.getvalue()


def test_bench_schemas__none__refused(committed: None) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        call_command("bench", "schemas", count=0)


def test_bench_findings__a_few__prints_figures_and_leaves_nothing(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUND_PROMISE_S", 60.0)
    before = tenant_schemas("django_migrations")
    out = StringIO()

    call_command("bench", "findings", tenants=2, monitors=3, stdout=out)

    assert re.match(
        r"6 monitors of 2 tenants: \d+\.\d s in 1 rounds, \d+ a second; "
        r"the first round reached 2 tenants; longest round ",
        out.getvalue(),
    )
    assert tenant_schemas("django_migrations") == before
    ours = Tenant.objects.filter(slug__startswith="bench-")
    assert [tenant.status for tenant in ours] == [TenantStatus.DELETED] * 2


def test_bench_findings__promise_not_kept__fails_after_the_figures(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUND_PROMISE_S", 0.0)

    with pytest.raises(CommandError, match="isn't kept"):
        call_command("bench", "findings", tenants=1, monitors=1, stdout=StringIO())


def test_bench_findings__no_monitors__refused(committed: None) -> None:
    with pytest.raises(CommandError, match="--monitors must be at least 1"):
        call_command("bench", "findings", monitors=0)

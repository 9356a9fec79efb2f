"""The audit log in the admin: found by index, exported in pieces, on record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from blip0.common.admin import paging
from tenants.admin import records
from tenants.models import AuditRecord, Tenant
from tenants.services import audit_export as exporting
from tenants.tests.factories import AuditRecordFactory

LIST = "/admin/tenants/auditrecord/"
EXPORT = f"{LIST}export/"
EXPORTED = "audit_log.exported"


def _found(client: Client, **filters: str) -> set[int]:
    return {row.pk for row in client.get(LIST, filters).context["cl"].result_list}


def _file(client: Client, form: str = "csv", query: str = "") -> str:
    response: Any = client.post(f"{EXPORT}?{query}", {"format": form})
    assert response.streaming, response.context["form"].errors
    return b"".join(response.streaming_content).decode()


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actor_name", "ann@acme.test"),
        ("actor_kind__exact", "api_key"),
        ("action", "monitor.paused"),
        ("object_kind", "monitor"),
        ("object_id", "m-1"),
        ("request_id", "req-1"),
        ("q", "req-1"),
        ("q", "m-1"),
        ("q", '"My monitor"'),
        ("q", "ann@acme.test"),
    ],
)
def test_list__filter_or_search__finds_that_record_alone(
    staff: Client, acme: Tenant, globex: Tenant, name: str, value: str
) -> None:
    wanted = AuditRecordFactory.create(
        tenant_id=acme.pk,
        actor_kind="api_key",
        actor_name="ann@acme.test",
        action="monitor.paused",
        object_kind="monitor",
        object_id="m-1",
        object_name="My monitor",
        request_id="req-1",
    )
    AuditRecordFactory.create(
        tenant_id=globex.pk, actor_kind="user", object_kind="plan", action="plan.updated"
    )

    assert _found(staff, **{name: value}) == {wanted.pk}


def test_list__tenant__by_slug_or_id_and_nobody_elses(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    mine = AuditRecordFactory.create(tenant_id=acme.pk)
    other = AuditRecordFactory.create(tenant_id=globex.pk)

    for named in ("acme", str(acme.pk)):
        found = _found(staff, tenant=named)
        assert mine.pk in found
        assert other.pk not in found
    assert _found(staff, tenant="nobody") == set()


def test_list__since_and_until__in_the_viewers_zone_and_wrong_ones_are_told(staff: Client) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    AuditRecordFactory.create()

    assert _found(staff, since=today)
    assert not _found(staff, until="2020-01-01 12:30")
    wrong = staff.get(LIST, {"since": "yesterday"})
    assert "is no time: write it like 2026-11-28" in wrong.content.decode()
    assert not wrong.context["cl"].result_list


def test_list__longer_than_is_counted__counts_no_further(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED", 3)
    AuditRecordFactory.create_batch(5)

    assert staff.get(LIST).context["cl"].result_count == 3


@pytest.mark.parametrize(
    "lookup",
    [
        {"action": "plan.updated"},
        {"actor_name": "ann"},
        {"actor_id": "7"},
        {"object_id": "m-1"},
        {"object_name": "m"},
        {"request_id": "req-1"},
        {"tenant_id": uuid4()},
        {"created_at__lt": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids="_".join,
)
def test_index__each_filter__has_one_of_its_own(db: None, lookup: dict[str, Any]) -> None:
    rows = AuditRecord.objects.order_by().filter(**lookup)
    with connection.cursor() as cursor:
        # A table of a few rows is read as a whole; this asks what can be used where it is long.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()

    assert "Index Cond" in plan, plan
    assert "Filter:" not in plan, plan


def test_export__asked_first__counts_and_gives_no_file(staff: Client) -> None:
    AuditRecordFactory.create_batch(3, action="plan.updated")
    AuditRecordFactory.create(action="plan.deleted")

    response = staff.get(f"{EXPORT}?action=plan.updated")

    assert dict(response.context["facts"]) == {"Records": "3", "action": "plan.updated"}
    assert not AuditRecord.objects.filter(action=EXPORTED).exists()


def test_export__csv__the_filtered_records_newest_first_and_it_is_on_record(staff: Client) -> None:
    wanted = AuditRecordFactory.create_batch(3, action="plan.updated", before={"monitors": 5})
    AuditRecordFactory.create(action="plan.deleted")

    rows = _rows(_file(staff, query="action=plan.updated"))

    assert [int(row["id"]) for row in rows] == [one.pk for one in reversed(wanted)]
    assert json.loads(rows[0]["before"]) == {"monitors": 5}
    record = AuditRecord.objects.get(action=EXPORTED)
    assert record.after is not None
    assert record.after["filters"] == {"action": "plan.updated"}
    assert record.actor_kind == "staff"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_export__csv__a_formula_is_text(staff: Client, evil: str) -> None:
    AuditRecordFactory.create(action="plan.updated", reason=evil)

    (row,) = _rows(_file(staff, query="action=plan.updated"))

    assert row["reason"] == f"'{evil}"


def test_export__json_lines__each_line_a_record(staff: Client) -> None:
    AuditRecordFactory.create_batch(2, action="plan.updated", reason="=1+1")

    lines = [json.loads(line) for line in _file(staff, "jsonl", "action=plan.updated").splitlines()]

    assert [line["reason"] for line in lines] == ["=1+1", "=1+1"]


@pytest.mark.parametrize(("form", "last"), [("csv", "# Cut after 5"), ("jsonl", '{"cut": "Cut')])
def test_export__more_than_fit__cut_in_pieces_and_said(
    staff: Client, monkeypatch: pytest.MonkeyPatch, form: str, last: str
) -> None:
    def five(**options: Any) -> Any:
        return exporting.audit_export(**options, at_most=5)

    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    monkeypatch.setattr(records, "MAX_RECORDS", 5)
    monkeypatch.setattr(records, "audit_export", five)
    rows = AuditRecordFactory.create_batch(7, action="plan.updated")
    query = "action=plan.updated"

    lines = _file(staff, form, query).splitlines()

    assert "more than 5" in dict(staff.get(f"{EXPORT}?{query}").context["facts"])["Records"]
    assert lines[-1].startswith(last)
    assert f"older than id {rows[2].pk}" in lines[-1]
    assert len(lines) == 6 + (form == "csv")


def test_export__without_the_right__no_button_and_403(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.view_auditrecord")

    assert EXPORT not in client.get(LIST).content.decode()
    assert client.get(EXPORT).status_code == 403
    assert client.post(EXPORT, {"format": "csv"}).status_code == 403
    assert not AuditRecord.objects.filter(action=EXPORTED).exists()


def test_command__export_of_a_tenant__its_records_alone(
    acme: Tenant, globex: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = AuditRecordFactory.create(tenant_id=acme.pk)
    AuditRecordFactory.create(tenant_id=globex.pk)

    call_command("audit", "export", "--tenant", "acme", "--since", "2020-01-01")

    rows = _rows(capsys.readouterr().out)
    assert str(mine.pk) in {row["id"] for row in rows}
    assert {row["tenant_id"] for row in rows} == {str(acme.pk)}
    assert AuditRecord.objects.get(action=EXPORTED).actor_name == "manage.py audit"


def test_command__a_time_that_is_none__says_how_to_write_it(db: None) -> None:
    with pytest.raises(CommandError, match="write it like 2026-11-28"):
        call_command("audit", "export", "--since", "soon")


def test_command__prune__says_how_many(committed: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "prune")

    assert capsys.readouterr().out == "0 records dropped\n"

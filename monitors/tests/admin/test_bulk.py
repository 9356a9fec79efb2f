"""What is done to selected monitors: asked first, with counts, and bounded."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import redis
from django.test import Client

from blip0.common.actors import Actor
from blip0.common.admin import actions
from blip0.common.tenancy import in_tenant
from cachesync.keys import Scope
from monitors.models import Monitor
from monitors.services import monitor_create
from monitors.tests.factories import MonitorFactory, make_monitor_document
from tenants.models import AuditRecord, Tenant

LIST = "/admin/monitors/monitor/"
SAM = Actor("staff", "1", "sam@blip0.test")


def _selected(rows: list[Monitor], action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}


@pytest.fixture
def rows(acme: Tenant) -> list[Monitor]:
    with in_tenant(acme.pk):
        return [MonitorFactory.create(paused=paused) for paused in (False, False, True)]


def _paused(acme: Tenant) -> int:
    with in_tenant(acme.pk):
        return Monitor.objects.filter(paused=True).count()


def test_pause_selected__first__is_a_page_with_counts_and_changes_nothing(
    inside: Client, acme: Tenant, rows: list[Monitor]
) -> None:
    response = inside.post(LIST, _selected(rows, "pause_selected"))

    facts = dict(response.context["facts"])
    assert (facts["Selected"], facts["Running"], facts["Paused"]) == (3, 2, 1)
    assert all(row.slug in str(facts["These"]) for row in rows)
    assert _paused(acme) == 1


def test_pause_selected__confirmed__pauses_with_the_reason(
    inside: Client, acme: Tenant, rows: list[Monitor]
) -> None:
    asked = inside.post(LIST, _selected(rows, "pause_selected", select_across="1"))
    sent: dict[str, Any] = {"confirmed": "", "reason": "Ticket 12", "_selected_action": []}
    for name, value in asked.context["repeats"]:
        if name == "_selected_action":
            sent[name].append(value)
        else:
            sent[name] = value

    inside.post(LIST, sent)

    assert _paused(acme) == 3
    records = AuditRecord.objects.filter(action="monitor.paused")
    assert {record.reason for record in records} == {"Ticket 12"}
    assert records.count() == 2


def test_select_across__more_fit_meanwhile__only_the_counted_are_paused(
    inside: Client, acme: Tenant, rows: list[Monitor]
) -> None:
    asked = inside.post(LIST, _selected(rows[:1], "pause_selected", select_across="1"))
    with in_tenant(acme.pk):
        late = MonitorFactory.create()

    repeats = asked.context["repeats"]
    counted = [value for name, value in repeats if name == "_selected_action"]
    inside.post(
        LIST, {**_selected([], "pause_selected"), "_selected_action": counted, "confirmed": ""}
    )

    with in_tenant(acme.pk):
        late.refresh_from_db()
    assert len(counted) == 3
    assert not late.paused
    assert _paused(acme) == 3


def test_pause_selected__too_many__refused_with_what_to_do(
    inside: Client, acme: Tenant, rows: list[Monitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_SELECTED", 2)

    page = inside.post(LIST, _selected(rows, "pause_selected", confirmed=""), follow=True)

    assert "Select at most 2 at a time" in page.content.decode()
    assert _paused(acme) == 1


def test_export_selected__confirmed__a_zip_of_these_alone(
    inside: Client, acme: Tenant, rows: list[Monitor]
) -> None:
    asked = inside.post(LIST, _selected(rows[:1], "export_selected"))
    assert asked.context["label"] == "Export selected monitors"

    response = inside.post(LIST, _selected(rows[:1], "export_selected", confirmed=""))

    names = zipfile.ZipFile(io.BytesIO(response.content)).namelist()
    monitors = [name for name in names if name.startswith("config/monitors/")]
    assert monitors == [f"config/monitors/{rows[0].slug}.json"]
    record = AuditRecord.objects.get(action="openzeppelin.exported")
    assert record.after is not None
    assert record.after["monitors"] == 1


def test_resync_selected__altered_in_redis__is_written_anew(
    write_through: None, inside: Client, acme: Tenant, projection_redis: redis.Redis
) -> None:
    with in_tenant(acme.pk):
        monitor = monitor_create(tenant=acme, data=make_monitor_document(), actor=SAM)
    key = Scope(str(acme.pk)).document(Scope(str(acme.pk)).field("monitor", str(monitor.pk)))
    right = projection_redis.get(key)
    assert right is not None
    projection_redis.set(key, "tampered")

    inside.post(LIST, _selected([monitor], "resync_selected", confirmed="", reason="Ticket 3"))

    assert projection_redis.get(key) == right
    record = AuditRecord.objects.get(action="projection.repair_begun")
    assert record.reason == "Ticket 3"

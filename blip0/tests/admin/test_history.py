"""An object's history in the admin, and undoing a change of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.queries import count_queries
from monitors.models import Monitor
from monitors.services import monitor_create, monitor_update
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, LimitOverride, Plan, Tenant
from tenants.services.settings import limit_overrides_set, plan_update, tenant_update
from tenants.services.system_settings import setting_update
from tenants.tests.factories import AuditRecordFactory, PlanFactory

SAM = Actor("staff", "", "sam@blip0.test")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def monitor(acme: Tenant) -> Monitor:
    with in_tenant(acme.pk):
        made = monitor_create(
            tenant=acme, data=make_monitor_document(name="Watched", slug="watched"), actor=SAM
        )
        return monitor_update(monitor=made, data={"name": "Spoilt"}, actor=SAM, reason="Oops")


def _history(monitor: Monitor) -> str:
    return f"/admin/monitors/monitor/{monitor.pk}/history/"


def _last(kind: str) -> AuditRecord:
    return AuditRecord.objects.filter(object_kind=kind).latest("pk")


def _stored(acme: Tenant, monitor: Monitor) -> Monitor:
    with in_tenant(acme.pk):
        monitor.refresh_from_db()
    return monitor


def _plan(**limits: int) -> Plan:
    return PlanFactory.create(slug="team", name="Team", monitors=50, triggers=60, **limits)


def _revert(client: Client, history: str, entry: int, **sent: Any) -> Any:
    """The page of a revert, and its POST."""
    url = f"{history}{entry}/revert/"
    newest = client.get(url).context["form"]["newest"].value()
    return client.post(url, {"newest": newest, **sent})


# The page


def test_history__a_change__each_field_before_and_after_with_actor_and_reason(
    looking: Client, monitor: Monitor
) -> None:
    page = looking.get(_history(monitor)).content.decode()

    assert "monitor.updated" in page
    assert "monitor.created" in page
    assert '<del class="bg-red-100 dark:bg-red-500/20">Watched</del>' in page
    assert '<ins class="bg-green-100 dark:bg-green-500/20">Spoilt</ins>' in page
    assert "“Oops”" in page
    assert "sam@blip0.test" in page


def test_history__another_tenants_object__nothing_of_it(
    looking: Client, monitor: Monitor, globex: Tenant
) -> None:
    AuditRecord.objects.create(
        tenant_id=globex.pk,
        actor_kind="user",
        actor_name="gina@globex.test",
        action="monitor.updated",
        object_kind="monitor",
        object_id=str(monitor.pk),
    )

    assert "gina@globex.test" not in looking.get(_history(monitor)).content.decode()


def test_history__many_records__by_pages_and_as_many_queries(staff: Client) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            AuditRecordFactory.create(object_kind="plan", object_id="free", action="plan.updated")

    url = "/admin/tenants/plan/free/history/"
    add(1)
    staff.get(url)
    with count_queries() as one:
        staff.get(url)
    add(59)
    with count_queries() as sixty:
        first = staff.get(url)

    seen, page = [], first
    seen += [entry.record.pk for entry in page.context["entries"]]
    while older := page.context["older_url"]:
        page = staff.get(url + older)
        seen += [entry.record.pk for entry in page.context["entries"]]
    assert len(sixty) == len(one)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 60


def test_history__hostile_texts__escaped(staff: Client) -> None:
    AuditRecordFactory.create(
        object_kind="plan",
        object_id="free",
        actor_name=HOSTILE,
        reason=HOSTILE,
        before={HOSTILE: HOSTILE},
        after={HOSTILE: "other"},
    )

    assert HOSTILE not in staff.get("/admin/tenants/plan/free/history/").content.decode()


def test_history__a_changed_secret__is_told_and_not_shown(staff: Client) -> None:
    hidden = {"config.token": "[redacted]"}
    AuditRecordFactory.create(object_kind="plan", object_id="free", before=hidden, after=hidden)

    page = staff.get("/admin/tenants/plan/free/history/").content.decode()

    assert "A secret was changed" in page


def test_history__of_a_deleted_object__still_there_without_buttons(staff: Client) -> None:
    AuditRecordFactory.create(
        object_kind="plan", object_id="gone", object_name="Gone", before={"monitors": 1}, after={}
    )

    page = staff.get("/admin/tenants/plan/gone/history/")

    assert page.context["is_gone"]
    assert page.context["entries"][0].revert_url == ""
    assert staff.get("/admin/tenants/plan/never/history/").status_code == 404


def test_history__entry__leads_to_its_actor_and_to_its_request(
    staff: Client, clerk: Callable[..., Client]
) -> None:
    record = AuditRecordFactory.create(object_kind="plan", object_id="free", request_id="req-1")

    entry = staff.get("/admin/tenants/plan/free/history/").context["entries"][0]

    assert entry.record == record
    assert entry.request_url == "/admin/tenants/auditrecord/?request_id=req-1"
    listed = staff.get(entry.request_url).context["cl"].result_list
    assert [row.pk for row in listed] == [record.pk]
    poor = clerk("tenants.view_plan").get("/admin/tenants/plan/free/history/")
    assert poor.context["entries"][0].request_url == ""


# Undoing


def test_revert__monitor__shows_what_will_change_and_changes_nothing(
    inside: Client, acme: Tenant, monitor: Monitor
) -> None:
    entry, records = _last("monitor").pk, AuditRecord.objects.count()

    page = inside.get(f"{_history(monitor)}{entry}/revert/")

    assert [change.name for change in page.context["changes"]] == ["name"]
    assert ">Watched</ins>" in page.content.decode()
    assert _stored(acme, monitor).name == "Spoilt"
    assert AuditRecord.objects.count() == records


def test_revert__monitor__is_as_before_and_audited_with_the_reason(
    inside: Client, acme: Tenant, monitor: Monitor
) -> None:
    entry = _last("monitor").pk

    response = _revert(inside, _history(monitor), entry, reason="Ticket 5")

    assert response["Location"] == _history(monitor)
    assert _stored(acme, monitor).name == "Watched"
    record = _last("monitor")
    assert record.reason == f"back to before entry {entry}: Ticket 5"
    assert record.actor_kind == "staff"


def test_revert__changed_meanwhile__refused_and_nothing_done(
    inside: Client, acme: Tenant, monitor: Monitor
) -> None:
    entry = _last("monitor").pk
    url = f"{_history(monitor)}{entry}/revert/"
    newest = inside.get(url).context["form"]["newest"].value()
    with in_tenant(acme.pk):
        monitor_update(monitor=monitor, data={"description": "Newer"}, actor=SAM)

    response = inside.post(url, {"newest": newest, "reason": ""})

    assert "It was changed meanwhile" in response.content.decode()
    assert _stored(acme, monitor).name == "Spoilt"


def test_revert__only_looking__no_button_and_403(looking: Client, monitor: Monitor) -> None:
    entry = _last("monitor").pk

    assert "/revert/" not in looking.get(_history(monitor)).content.decode()
    assert looking.get(f"{_history(monitor)}{entry}/revert/").status_code == 403


def test_revert__entry_of_another_object__404(
    inside: Client, acme: Tenant, monitor: Monitor
) -> None:
    with in_tenant(acme.pk):
        monitor_create(tenant=acme, data=make_monitor_document(name="Other"), actor=SAM)

    url = f"{_history(monitor)}{_last('monitor').pk}/revert/"

    assert inside.get(url).status_code == 404


def test_revert__the_making_of_it__no_button_and_the_page_says_why(
    inside: Client, monitor: Monitor
) -> None:
    made = AuditRecord.objects.get(action="monitor.created")

    entries = inside.get(_history(monitor)).context["entries"]
    page = inside.get(f"{_history(monitor)}{made.pk}/revert/")

    assert [entry.revert_url for entry in entries if entry.record == made] == [""]
    assert "there is no state before that" in page.content.decode()


def test_revert__plan__puts_back_its_limits_and_keeps_later_changes(staff: Client) -> None:
    plan = _plan()
    plan_update(plan=plan, data={"monitors": 5}, actor=SAM)
    entry = _last("plan").pk
    plan_update(plan=plan, data={"triggers": 7}, actor=SAM)

    _revert(staff, "/admin/tenants/plan/team/history/", entry, reason="")

    plan.refresh_from_db()
    assert (plan.monitors, plan.triggers) == (50, 7)


@pytest.mark.parametrize("values", [["pro"], ["pro", "starter"]])
def test_revert__setting__to_its_value_or_its_default(staff: Client, values: list[str]) -> None:
    for value in values:
        setting_update(key="default_plan", value=value, actor=SAM)
    history = "/admin/tenants/systemsetting/default_5Fplan/history/"
    page = staff.get(history)

    _revert(staff, history, page.context["entries"][0].record.pk, reason="")

    record = _last("system_setting")
    assert record.after is not None
    assert record.after["value"] == (["free", *values])[-2]


def test_revert__tenants_plan_and_limits__as_before(staff: Client, acme: Tenant) -> None:
    history, plan = f"/admin/tenants/tenant/{acme.pk}/history/", acme.plan
    tenant_update(tenant=acme, data={"plan": _plan()}, actor=SAM)
    moved = _last("tenant").pk
    rows = [{"limit": "monitors", "value": 3, "reason": "Less"}]
    limit_overrides_set(tenant=acme, overrides=rows, actor=SAM)

    _revert(staff, history, _last("tenant").pk, reason="")
    _revert(staff, history, moved, reason="")

    acme.refresh_from_db()
    assert acme.plan == plan
    assert not LimitOverride.objects.filter(tenant=acme).exists()


def test_revert__tenants_status__refused_with_why(staff: Client, acme: Tenant) -> None:
    staff.post(f"/admin/tenants/tenant/{acme.pk}/suspend/", {"reason": "Unpaid"})

    url = f"/admin/tenants/tenant/{acme.pk}/history/{_last('tenant').pk}/revert/"

    assert "replaced nothing that can be put back" in staff.get(url).content.decode()

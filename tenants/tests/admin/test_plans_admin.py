"""A plan's page: who uses it, and lowering a limit below what tenants use."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.limit_use import LIMIT_USE
from blip0.common.tenancy import in_tenant
from monitors.selectors import used_of_limits
from monitors.services import monitor_create
from monitors.tests.factories import MonitorFactory, make_monitor_document
from tenants.choices import Limit
from tenants.models import AuditRecord, LimitOverride, Plan, Tenant
from tenants.selectors.limits import tenants_over
from tenants.services.settings import plan_update

SAM = Actor("staff", "", "sam@blip0.test")


@pytest.fixture
def plan(acme: Tenant) -> Plan:
    with in_tenant(acme.pk):
        MonitorFactory.create_batch(3)
    return acme.plan


def _lower(client: Client, plan: Plan, monitors: int, **more: str) -> Any:
    fields = ("name", "position", *(limit.value for limit in Limit))
    data = {name: getattr(plan, name) for name in fields} | {"monitors": monitors} | more
    return client.post(f"/admin/tenants/plan/{plan.pk}/change/", data)


def _monitors(plan: Plan) -> int:
    plan.refresh_from_db()
    return plan.monitors


def test_plan__lowered_below_what_is_used__names_who_and_changes_nothing(
    staff: Client, plan: Plan
) -> None:
    before = plan.monitors

    response = _lower(staff, plan, 2)

    (told,) = response.context["adminform"].form.errors["monitors"]
    assert "1 of the plan's tenants would be over it: acme has 3." in told
    assert _monitors(plan) == before


def test_plan__lowered_all_the_same__is_lowered(staff: Client, plan: Plan) -> None:
    assert _lower(staff, plan, 2, lower_anyway="on").status_code == 302
    assert _monitors(plan) == 2


@pytest.mark.parametrize("monitors", [3, 1_000])
def test_plan__nobody_would_be_over__is_not_asked(staff: Client, plan: Plan, monitors: int) -> None:
    assert _lower(staff, plan, monitors).status_code == 302
    assert _monitors(plan) == monitors


def test_plan__the_tenant_has_an_override__is_not_counted(
    staff: Client, plan: Plan, acme: Tenant
) -> None:
    LimitOverride.objects.create(tenant=acme, limit="monitors", value=9, reason="A test.")

    assert _lower(staff, plan, 2).status_code == 302
    page = staff.get(f"/admin/tenants/plan/{plan.pk}/change/").content.decode()
    assert "with limits of their own: 1" in page


def test_use_of_limits__over_all_tenants__as_within_one(acme: Tenant) -> None:
    with in_tenant(acme.pk):
        monitor_create(tenant=acme, data=make_monitor_document(), actor=SAM)
        used = used_of_limits()

    over = tenants_over(acme.plan, dict.fromkeys(used, -1))

    assert set(LIMIT_USE) == {limit.value for limit in used}
    found = {
        limit: one.used for limit, all_of in over.items() for one in all_of if one.tenant == "acme"
    }
    assert found == used
    assert found[Limit.ADDRESSES] > 0


# Undoing


def _undo_url(plan: Plan, *limits: int) -> str:
    """The page of undoing the last of changes of the limit of monitors."""
    for limit in limits:
        plan_update(plan=plan, data={"monitors": limit}, actor=SAM)
    entry = AuditRecord.objects.filter(action="plan.updated").latest("pk").pk
    return f"/admin/tenants/plan/{plan.pk}/history/{entry}/revert/"


def test_undo__below_what_is_used__counts_and_names_who_and_asks(staff: Client, plan: Plan) -> None:
    url = _undo_url(plan, 2, 500)

    page = staff.get(url)
    sent = {"newest": page.context["form"]["newest"].value(), "reason": ""}
    refused = staff.post(url, sent)

    told = "1 of the plan's tenants would be over it: acme has 3"
    assert dict(page.context["facts"])["Monitors, lowered"] == told
    assert [change.name for change in page.context["changes"]] == ["monitors"]
    assert told in refused.context["form"].errors["lower_anyway"][0]
    assert _monitors(plan) == 500
    assert staff.post(url, {**sent, "lower_anyway": "on"}).status_code == 302
    assert _monitors(plan) == 2


def test_undo__nobody_would_be_over__is_not_asked(staff: Client, plan: Plan) -> None:
    url = _undo_url(plan, 3, 500)

    page = staff.get(url)
    sent = {"newest": page.context["form"]["newest"].value(), "reason": ""}

    assert "Monitors, lowered" not in dict(page.context["facts"])
    assert staff.post(url, sent).status_code == 302
    assert _monitors(plan) == 3


def test_plan__in_use__its_deletion_names_the_tenants_and_offers_nothing(
    staff: Client, acme: Tenant
) -> None:
    html = staff.get(reverse("admin:tenants_plan_delete", args=[acme.plan_id])).content.decode()

    assert "tenant acme" in html
    assert "m sure" not in html

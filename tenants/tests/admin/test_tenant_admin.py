"""A tenant's page: added, changed and moved through its services, each audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants.choices import TenantStatus
from tenants.models import AuditRecord, LimitOverride, Membership, Tenant
from tenants.tests.factories import PlanFactory


def _change_url(tenant: Tenant) -> str:
    return reverse("admin:tenants_tenant_change", args=[tenant.pk])


def _form(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "plan": tenant.plan_id,
        "alert_severity": "",
        "limit_overrides-TOTAL_FORMS": "0",
        "limit_overrides-INITIAL_FORMS": "0",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
        **changes,
    }


def test_add__with_an_owner__tenant_with_schema(staff: Client, committed: None) -> None:
    response = staff.post(
        reverse("admin:tenants_tenant_add"),
        {"slug": "initech", "name": "Initech", "plan": "pro", "owner_email": "Peter@Initech.test"},
    )

    tenant = Tenant.objects.get(slug="initech")
    assert response.status_code == 302
    assert tenant.status == TenantStatus.ACTIVE
    assert tenant.memberships.get().user.email == "peter@initech.test"
    record = AuditRecord.objects.get(action="tenant.created", tenant_id=tenant.pk)
    assert (record.actor_kind, record.actor_name) == ("staff", "sam@blip0.test")


def test_add__bad_owner__error_at_its_field_and_nothing_saved(staff: Client) -> None:
    page = staff.post(
        reverse("admin:tenants_tenant_add"),
        {"slug": "initech", "name": "Initech", "plan": "pro", "owner_email": "nobody"},
    )

    form = page.context["adminform"].form
    assert "is no address" in form.errors["owner_email"][0]
    assert form["name"].value() == "Initech"
    assert not Tenant.objects.filter(slug="initech").exists()


def test_change__name_and_plan__audited_once(staff: Client, acme: Tenant) -> None:
    plan = PlanFactory.create()

    staff.post(_change_url(acme), _form(acme, name="Acme Inc", plan=plan.pk))

    acme.refresh_from_db()
    record = AuditRecord.objects.get(action="tenant.updated")
    assert (acme.name, acme.plan) == ("Acme Inc", plan)
    assert record.before == {"name": "Acme", "plan": "pro"}


def test_change__half_a_threshold__error_and_input_kept(staff: Client, acme: Tenant) -> None:
    page = staff.post(_change_url(acme), _form(acme, name="New", alert_threshold_amount="3"))

    acme.refresh_from_db()
    assert "Threshold" in page.content.decode()
    assert page.context["adminform"].form["name"].value() == "New"
    assert (acme.name, acme.alert_threshold_amount) == ("Acme", None)


def test_change__status_in_the_post__ignored(staff: Client, acme: Tenant) -> None:
    staff.post(_change_url(acme), _form(acme, status="deleted", slug="other"))

    acme.refresh_from_db()
    assert (acme.status, acme.slug) == (TenantStatus.ACTIVE, "acme")


def test_change__limit_override__set_and_audited(staff: Client, acme: Tenant) -> None:
    row = {"limit": "monitors", "value": "7", "reason": "Agreed with sales."}
    changes = {
        "limit_overrides-TOTAL_FORMS": "1",
        **{f"limit_overrides-0-{key}": value for key, value in row.items()},
    }

    staff.post(_change_url(acme), _form(acme, **changes))

    assert LimitOverride.objects.get(tenant=acme).value == 7
    record = AuditRecord.objects.get(action="tenant.limits_changed")
    assert record.after == {"limits": {"monitors": 7}}


def _press(client: Client, tenant: Tenant, button: str, **data: str) -> Any:
    url = reverse(f"admin:tenants_tenant_{button}", args=[tenant.pk])
    return client.post(url, data)


@pytest.mark.parametrize(
    ("buttons", "status"),
    [
        (["suspend"], TenantStatus.SUSPENDED),
        (["suspend", "activate"], TenantStatus.ACTIVE),
        (["delete"], TenantStatus.PENDING_DELETION),
        (["delete", "restore"], TenantStatus.ACTIVE),
    ],
)
def test_buttons__in_order__status(
    buttons: list[str], status: TenantStatus, staff: Client, acme: Tenant
) -> None:
    for button in buttons:
        assert _press(staff, acme, button, reason="Unpaid.").status_code == 302

    acme.refresh_from_db()
    assert acme.status == status


def test_buttons__in_the_wrong_state__refused_with_the_reason(staff: Client, acme: Tenant) -> None:
    page = _press(staff, acme, "activate")

    assert "it is active, and must be suspended" in page.content.decode()


def test_buttons__by_a_get__only_ask(staff: Client, acme: Tenant) -> None:
    for button in ("suspend", "delete", "activate", "restore"):
        url = reverse(f"admin:tenants_tenant_{button}", args=[acme.pk])
        assert staff.get(url).status_code == 200

    acme.refresh_from_db()
    assert acme.status == TenantStatus.ACTIVE


@pytest.mark.parametrize("button", ["suspend", "delete", "activate", "restore"])
def test_buttons__without_the_permission__403(
    button: str, clerk: Callable[..., Client], acme: Tenant
) -> None:
    response = _press(clerk("tenants.view_tenant"), acme, button, reason="Mine.")

    acme.refresh_from_db()
    assert response.status_code == 403
    assert acme.status == TenantStatus.ACTIVE


def test_members__last_owner_removed__refused(staff: Client, acme: Tenant) -> None:
    owner = Membership.objects.get(tenant=acme, role="owner")
    url = reverse("admin:tenants_membership_delete", args=[owner.pk])

    page = staff.post(url, {"post": "yes"}, follow=True)

    assert "only active owner" in page.content.decode()
    assert Membership.objects.filter(pk=owner.pk).exists()


def test_members__last_owner_demoted__error_at_the_role(staff: Client, acme: Tenant) -> None:
    owner = Membership.objects.get(tenant=acme, role="owner")

    page = staff.post(
        reverse("admin:tenants_membership_change", args=[owner.pk]), {"role": "viewer"}
    )

    owner.refresh_from_db()
    assert "only active owner" in page.context["adminform"].form.errors["role"][0]
    assert owner.role == "owner"

"""Staff enter a tenant, work in its schema only, and leave; the audit log keeps it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.tenancy import current_schema, in_tenant
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord, Tenant, User
from tenants.services.lifecycle import tenant_delete, tenant_purge
from triggers.tests.factories import SlackTriggerFactory

MONITORS = "/admin/monitors/monitor/"
LIST = "/admin/tenants/tenant/"


def _page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        MONITORS,
        "/admin/monitors/",
        "/admin/triggers/trigger/add/",
        "/admin/monitors/match/6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1/change/",
        "/admin/r/1/1/",
        "/admin/autocomplete/?app_label=triggers&model_name=deliverytest&field_name=trigger",
    ],
)
def test_tenant_owned_page__outside_any_tenant__leads_to_the_list(url: str, staff: Client) -> None:
    response = staff.get(url, follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    assert "Choose a tenant first" in response.content.decode()


def test_enter__with_a_reason__banner_and_audit(
    staff: Client, enter: Callable[[Client], None], acme: Tenant
) -> None:
    enter(staff)

    assert 'id="entered-tenant"' in _page(staff, "/admin/")
    record = AuditRecord.objects.get(action="tenant.entered")
    assert (record.tenant_id, record.reason, record.actor_kind) == (acme.pk, "A test.", "staff")
    assert record.actor_name == "sam@blip0.test"


def test_enter__without_a_reason__refused(staff: Client, acme: Tenant) -> None:
    url = reverse("admin:tenants_tenant_work_inside", args=[acme.pk])

    assert "This field is required" in staff.post(url, {"reason": ""}).content.decode()
    assert 'id="entered-tenant"' not in _page(staff, "/admin/")
    assert not AuditRecord.objects.filter(action="tenant.entered").exists()


def test_enter__by_a_get__changes_nothing(staff: Client, acme: Tenant) -> None:
    _page(staff, reverse("admin:tenants_tenant_work_inside", args=[acme.pk]))

    assert 'id="entered-tenant"' not in _page(staff, "/admin/")


def test_inside__list__own_rows_only(inside: Client, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            MonitorFactory.create(name=f"Of {tenant.slug}")

    page = _page(inside, MONITORS)

    assert "Of acme" in page
    assert "Of globex" not in page
    assert current_schema() == "public"


def test_inside__a_foreign_id__not_found(inside: Client, globex: Tenant) -> None:
    with in_tenant(globex.pk):
        trigger = SlackTriggerFactory.create()

    response = inside.get(f"/admin/triggers/trigger/{trigger.pk}/change/")

    assert response.status_code == 302
    assert response["Location"] == "/admin/"


def test_inside__a_page_that_fails__comes_back_to_public(
    inside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_inside = []

    def fail(*_args: object, **_kwargs: object) -> None:
        from_inside.append(current_schema())
        raise RuntimeError("on purpose")

    monkeypatch.setattr("monitors.admin.monitor.MonitorAdmin.get_queryset", fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        inside.get(MONITORS)

    assert from_inside[0].startswith("t_")
    assert current_schema() == "public"


def test_leave__button__audited_and_out(inside: Client, acme: Tenant) -> None:
    inside.post("/admin/tenants/tenant/leave/")

    assert inside.get(MONITORS).status_code == 302
    assert AuditRecord.objects.get(action="tenant.left").tenant_id == acme.pk


def test_leave__by_a_get__405(inside: Client) -> None:
    assert inside.get("/admin/tenants/tenant/leave/").status_code == 405
    assert inside.get(MONITORS).status_code == 200


def test_enter__another_tenant__leaves_the_first(looking: Client, globex: Tenant) -> None:
    url = reverse("admin:tenants_tenant_work_inside", args=[globex.pk])
    looking.post(url, {"reason": "Next."})

    actions = list(AuditRecord.objects.order_by("id").values_list("action", flat=True))
    assert actions[-3:] == ["tenant.entered", "tenant.left", "tenant.entered"]
    assert "globex" in _page(looking, MONITORS)


def test_inside__tenant_deleted_meanwhile__left_by_itself(inside: Client, acme: Tenant) -> None:
    actor = Actor.system("test")
    tenant_purge(tenant=tenant_delete(tenant=acme, actor=actor), actor=actor)

    page = inside.get(MONITORS, follow=True).content.decode()

    assert "You have left acme: it is deleted." in page
    assert 'id="entered-tenant"' not in page
    assert AuditRecord.objects.filter(action="tenant.left", tenant_id=acme.pk).exists()


def test_inside__staff_flag_taken__sent_to_the_sign_in(inside: Client) -> None:
    User.objects.filter(email="sam@blip0.test").update(is_staff=False)

    assert inside.get(MONITORS)["Location"].startswith("/admin/login/")


def test_visitor_with_a_tenant_in_the_session__other_urls__stay_in_public(inside: Client) -> None:
    inside.get("/admin/platform_catalog/network/")

    assert current_schema() == "public"

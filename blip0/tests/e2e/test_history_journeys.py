"""Staff undo a bad edit, raise a limit and take a key away."""

from __future__ import annotations

import pytest
import redis
from django.urls import reverse
from playwright.sync_api import Page, expect

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from blip0.tests.e2e.steps import active_documents, allow_changes, enter, save, sign_in
from monitors.services import monitor_create
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, Tenant
from tenants.services.settings import limit_overrides_set

pytestmark = pytest.mark.e2e
SAM = Actor("staff", "", "sam@blip0.test")
MONITORS = "/api/v1/monitors"


def test_staff__roll_back_a_bad_edit__redis_has_the_earlier_document(
    page: Page, acme: Tenant, projection_redis: redis.Redis
) -> None:
    with in_tenant(acme.pk):
        monitor_create(tenant=acme, data=make_monitor_document(name="Payments"), actor=SAM)
    sign_in(page)
    enter(page, acme)
    allow_changes(page)
    page.goto("/admin/monitors/monitor/")
    page.locator("#result_list tbody a").first.click()
    page.fill("#id_name", "Spoilt by mistake")
    save(page, "was changed successfully")
    (spoilt,) = active_documents(projection_redis, acme)
    assert spoilt["monitor"]["name"] == "Spoilt by mistake [acme]"

    page.locator("#result_list tbody a").first.click()
    page.locator("a[href$='/history/']").first.click()
    edit = page.locator("article").first
    expect(edit).to_contain_text("monitor.updated")
    expect(edit.locator("del")).to_have_text("Payments")
    edit.get_by_role("link", name="Go back to before this change").click()
    expect(page.locator("section ins")).to_have_text("Payments")
    page.fill("#id_reason", "Ticket 4712")
    page.get_by_role("button", name="Go back to before this change").click()

    expect(page.locator("article").first).to_contain_text("Ticket 4712")
    (document,) = active_documents(projection_redis, acme)
    assert document["monitor"]["name"] == "Payments [acme]"


def test_staff__raise_a_limit__the_tenant_goes_on_at_once(page: Page, acme: Tenant) -> None:
    full = [{"limit": "monitors", "value": 0, "reason": "A trial"}]
    limit_overrides_set(tenant=acme, overrides=full, actor=SAM)
    member = ana()
    refused = member.post(MONITORS, make_monitor_document())
    assert (refused.status_code, refused.json()["code"]) == (422, "monitor_limit_reached")

    sign_in(page)
    page.goto(reverse("admin:tenants_tenant_change", args=[acme.pk]))
    page.locator("input[name$='-0-value']").fill("1")
    page.locator("[name$='-0-reason']").fill("Ticket 4713")
    save(page, "was changed successfully")

    assert member.post(MONITORS, make_monitor_document()).status_code == 201
    record = AuditRecord.objects.filter(action="tenant.limits_changed").latest("pk")
    assert (record.before, record.after) == (
        {"limits": {"monitors": 0}},
        {"limits": {"monitors": 1}},
    )


def test_staff__revoke_an_api_key__its_next_request_is_refused(page: Page, acme: Tenant) -> None:
    key = ana().post("/api/v1/api-keys", {"name": "Leaked", "scopes": ["monitors:read"]}).json()
    headers = {"X-API-Key": key["key"]}
    assert page.request.get(MONITORS, headers=headers).status == 200

    sign_in(page)
    page.goto("/admin/tenants/apikey/")
    page.get_by_role("link", name="Leaked").click()
    page.get_by_role("link", name="Revoke").click()
    page.fill("#id_reason", "It was in a log")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The key Leaked is revoked.")).to_be_visible()

    assert page.request.get(MONITORS, headers=headers).status == 401

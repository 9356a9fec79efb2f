"""Staff's journeys with a tenant: from its first day to its last, and a member's view of it."""

from __future__ import annotations

import re

import pytest
import redis
from django.core import mail
from playwright.sync_api import Page, expect

from blip0.common.tenancy import in_tenant
from blip0.testing.live import call
from blip0.testing.world import PASSWORD
from blip0.tests.e2e.steps import active_documents, open_tenant, press, save, sign_in
from cachesync.tests.conftest import make_monitor
from monitors.models import Monitor
from tenants.choices import TenantStatus
from tenants.models import AuditRecord, Membership, Tenant

pytestmark = pytest.mark.e2e

OWNER = "nina@initech.test"
TOKEN = re.compile(r"^    (\S{40,})$", re.MULTILINE)


@pytest.fixture
def watching(write_through: None, acme: Tenant) -> Monitor:
    """A monitor of Acme's that runs."""
    with in_tenant(acme.pk):
        return make_monitor(acme)


def test_staff__onboard_a_tenant__its_owner_signs_in_over_the_api(
    page: Page, served: str, worker: None, acme: Tenant
) -> None:
    sign_in(page)
    page.goto("/admin/tenants/tenant/")
    page.goto("/admin/tenants/tenant/add/")
    page.fill("#id_slug", "initech")
    page.fill("#id_name", "Initech")
    page.select_option("#id_plan", label="Pro")
    page.fill("#id_owner_email", OWNER)
    save(page, "was added successfully")
    page.locator("#result_list").get_by_role("link", name="initech").click()
    expect(page.get_by_text(OWNER).first).to_be_visible()

    asked = call("POST", f"{served}/api/v1/password-reset", {"email": OWNER})
    assert asked.status == 202, asked.content
    (message,) = mail.outbox
    assert message.to == [OWNER]
    (token,) = TOKEN.findall(str(message.body))
    new = {"token": token, "password": "correct horse battery"}
    assert call("POST", f"{served}/api/v1/password-reset/confirm", new).status == 204
    credentials = {"email": OWNER, "password": "correct horse battery"}
    signed_in = call("POST", f"{served}/api/v1/login", credentials)
    me = call("GET", f"{served}/api/v1/me", Authorization=f"Bearer {signed_in.body['access']}").body
    assert (me["tenant"]["slug"], me["role"]) == ("initech", "owner")


def test_staff__suspend_and_activate_a_tenant__its_active_set_empties_and_fills(
    page: Page, acme: Tenant, watching: Monitor, projection_redis: redis.Redis
) -> None:
    assert len(active_documents(projection_redis, acme)) == 1
    sign_in(page)
    open_tenant(page, acme)

    press(page, "Suspend", reason="Unpaid")

    expect(page.get_by_text("acme is suspended.")).to_be_visible()
    assert active_documents(projection_redis, acme) == []
    press(page, "Activate")
    expect(page.get_by_text("acme is active.")).to_be_visible()
    (document,) = active_documents(projection_redis, acme)
    assert document["monitor"]["name"] == f"{watching.name} [acme]"


def test_staff__view_as_a_member_and_leave__seen_unchanged_and_on_record(
    page: Page, acme: Tenant, watching: Monitor
) -> None:
    member = Membership.objects.get(user__email="vic@acme.test")
    sign_in(page)
    open_tenant(page, acme)
    page.goto(f"/admin/tenants/membership/{member.pk}/change/")

    press(page, "View as this member", reason="They don't see their monitor")

    banner = page.get_by_role("status").first
    expect(banner).to_contain_text("vic@acme.test")
    above, below = page.locator(".navbar").first.bounding_box(), banner.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"], "the header lies over the banner"
    page.goto("/api/v1/monitors")
    expect(page.locator(".response-info")).to_contain_text(watching.name)
    page.get_by_role("button", name="Leave").click()
    expect(page).to_have_url(re.compile(f"/admin/tenants/tenant/{acme.pk}/change/"))
    assert page.request.get("/api/v1/monitors").status == 401
    kinds = AuditRecord.objects.filter(action__startswith="member.view")
    assert list(kinds.order_by("id").values_list("action", flat=True)) == [
        "member.viewed",
        "member.view_ended",
    ]


def test_staff__delete_a_tenant_and_bring_it_back__stops_and_runs_again(
    page: Page, served: str, acme: Tenant, watching: Monitor, projection_redis: redis.Redis
) -> None:
    credentials = {"email": "ana@acme.test", "password": PASSWORD}
    sign_in(page)
    open_tenant(page, acme)

    press(page, "Delete", reason="They asked us to")

    expect(page.get_by_text("acme stops now; its data goes after")).to_be_visible()
    acme.refresh_from_db()
    assert acme.status == TenantStatus.PENDING_DELETION
    assert acme.delete_after is not None
    assert active_documents(projection_redis, acme) == []
    assert call("POST", f"{served}/api/v1/login", credentials).status in (401, 403)

    press(page, "Take the deletion back")

    expect(page.get_by_text("acme is active.")).to_be_visible()
    assert len(active_documents(projection_redis, acme)) == 1
    assert call("POST", f"{served}/api/v1/login", credentials).status == 200

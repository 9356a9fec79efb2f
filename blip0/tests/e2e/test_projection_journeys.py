"""Staff find and mend what somebody has done to the projection's Redis by hand."""

from __future__ import annotations

import json

import pytest
import redis
from playwright.sync_api import Page, expect

from blip0.common.tenancy import in_tenant
from blip0.tests.e2e.steps import sign_in
from cachesync.keys import Scope
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import make_monitor
from tenants.models import Tenant

pytestmark = pytest.mark.e2e


def test_staff__drift_made_by_hand__seen_inspected_and_repaired(
    page: Page, acme: Tenant, projection_redis: redis.Redis
) -> None:
    with in_tenant(acme.pk):
        monitor = make_monitor(acme)
    reconcile(store=Store())
    key = Scope(str(acme.pk)).document(str(monitor.pk))
    right = str(projection_redis.get(key))
    by_hand = json.loads(right)
    by_hand["monitor"]["paused"] = True
    projection_redis.set(key, json.dumps(by_hand))

    sign_in(page)
    page.get_by_role("link", name="Drift").first.click()
    page.get_by_label("One scope now").fill("acme")
    page.get_by_role("button", name="Compare", exact=True).click()
    row = page.locator("#result_list tbody tr")
    expect(row).to_contain_text("Altered")

    row.get_by_role("link", name="transfers").click()
    # It is a tenant's: staff say first why they look.
    page.fill("#id_reason", "An alert told of drift")
    page.get_by_role("button", name="Work inside this tenant").click()
    expect(page.get_by_role("heading", name="Postgres and Redis differ")).to_be_visible()
    expect(page.locator("pre ins")).to_have_text(["false"])
    expect(page.locator("pre del")).to_have_text(["true"])

    page.get_by_role("link", name="Drift").first.click()
    expect(row).to_be_visible()
    page.wait_for_load_state()  # a script shows the actions of what is checked
    row.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("repair_selected")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Repair 1 scope")).to_be_visible()
    assert projection_redis.get(key) != right
    page.fill("#id_reason", "Somebody tried something")
    page.get_by_role("button", name="Repair").click()

    expect(page.get_by_text("1 written.")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(0)
    assert projection_redis.get(key) == right

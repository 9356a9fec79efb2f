"""Staff's first journeys, from the sign-in to what the runtime reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from django.urls import reverse
from playwright.sync_api import Page, expect

from blip0.testing.world import PASSWORD, STAFF
from cachesync.keys import Scope
from monitors.tests.factories import ERC20_ABI, USDC
from tenants.models import Tenant

pytestmark = pytest.mark.e2e

CONDITIONS = {
    "functions": [],
    "events": [{"signature": "Transfer(address,address,uint256)", "expression": "value > 100"}],
    "transactions": [],
}


def _sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", STAFF)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Tenants").first).to_be_visible()


def _enter(page: Page, tenant: Tenant) -> None:
    """Go in, and take the second step: to change things."""
    page.goto(reverse("admin:tenants_tenant_change", args=[tenant.pk]))
    page.get_by_role("link", name="Work inside this tenant").click()
    page.fill("#id_reason", "Ticket 4711")
    page.get_by_role("button", name="Work inside this tenant").click()
    expect(page.locator("#entered-tenant")).to_contain_text(tenant.name)
    page.get_by_role("link", name="Allow changes").click()
    page.get_by_role("button", name="Allow changes").click()
    expect(page.locator("#entered-tenant")).to_contain_text("may change it")


def _save(page: Page, said: str) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(said)).to_be_visible()


def _choose(page: Page, field: str, *names: str) -> None:
    """Pick options one after the other, as a user of the select does."""
    for name in names:
        page.locator(f"#id_{field} + .select2 .select2-selection").click()
        page.locator(".select2-results__option", has_text=name).first.click()


def _documents(client: redis.Redis, scope: Scope) -> list[Any]:
    ids = client.smembers(scope.active)
    return [json.loads(client.get(scope.document(str(one))) or "null") for one in ids]


def test_staff__make_edit_and_pause_a_monitor__redis_follows_at_once(
    page: Page, acme: Tenant, projection_redis: redis.Redis
) -> None:
    scope = Scope(str(acme.pk))
    _sign_in(page)
    page.goto("/admin/monitors/monitor/")
    expect(page.get_by_text("Choose a tenant first, and enter it from its page.")).to_be_visible()
    _enter(page, acme)

    page.goto("/admin/triggers/trigger/add/")
    page.get_by_role("link", name="Slack").click()
    page.fill("#id_name", "On call")
    page.fill("#id_slack_url", "https://hooks.slack.com/services/T0/B0/verysecretpath")
    page.fill("#id_message_title", "Moved")
    page.fill("#id_message_body", "See ${transaction.hash}")
    _save(page, "was added successfully")

    page.goto("/admin/monitors/monitor/add/")
    page.fill("#id_name", "Large transfers")
    _choose(page, "networks", "Ethereum Mainnet", "Base")
    page.fill("#id_addresses", json.dumps([{"address": USDC, "contract_spec": ERC20_ABI}]))
    page.fill("#id_match_conditions", json.dumps(CONDITIONS))
    _choose(page, "triggers", "On call")
    _save(page, "was added successfully")

    (document,) = _documents(projection_redis, scope)
    assert document["monitor"]["networks"] == ["ethereum_mainnet", "base"]
    assert "See ${transaction.hash}" in json.dumps(document)
    assert "verysecretpath" not in json.dumps(document)

    page.goto("/admin/triggers/trigger/")
    page.get_by_role("link", name="on-call").click()
    expect(page.get_by_text("Leave empty to keep it")).to_be_visible()
    page.fill("#id_message_body", "Wake up")
    _save(page, "was changed successfully")

    (changed,) = _documents(projection_redis, scope)
    assert "Wake up" in json.dumps(changed)

    page.goto("/admin/monitors/monitor/")
    page.get_by_role("link", name="large-transfers").click()
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("large-transfers is paused.")).to_be_visible()

    assert projection_redis.smembers(scope.active) == set()
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("#entered-tenant")).to_have_count(0)


def test_staff__wrong_input__told_at_the_field_and_nothing_lost(page: Page, acme: Tenant) -> None:
    _sign_in(page)
    _enter(page, acme)
    page.goto("/admin/monitors/monitor/add/")
    page.fill("#id_name", "Half done")
    _choose(page, "networks", "Base", "Ethereum Mainnet")
    page.fill("#id_addresses", json.dumps([{"address": "0x12"}]))
    page.fill("#id_match_conditions", json.dumps(CONDITIONS))
    page.get_by_role("button", name="Save", exact=True).click()

    row = page.locator(".field-addresses")
    expect(row).to_contain_text("0/address")
    expect(page.locator("#id_name")).to_have_value("Half done")
    chosen = page.locator("#id_networks option:checked").evaluate_all(
        "all => all.map(o => o.value)"
    )
    assert chosen == ["base", "ethereum_mainnet"]


def test_staff__every_kind_of_page__no_error_on_the_console(page: Page, acme: Tenant) -> None:
    _sign_in(page)
    _enter(page, acme)
    for url in (
        "/admin/",
        "/admin/tenants/tenant/add/",
        "/admin/tenants/user/add/",
        "/admin/tenants/auditrecord/",
        "/admin/platform_catalog/network/base/change/",
        "/admin/platform_catalog/filterscript/even_blocks/change/",
        "/admin/platform_catalog/monitortemplate/add/",
        "/admin/triggers/trigger/add/?type=webhook",
        "/admin/monitors/match/",
    ):
        response = page.goto(url, wait_until="networkidle")
        assert response is not None
        assert response.status == 200, url

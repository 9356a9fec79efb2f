"""Staff's first journeys, from the sign-in to what the runtime reads."""

from __future__ import annotations

import json

import pytest
import redis
from playwright.sync_api import Page, expect

from blip0.tests.e2e.steps import (
    active_documents,
    allow_changes,
    choose,
    enter,
    press,
    save,
    sign_in,
)
from monitors.tests.factories import ERC20_ABI, USDC
from tenants.models import Tenant

pytestmark = pytest.mark.e2e

CONDITIONS = {
    "functions": [],
    "events": [{"signature": "Transfer(address,address,uint256)", "expression": "value > 100"}],
    "transactions": [],
}


def test_staff__make_edit_and_pause_a_monitor__redis_follows_at_once(
    page: Page, acme: Tenant, projection_redis: redis.Redis
) -> None:
    sign_in(page)
    page.goto("/admin/monitors/monitor/")
    expect(page.get_by_text("Choose a tenant first, and enter it from its page.")).to_be_visible()
    enter(page, acme)
    allow_changes(page)

    page.goto("/admin/triggers/trigger/add/")
    page.get_by_role("link", name="Slack").click()
    page.fill("#id_name", "On call")
    page.fill("#id_slack_url", "https://hooks.slack.com/services/T0/B0/verysecretpath")
    page.fill("#id_message_title", "Moved")
    page.fill("#id_message_body", "See ${transaction.hash}")
    save(page, "was added successfully")

    page.goto("/admin/monitors/monitor/add/")
    page.fill("#id_name", "Large transfers")
    choose(page, "networks", "Ethereum Mainnet", "Base")
    page.fill("#id_addresses", json.dumps([{"address": USDC, "contract_spec": ERC20_ABI}]))
    page.fill("#id_match_conditions", json.dumps(CONDITIONS))
    choose(page, "triggers", "On call")
    save(page, "was added successfully")

    (document,) = active_documents(projection_redis, acme)
    assert document["monitor"]["networks"] == ["ethereum_mainnet", "base"]
    assert "See ${transaction.hash}" in json.dumps(document)
    assert "verysecretpath" not in json.dumps(document)

    page.goto("/admin/triggers/trigger/")
    page.get_by_role("link", name="on-call").click()
    expect(page.get_by_text("Leave empty to keep it")).to_be_visible()
    page.fill("#id_message_body", "Wake up")
    save(page, "was changed successfully")

    (changed,) = active_documents(projection_redis, acme)
    assert "Wake up" in json.dumps(changed)

    page.goto("/admin/monitors/monitor/")
    page.get_by_role("link", name="large-transfers").click()
    press(page, "Pause")
    expect(page.get_by_text("large-transfers is paused.")).to_be_visible()

    assert active_documents(projection_redis, acme) == []
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("#entered-tenant")).to_have_count(0)


def test_staff__wrong_input__told_at_the_field_and_nothing_lost(page: Page, acme: Tenant) -> None:
    sign_in(page)
    enter(page, acme)
    allow_changes(page)
    page.goto("/admin/monitors/monitor/add/")
    page.fill("#id_name", "Half done")
    choose(page, "networks", "Base", "Ethereum Mainnet")
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

"""Why doesn't this monitor fire? From the search on the home page to the condition at fault."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.tests.e2e.steps import sign_in
from monitors.services import monitor_create
from monitors.tests.factories import make_monitor_document
from tenants.models import Tenant

pytestmark = pytest.mark.e2e

NEVER = "value > 1000 and to == 0xAb"
"""`to` is an address, and 0xAb is none."""


def test_staff__a_monitor_does_not_fire__find_why_and_try_a_better_expression(
    page: Page, acme: Tenant
) -> None:
    event = {"signature": "Transfer(address,address,uint256)", "expression": NEVER}
    conditions = {"functions": [], "events": [event], "transactions": []}
    document = make_monitor_document(match_conditions=conditions, paused=True)
    with in_tenant(acme.pk):
        monitor_create(tenant=acme, data=document, actor=Actor.system("tests"))

    sign_in(page)
    page.wait_for_load_state()  # without its scripts the search doesn't open
    page.get_by_text("Search apps and models").click()
    search = page.locator("#search-input-command")
    expect(search).to_be_focused()
    search.press_sequentially("large-usdc")
    page.locator("#command-results-list a", has_text="Large USDC transfers").click()
    page.fill("#id_reason", "Ticket 4711: it doesn't fire")
    page.get_by_role("button", name="Work inside this tenant").click()
    page.get_by_role("link", name="Explain").click()

    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("It doesn't fire. It is paused: resume it.")
    expect(verdict).to_contain_text("None of its conditions can ever match.")
    condition = page.get_by_label("events/0")
    expect(condition).to_contain_text("Never matches")
    expect(condition).to_contain_text("Column 18: This is never true")

    condition.get_by_role("link", name="Try one").click()
    expect(page.locator("#id_expression")).to_have_value(NEVER)
    page.get_by_role("button", name="Try", exact=True).click()
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("It does not match.")
    expect(outcome).to_contain_text("which does not equal '0xAb'.")

    page.fill("#id_expression", "value > 1000 && from != 0xAb")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(outcome).to_contain_text("^^")
    expect(page.get_by_text("found `&&`: write `and`")).to_be_visible()

    page.fill("#id_expression", "value > 1000")
    page.fill("#id_values", "value: uint256 = 1001")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(outcome).to_contain_text("It matches.")
    expect(outcome).to_contain_text("`value` is 1001, which is > 1000.")

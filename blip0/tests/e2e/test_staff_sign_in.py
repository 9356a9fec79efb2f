"""A member of staff's second factor, from setting it up to ending a session elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from blip0.testing.world import PASSWORD, STAFF
from tenants.models import TwoFactor
from tenants.tests.staff import Phone

pytestmark = pytest.mark.e2e


def _give_password(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", STAFF)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")


def _give_code(page: Page, code: str) -> None:
    page.fill("#id_code", code)
    page.get_by_role("button", name="Go on").click()


def _home(page: Page) -> None:
    expect(page.get_by_role("link", name="Tenants").first).to_be_visible()


def test_staff__set_up_two_factor_sign_out_sign_in_and_end_a_session_elsewhere(
    page: Page, write_through: None
) -> None:
    _give_password(page)
    _home(page)
    page.goto("/admin/account/")
    page.get_by_role("link", name="Set up").click()
    expect(page.locator("#qr")).to_be_visible()
    phone = Phone(page.locator("#secret").inner_text().replace(" ", ""))
    page.fill("#id_code", phone.code())
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Turn on").click()
    shown = page.locator("#recovery-codes li")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Unused recovery codes: 10")).to_be_visible()

    page.get_by_text(STAFF).last.click()
    page.get_by_role("button", name="Log out").click()
    _give_password(page)
    expect(page.get_by_text("The second step to")).to_be_visible()
    page.goto("/admin/tenants/tenant/")
    expect(page.locator("#id_password")).to_be_visible()  # the code can't be left out
    _give_password(page)
    _give_code(page, "000000")
    expect(page.get_by_text("it is wrong, or was used before")).to_be_visible()
    TwoFactor.objects.update(last_step=0)  # in the place of half a minute's wait for a new code
    _give_code(page, phone.code())
    _home(page)

    browser = page.context.browser
    assert browser is not None
    elsewhere = browser.new_context(
        base_url=page.url.partition("/admin")[0], user_agent="A stolen laptop"
    ).new_page()
    _give_password(elsewhere)
    _give_code(elsewhere, codes[0])
    _home(elsewhere)

    page.goto("/admin/account/")
    expect(page.get_by_text("Unused recovery codes: 9")).to_be_visible()
    row = page.locator("#sessions li", has_text="A stolen laptop")
    row.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("The session is over.")).to_be_visible()
    expect(row).to_have_count(0)

    elsewhere.goto("/admin/tenants/tenant/")
    expect(elsewhere.get_by_text("Your session is over: sign in again.")).to_be_visible()
    expect(elsewhere.locator("#id_password")).to_be_visible()
    elsewhere.context.close()

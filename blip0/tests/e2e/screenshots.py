"""`make screenshots URL=…`: pictures of the back office for `docs/images/`, from the demo's data.

Asks the running product at the URL, as the demo's member of staff. Each page in light at 1,280 px;
those of `CLOSELY` also in dark, and on a phone.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, ViewportSize, sync_playwright

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs" / "images"
STAFF: Final = ("staff@blip0.localhost", "demo-staff-password")
WIDE: Final = ViewportSize(width=1280, height=760)
NARROW: Final = ViewportSize(width=390, height=844)
PAGES: Final = {
    "home": "/admin/",
    "tenants": "/admin/tenants/tenant/",
    "settings": "/admin/tenants/systemsetting/",
    "monitors": "/admin/monitors/monitor/",
    "triggers": "/admin/triggers/trigger/",
    "matches": "/admin/monitors/match/",
    "runtimes": "/admin/pages/runtimes/",
}
"""Lists and pages, by the name of their picture."""
FIRST_OF: Final = {
    "tenant": "/admin/tenants/tenant/",
    "monitor": "/admin/monitors/monitor/",
    "network": "/admin/platform_catalog/network/",
}
"""Pages of the first object in a list."""
CLOSELY: Final = ("home", "tenant", "monitors")


def _sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", STAFF[0])
    page.fill("#id_password", STAFF[1])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Tenants").first.wait_for()


def _open_first(page: Page, listed: str) -> str:
    """Go to the first object of a list; its address."""
    page.goto(listed)
    page.locator("#result_list tbody tr a[href*='/change/']").first.click()
    page.wait_for_load_state("networkidle")
    return page.url


def _enter_first_tenant(page: Page) -> None:
    _open_first(page, FIRST_OF["tenant"])
    page.get_by_role("link", name="Work inside this tenant").click()
    page.fill("#id_reason", "Pictures for the documentation")
    page.get_by_role("button", name="Work inside this tenant").click()


def _shoot(page: Page, name: str, url: str) -> None:
    page.goto(url, wait_until="networkidle")
    page.screenshot(path=FOLDER / f"admin-{name}.png")


def main(url: str) -> None:
    """Make all of them. Raises Playwright's errors."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(base_url=url, viewport=WIDE)
        _sign_in(page)
        _enter_first_tenant(page)
        pages = PAGES | {name: _open_first(page, listed) for name, listed in FIRST_OF.items()}
        for name, address in pages.items():
            _shoot(page, name, address)
        page.emulate_media(color_scheme="dark")
        for name in CLOSELY:
            _shoot(page, f"{name}-dark", pages[name])
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
        for name in CLOSELY:
            _shoot(page, f"{name}-narrow", pages[name])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])

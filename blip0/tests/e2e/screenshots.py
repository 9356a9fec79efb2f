"""`make screenshots URL=…`: pictures of every kind of page for `docs/images/`, from made-up data.

Asks the running product of this folder at the URL, as the demo's member of staff, and before that
puts `scenery` into its database. Each page in light at 1,440 px; those of `CLOSELY` also in dark
and on a phone. A picture has at most `MAX_BYTES`: one that has more is shot less high.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from blip0.tests.e2e.scenery import altered, charts_make, runtimes, scenery_make
from cachesync.reader import Follower

FOLDER: Final = Path(__file__).resolve().parents[3] / "docs" / "images"
STAFF: Final = ("staff@blip0.localhost", "demo-staff-password")
SUPPORT: Final = ("support@blip0.localhost", "demo-support-password")
WIDTH: Final = 1440
HEIGHTS: Final = (900, 760, 640, 540)
WIDE: Final = ViewportSize(width=WIDTH, height=HEIGHTS[0])
NARROW: Final = ViewportSize(width=390, height=844)
MAX_BYTES: Final = 150_000
RUNTIMES: Final = ("runtime-eu-1", "runtime-us-1")
HIDDEN: Final = "#qr, #secret"
"""What nobody shall read off a picture."""

Places = Mapping[str, str]
PLATFORM: Final = {
    "home": "",
    "tenants": "tenants/tenant/",
    "tenant": "tenants/tenant/{tenant}/change/",
    "tenant-suspended": "tenants/tenant/{suspended}/change/",
    "tenant-delete": "tenants/tenant/{tenant}/delete/",
    "tenant-enter": "tenants/tenant/{tenant}/work-inside/",
    "plan": "tenants/plan/pro/change/",
    "user": "tenants/user/{operator}/change/",
    "memberships": "tenants/membership/",
    "view-as": "tenants/membership/{member}/view-as/",
    "invitations": "tenants/invitation/",
    "api-keys": "tenants/apikey/",
    "api-key": "tenants/apikey/{key}/change/",
    "staff-sessions": "tenants/staffsession/",
    "account": "account/",
    "two-factor": "account/two-factor/",
    "settings": "tenants/systemsetting/",
    "setting": "tenants/systemsetting/staff_idle_minutes/change/",
    "audit-log": "tenants/auditrecord/",
    "audit-record": "tenants/auditrecord/{record}/change/",
    "audit-export": "tenants/auditrecord/export/",
    "networks": "platform_catalog/network/",
    "network": "platform_catalog/network/ethereum_5Fmainnet/change/",
    "network-add": "platform_catalog/network/add/",
    "network-disable": "platform_catalog/network/ethereum_5Fmainnet/disable/",
    "network-delete": "platform_catalog/network/ethereum_5Fmainnet/delete/",
    "scripts": "platform_catalog/filterscript/",
    "script": "platform_catalog/filterscript/evm_5Fargument_5Frange/change/",
    "script-compare": "platform_catalog/filterscriptversion/{version}/compare/",
    "script-rollback": "platform_catalog/filterscriptversion/{version}/roll-back/",
    "templates": "platform_catalog/monitortemplate/",
    "template-preview": "platform_catalog/monitortemplate/large-transfer/preview/",
    "playground": "pages/expression-playground/",
    "runtimes": "pages/runtimes/",
    "spec-conflicts": "pages/spec-conflicts/",
    "documents": "cachesync/projecteddocument/",
    "scopes": "cachesync/projectedscope/",
    "compare-all": "cachesync/projectionrun/compare/",
}
"""Pages outside any tenant, below `/admin/`, by the name of their picture."""
INSIDE: Final = {
    "monitors": "monitors/monitor/",
    "monitor": "monitors/monitor/{monitor}/change/",
    "monitor-add": "monitors/monitor/add/",
    "monitor-snooze": "monitors/monitor/{monitor}/snooze/",
    "monitor-delete": "monitors/monitor/{monitor}/delete/",
    "history": "monitors/monitor/{monitor}/history/",
    "explain": "monitors/monitor/{monitor}/explain/",
    "explain-paused": "monitors/monitor/{paused}/explain/",
    "inspector": "monitors/monitor/{monitor}/inspect/",
    "triggers": "triggers/trigger/",
    "trigger": "triggers/trigger/{trigger}/change/",
    "trigger-add": "triggers/trigger/add/",
    "trigger-disable": "triggers/trigger/{trigger}/disable/",
    "matches": "monitors/match/",
    "match": "monitors/match/{match}/change/",
    "executions": "monitors/triggerexecution/",
    "findings": "monitors/finding/",
    "delivery-tests": "triggers/deliverytest/",
    "contract-spec": "monitors/contractspec/{spec}/change/",
}
"""Pages inside the demo's tenant, where changes are allowed."""
CLOSELY: Final = (
    "home",
    "tenants",
    "tenant",
    "audit-log",
    "network",
    "documents",
    "monitors",
    "monitor",
    "history",
    "explain",
    "inspector",
    "matches",
)

ALTERED: Final = ("drift", "inspector-differs", "drift-repair")
"""What shows bytes that somebody altered: at once, for the reconciliation mends them."""
STEPS: dict[str, Callable[[Page, Places], None]] = {}
"""Pages that take more than their address, by the name of their picture; inside the tenant."""


def step(name: str) -> Callable[[Callable[[Page, Places], None]], Callable[[Page, Places], None]]:
    def put(walk: Callable[[Page, Places], None]) -> Callable[[Page, Places], None]:
        STEPS[name] = walk
        return walk

    return put


@step("search")
def _search(page: Page, _places: Places) -> None:
    page.goto("/admin/", wait_until="networkidle")
    page.keyboard.press("Control+k")
    page.wait_for_timeout(300)  # until the search takes what is typed
    page.keyboard.type("usdc", delay=60)
    page.get_by_text("Large Stellar USDC transfers").wait_for()


@step("bulk-pause")
def _bulk_pause(page: Page, _places: Places) -> None:
    page.goto("/admin/monitors/monitor/", wait_until="networkidle")
    for number in range(3):
        page.locator("input.action-select").nth(number).check()
    page.select_option("select[name=action]", label="Pause selected monitors")
    page.locator("button[name=index]").first.click()


@step("monitor-refused")
def _refused(page: Page, places: Places) -> None:
    _open(page, INSIDE["monitor"], places)
    page.fill("#id_match_conditions", '{"events": [{"signature": "Transfr(address)"}]}')
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("networkidle")
    _scroll_to(page.locator("#id_match_conditions"))


@step("undo")
def _undo(page: Page, places: Places) -> None:
    _open(page, INSIDE["history"], places)
    page.get_by_role("link", name="Go back to before this change").first.click()


@step("explain-conditions")
def _conditions(page: Page, places: Places) -> None:
    _open(page, INSIDE["explain"], places)
    _scroll_to(page.get_by_label("events/0"))


@step("explain-try")
def _try(page: Page, places: Places) -> None:
    _open(page, INSIDE["explain"], places)
    page.get_by_label("events/0").get_by_role("link", name="Try one").click()
    page.get_by_role("button", name="Try", exact=True).click()
    page.locator("#outcome").wait_for()


@step("network-probe")
def _probe(page: Page, _places: Places) -> None:
    page.goto("/admin/platform_catalog/network/ethereum_5Fmainnet/probe/")
    page.get_by_role("button", name="Probe").click()
    page.get_by_role("button", name="Probe again").wait_for()


@step("drift")
def _drift(page: Page, _places: Places) -> None:
    page.goto("/admin/cachesync/projectiondifference/")
    page.fill("#compare-scope", "demo")
    page.get_by_role("button", name="Compare", exact=True).click()


@step("inspector-differs")
def _differs(page: Page, places: Places) -> None:
    page.set_viewport_size(ViewportSize(width=WIDTH, height=HEIGHTS[1]))
    _open(page, INSIDE["inspector"], places)
    _scroll_to(page.locator("pre ins").first)


@step("drift-repair")
def _repair(page: Page, places: Places) -> None:
    _drift(page, places)
    page.wait_for_load_state("networkidle")
    page.locator("input.action-select").first.check()
    page.select_option("select[name=action]", label="Repair the selected")
    page.locator("button[name=index]").first.click()


@step("runs")
def _runs(page: Page, _places: Places) -> None:
    page.fill("#id_reason", "Altered by hand")
    page.get_by_role("button", name="Repair").click()
    page.goto("/admin/cachesync/projectionrun/compare/")
    page.get_by_role("button", name="Compare everything").click()
    page.get_by_text("6 equal").first.wait_for()
    page.goto("/admin/cachesync/projectionrun/")


@step("run")
def _run(page: Page, _places: Places) -> None:
    page.get_by_role("link", name="Comparison").first.click()


@step("viewing-as")
def _viewing(page: Page, places: Places) -> None:
    _open(page, PLATFORM["view-as"], places)
    page.fill("#id_reason", "Ticket 4711")
    page.get_by_role("button", name="View as this member").click()


def _scroll_to(place: Locator) -> None:
    place.evaluate("one => one.scrollIntoView({block: 'center'})")
    place.page.wait_for_timeout(300)  # what comes into view is drawn a little later


def _open(page: Page, path: str, places: Places) -> None:
    page.goto(f"/admin/{path.format(**places)}", wait_until="networkidle")


def _shoot(page: Page, name: str) -> None:
    """As it stands now, as high as fits. Raises `RuntimeError` where none does."""
    page.wait_for_load_state("networkidle")
    path = FOLDER / f"admin-{name}.png"
    size = page.viewport_size or NARROW
    hidden = [page.locator(HIDDEN)]
    for height in [each for each in HEIGHTS if each <= size["height"]]:
        page.screenshot(
            path=path,
            clip={"x": 0, "y": 0, "width": size["width"], "height": height},
            mask=hidden,
            mask_color="#94a3b8",
        )
        if path.stat().st_size <= MAX_BYTES:
            return
    raise RuntimeError(f"{path.name}: has more than {MAX_BYTES} bytes at each height.")


@contextmanager
def _signed_in(browser: Browser, url: str, who: tuple[str, str]) -> Iterator[Page]:
    page = browser.new_page(base_url=url, viewport=WIDE)
    page.goto("/admin/")
    page.fill("#id_username", who[0])
    page.fill("#id_password", who[1])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Tenants").first.wait_for()
    yield page
    page.close()


def _enter(page: Page, places: Places) -> None:
    _open(page, PLATFORM["tenant-enter"], places)
    page.fill("#id_reason", "Pictures for the documentation")
    page.get_by_role("button", name="Work inside this tenant").click()
    page.locator("#entered-tenant").wait_for()


def _every_page(browser: Browser, url: str, places: Places, alter: Callable[[], None]) -> None:
    with _signed_in(browser, url, SUPPORT) as page:
        _open(page, "tenants/tenant/add/", places)
        _shoot(page, "refused")
    with _signed_in(browser, url, STAFF) as page:
        _shoot_all(page, PLATFORM, places)
        _open(page, "nothing/", places)
        _shoot(page, "not-found")
        _enter(page, places)
        _open(page, INSIDE["monitor"], places)
        _shoot(page, "monitor-looked-at")
        _open(page, "tenants/tenant/{tenant}/allow-changes/", places)
        _shoot(page, "allow-changes")
        page.get_by_role("button", name="Allow changes").click()
        _shoot_all(page, INSIDE, places)
        for name, walk in STEPS.items():
            if name in ALTERED:
                alter()
            walk(page, places)
            _shoot(page, name)
            page.set_viewport_size(WIDE)


def _shoot_all(page: Page, paths: Mapping[str, str], places: Places) -> None:
    for name, path in paths.items():
        _open(page, path, places)
        _shoot(page, name)
    closely = {name: path for name, path in paths.items() if name in CLOSELY}
    for look, scheme, size in (("dark", "dark", WIDE), ("narrow", "light", NARROW)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size(size)
        for name, path in closely.items():
            _open(page, path, places)
            _shoot(page, f"{name}-{look}")
    page.set_viewport_size(WIDE)


def _follow(follower: Follower, stop: threading.Event) -> None:
    for _ in follower.run(stop):
        pass
    follower.leave()


def main(url: str) -> None:
    """Make all of them. Raises Playwright's errors, and those of the services."""
    places = scenery_make()
    stop = threading.Event()
    for follower in runtimes(RUNTIMES):
        threading.Thread(target=_follow, args=(follower, stop)).start()
    time.sleep(2)  # until they have read all of it
    charts_make()
    try:
        with sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(base_url=url, viewport=WIDE)
            page.goto("/admin/")
            _shoot(page, "sign-in")
            _every_page(browser, url, places, altered(places))
            browser.close()
    finally:
        stop.set()

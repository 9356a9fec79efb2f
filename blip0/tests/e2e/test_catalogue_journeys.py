"""Staff and the catalogue: from a form to what a runtime reads, and back after a bad edit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from django.conf import settings
from playwright.sync_api import Page, expect

from blip0.tests.e2e.steps import save, sign_in
from cachesync.reader import Configuration, read_all, script_is_signed
from cachesync.services.reconcile import reconcile
from cachesync.store import Store

pytestmark = pytest.mark.e2e

GOOD = "import sys\nsys.stdout.write('false')\n"
BAD = "import sys\nsys.stdout.write('false'\n"
SCRIPT = "/admin/platform_catalog/filterscript/small_5Famounts/change/"


@pytest.fixture
def runtime(projection_redis: redis.Redis, served: str) -> Callable[[], Configuration]:
    """Reads all that a runtime would, from a projection that is complete."""
    reconcile(store=Store())
    return lambda: read_all(projection_redis)


def _add_script(page: Page) -> None:
    page.goto("/admin/platform_catalog/filterscript/add/")
    page.fill("#id_name", "small_amounts")
    page.select_option("#id_language", "Python")
    page.fill("#id_content", GOOD)
    expect(page.get_by_text("2 lines, 37 of 65,536 bytes")).to_be_visible()
    save(page, "was added successfully")


def test_staff__add_a_network_and_a_script__a_runtime_reads_both(
    page: Page, runtime: Callable[[], Configuration]
) -> None:
    sign_in(page)
    page.goto("/admin/platform_catalog/network/add/")
    page.fill("#id_slug", "test_chain")
    page.fill("#id_name", "Test Chain")
    page.select_option("#id_network_type", "EVM")
    page.fill("#id_chain_id", "77")
    page.fill("#id_block_time_ms", "2000")
    page.fill("#id_confirmation_blocks", "3")
    page.fill("#id_cron_schedule", "0 */1 * * * *")
    page.get_by_role("link", name="Add another RPC endpoint").click()
    page.fill("#id_rpc_endpoints-0-url", "https://rpc.example.org")
    save(page, "was added successfully")
    _add_script(page)

    read = runtime()

    network = read.networks["test_chain"]
    assert network["chain_id"] == 77
    assert [entry["url"]["value"] for entry in network["rpc_urls"]] == ["https://rpc.example.org"]
    script = read.filters["small_amounts"]
    assert (script["version"], script["content"]) == (1, GOOD)
    assert script_is_signed(script, settings.SCRIPT_SIGNING_KEY)

    page.goto("/admin/platform_catalog/network/test_5Fchain/change/")
    page.get_by_role("link", name="Disable").click()
    expect(page.get_by_text("Left without any network: they stop")).to_be_visible()
    page.fill("#id_reason", "Chain halted")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("test_chain is disabled.")).to_be_visible()


def test_staff__roll_back_a_bad_edit__the_runtimes_run_the_old_content_again(
    page: Page, runtime: Callable[[], Configuration]
) -> None:
    sign_in(page)
    _add_script(page)
    page.goto(SCRIPT)
    page.fill("#id_content", BAD)
    page.fill("#id_note", "Tidier")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This is no Python: line 2")).to_be_visible()
    assert runtime().filters["small_amounts"]["content"] == BAD

    page.goto(SCRIPT)
    page.locator(".field-number").get_by_role("link", name="1", exact=True).click()
    page.get_by_role("link", name="Go back to this version").click()
    expect(page.locator("ins")).to_have_text(["Underlined", ")"])
    page.fill("#id_reason", "It fails on every match")
    page.get_by_role("button", name="Go back to this version").click()

    expect(page.get_by_text("small_amounts is at version 3")).to_be_visible()
    script = runtime().filters["small_amounts"]
    assert (script["version"], script["content"]) == (3, GOOD)
    assert script_is_signed(script, settings.SCRIPT_SIGNING_KEY)

"""What staff do again and again in the browser, and what the runtime then reads."""

from __future__ import annotations

import json
from typing import Any

import redis
from django.urls import reverse
from playwright.sync_api import Page, expect

from blip0.testing.world import PASSWORD, STAFF
from cachesync.keys import Scope
from tenants.models import Tenant


def sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", STAFF)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Tenants").first).to_be_visible()


def open_tenant(page: Page, tenant: Tenant) -> None:
    page.goto(reverse("admin:tenants_tenant_change", args=[tenant.pk]))


def enter(page: Page, tenant: Tenant) -> None:
    """Go into the tenant, to look."""
    open_tenant(page, tenant)
    press(page, "Work inside this tenant", reason="Ticket 4711")
    expect(page.locator("#entered-tenant")).to_contain_text(tenant.name)


def allow_changes(page: Page) -> None:
    """The second step, for who is inside a tenant."""
    press(page, "Allow changes")
    expect(page.locator("#entered-tenant")).to_contain_text("and may change it until")


def press(page: Page, button: str, *, reason: str = "") -> None:
    """An object's button, and the same on the page that asks whether one is sure."""
    page.get_by_role("link", name=button, exact=True).click()
    if reason:
        page.fill("#id_reason", reason)
    page.get_by_role("button", name=button, exact=True).click()


def save(page: Page, said: str) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(said)).to_be_visible()


def choose(page: Page, field: str, *names: str) -> None:
    """Pick options one after the other, as a user of the select does."""
    for name in names:
        page.locator(f"#id_{field} + .select2 .select2-selection").click()
        page.locator(".select2-results__option", has_text=name).first.click()


def active_documents(client: redis.Redis, tenant: Tenant) -> list[Any]:
    """What the runtime reads of a tenant: the documents of its active set."""
    scope = Scope(str(tenant.pk))
    ids = client.smembers(scope.active)
    return [json.loads(client.get(scope.document(str(one))) or "null") for one in ids]

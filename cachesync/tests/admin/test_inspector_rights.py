"""Who may look at a document, and who may mend it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from blip0.common.admin.projection import inspector_url
from cachesync.keys import Scope
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import make_monitor
from tenants.models import Tenant

pytestmark = pytest.mark.usefixtures("committed")

VIEW = "cachesync.view_projecteddocument"
REPAIR = "cachesync.repair_projection"
ENTER = "tenants.enter_tenant"


@pytest.fixture
def url(in_acme: Tenant, store: Store, scope: Scope) -> str:
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    return inspector_url(scope.id, "monitor", str(monitor.pk))


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_inspector__without_permissions__403_and_without_the_right_to_repair_no_buttons(
    clerk: Callable[..., Client], url
):
    client = clerk()
    assert client.get(url).status_code == 403
    assert client.get(f"{url}resync/").status_code == 403


def test_inspector__may_only_view__no_buttons(
    clerk: Callable[..., Client], enter: Callable[[Client], None], url
):
    client = clerk(VIEW, ENTER)
    enter(client)

    assert "Resync" not in text_of(client, url)
    assert client.post(f"{url}resync/", {"reason": "x"}).status_code == 403
    assert client.post(f"{url}resync-scope/", {"reason": "x"}).status_code == 403


def test_inspector__may_repair__buttons(
    clerk: Callable[..., Client], enter: Callable[[Client], None], url
):
    client = clerk(VIEW, REPAIR, ENTER)
    enter(client)

    assert "Resync this" in text_of(client, url)


def test_inspector__of_a_tenant_that_is_not_entered__leads_through_the_way_in(
    staff: Client, url, acme
):
    response = staff.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(f"/admin/tenants/tenant/{acme.pk}/go/?next=")

"""Who uses an object of the catalogue: on its page, and before it is switched off."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.test import Client
from django.urls import reverse

from blip0.common.tenancy import in_tenant
from blip0.common.usage import TenantUse, usage_of
from blip0.testing.queries import count_queries
from cachesync.models import ProjectedDocument
from monitors.tests.factories import MonitorNetworkFactory
from platform_catalog.models import Network
from tenants.models import Tenant
from tenants.tests.factories import TenantFactory

State = ProjectedDocument.State
BASE = reverse("admin:platform_catalog_network_change", args=["base"])
DISABLE = reverse("admin:platform_catalog_network_disable", args=["base"])


def _projected(tenant: UUID, number: int, state: str = State.ACTIVE, **names: list[str]) -> None:
    ProjectedDocument.objects.create(
        scope=str(tenant),
        kind="monitor",
        object_id=str(number),
        name="<script>alert(1)</script>",
        slug=f"monitor-{number}",
        state=state,
        rev=1,
        **names,
    )


def _three_monitors(acme: Tenant, globex: Tenant) -> None:
    _projected(acme.pk, 1, networks=["base"], scripts=["even_blocks"])
    _projected(acme.pk, 2, networks=["base", "ethereum_mainnet"])
    _projected(globex.pk, 3, State.PAUSED, networks=["base"])
    _projected(globex.pk, 4, networks=["ethereum_mainnet"])


def test_usage_of__projected_documents__counted_by_tenant_with_those_that_would_stop(
    acme: Tenant, globex: Tenant
) -> None:
    _three_monitors(acme, globex)

    with count_queries() as log:
        usage = usage_of("network", "base")

    assert usage.tenants == [
        TenantUse(tenant_id=acme.pk, monitors=2, running=2, alone=1),
        TenantUse(tenant_id=globex.pk, monitors=1, running=0, alone=0),
    ]
    assert (usage.monitors, usage.running, usage.alone) == (3, 2, 1)
    assert len(log) == 1
    assert usage_of("filter_script", "even_blocks").monitors == 1
    assert usage_of("trigger", "anything").monitors == 0


def test_network__its_page__lists_tenants_with_links_inside(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    _three_monitors(acme, globex)

    page = staff.get(BASE)

    shown = page.content.decode()
    assert "3 monitors of 2 tenants have it in what was projected last; 2 of them run now" in shown
    entrance = reverse("admin:tenants_tenant_go", args=[acme.pk])
    assert f'href="{entrance}?next=%2Fadmin%2Fmonitors%2Fmonitor%2F"' in shown


def test_network__its_page_to_a_catalogue_editor__counts_without_tenants(
    clerk: Callable[..., Client], acme: Tenant, globex: Tenant
) -> None:
    _three_monitors(acme, globex)
    editor = clerk("platform_catalog.view_network", "platform_catalog.change_network")

    shown = editor.get(BASE).content.decode()

    assert "3 monitors of 2 tenants" in shown
    assert acme.slug not in shown


def test_network__thirty_tenants__twenty_shown_with_as_many_queries_as_for_one(
    staff: Client, acme: Tenant
) -> None:
    _projected(acme.pk, 1, networks=["base"])
    staff.get(BASE)
    with count_queries() as one:
        staff.get(BASE)
    for number in range(2, 31):
        _projected(TenantFactory.create().pk, number, networks=["base"])

    with count_queries() as thirty:
        page = staff.get(BASE)

    assert len(thirty) == len(one)
    assert len(page.context["used_by"]["table"]["rows"]) == 20
    assert "And 10 more tenants." in page.content.decode()


def test_disable__asked__counts_what_stops_and_changes_nothing(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    _three_monitors(acme, globex)

    page = staff.get(DISABLE)

    assert dict(page.context["facts"]) == {
        "Monitors that have it in their documents": "3",
        "Tenants that they belong to": "2",
        "Of these monitors, running now": "2",
        "Left without any network: they stop": "1",
    }
    assert Network.objects.get(pk="base").enabled


def test_disable__without_a_reason__refused(staff: Client) -> None:
    page = staff.post(DISABLE, {"reason": ""})

    assert page.context["form"].errors["reason"]
    assert Network.objects.get(pk="base").enabled


def test_enable__asked__counts_the_monitors_that_name_it(staff: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        MonitorNetworkFactory.create(network_id="base")
    Network.objects.filter(pk="base").update(enabled=False)

    page = staff.get(reverse("admin:platform_catalog_network_enable", args=["base"]))

    assert dict(page.context["facts"]) == {"Monitors that name it, in all tenants": "1"}
    assert "It is disabled, hence in no document." in staff.get(BASE).content.decode()

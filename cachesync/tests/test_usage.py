"""Who uses an object of the catalogue, as far as it was projected."""

from __future__ import annotations

import pytest

from blip0.common.tenancy import in_tenant
from blip0.common.usage import TenantUse, usage_of
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.services import monitor_pause
from platform_catalog.models import Network
from platform_catalog.services.networks import network_disable
from tenants.models import Tenant

pytestmark = pytest.mark.usefixtures("committed")


def test_usage_of__paused_then_disabled__follows_what_is_projected(
    acme: Tenant, globex: Tenant, store: Store
) -> None:
    with in_tenant(acme.pk):
        alone = make_monitor(acme)
        make_monitor(acme, "both", networks=["ethereum_mainnet", "base"])
    with in_tenant(globex.pk):
        make_monitor(globex, "elsewhere", networks=["base"])
    reconcile(store=store)
    assert usage_of("network", "ethereum_mainnet").tenants == [
        TenantUse(tenant_id=acme.pk, monitors=2, running=2, alone=1)
    ]

    with in_tenant(acme.pk):
        monitor_pause(monitor=alone, actor=ACTOR)
    reconcile(store=store)
    assert usage_of("network", "ethereum_mainnet").tenants == [
        TenantUse(tenant_id=acme.pk, monitors=2, running=1, alone=0)
    ]

    network_disable(network=Network.objects.get(pk="ethereum_mainnet"), actor=ACTOR)
    reconcile(store=store)
    assert usage_of("network", "ethereum_mainnet").tenants == []
    assert usage_of("network", "base").running == 2

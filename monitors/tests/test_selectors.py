"""Reads: costs that don't grow, and who uses what across tenants."""

import pytest

from blip0.common.exceptions import InUse
from blip0.common.tenancy import in_public, in_tenant
from blip0.common.usage import require_unused, users_of
from monitors.models import Monitor
from monitors.selectors import monitor_representation, monitor_representations
from monitors.tests.factories import whole_monitor


def test_representations__thirty_monitors__cost_what_one_costs(in_acme, count_queries):
    whole_monitor()
    with count_queries() as one:
        monitor_representations(Monitor.objects.all())
    for _ in range(29):
        whole_monitor()

    with count_queries() as thirty:
        shown = monitor_representations(Monitor.objects.all())

    assert len(shown) == 30
    assert len(thirty) == len(one) == 3


def test_representations__of_a_queryset__keep_its_order_and_equal_the_single_one(in_acme):
    monitors = [whole_monitor() for _ in range(3)]

    shown = monitor_representations(Monitor.objects.order_by("-slug"))

    assert shown == [monitor_representation(monitor) for monitor in reversed(monitors)]


def test_users__across_tenants__are_named_with_their_tenant(acme, globex):
    for tenant in (globex, acme):
        with in_tenant(tenant.pk):
            whole_monitor(slug=f"of-{tenant.slug}")

    with in_public():
        assert users_of("network", ["ethereum_mainnet", "base"]) == [
            "monitor of-acme of acme",
            "monitor of-globex of globex",
        ]
        assert users_of("network", ["base"]) == []
        assert users_of("filter_script", ["even_blocks"]) == users_of(
            "network", ["ethereum_mainnet"]
        )
        with pytest.raises(InUse, match="of-acme of acme, monitor of-globex of globex"):
            require_unused("network", "ethereum_mainnet")


def test_users__of_a_trigger__are_the_current_tenants(acme, globex):
    with in_tenant(acme.pk):
        trigger = whole_monitor(slug="ours").trigger_links.get().trigger
        assert users_of("trigger", [str(trigger.pk)]) == ["monitor ours"]
    with in_tenant(globex.pk):
        assert users_of("trigger", [str(trigger.pk)]) == []

"""Reads: costs that don't grow, and who uses what across tenants."""

import pytest

from blip0.common.db import schemas
from blip0.common.exceptions import InUse
from blip0.common.tenancy import in_public, in_tenant
from blip0.common.usage import Users, require_unused, users_of
from monitors.models import Monitor
from monitors.selectors import monitor_representation, monitor_representations
from monitors.tests.factories import ScriptConditionFactory, whole_monitor


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
    monitors = [whole_monitor(slug=slug) for slug in ("a", "b", "c")]

    shown = monitor_representations(Monitor.objects.order_by("-slug"))

    assert shown == [monitor_representation(monitor) for monitor in reversed(monitors)]


def test_users__across_tenants__are_named_with_their_tenant(acme, globex):
    for tenant in (globex, acme):
        with in_tenant(tenant.pk):
            whole_monitor(slug=f"of-{tenant.slug}")

    with in_public():
        users = users_of("network", ["ethereum_mainnet", "base"])
        assert users.named == ["monitor of-acme of acme", "monitor of-globex of globex"]
        assert users.number == 2
        assert users_of("network", ["base"]) == Users(number=0, named=[])
        assert users_of("filter_script", ["even_blocks"]) == users_of(
            "network", ["ethereum_mainnet"]
        )
        with pytest.raises(InUse, match="of-acme of acme, monitor of-globex of globex"):
            require_unused("network", "ethereum_mainnet")


def test_users__of_a_trigger__are_the_current_tenants(acme, globex):
    with in_tenant(acme.pk):
        trigger = whole_monitor(slug="ours").trigger_links.get().trigger
        assert users_of("trigger", [str(trigger.pk)]).named == ["monitor ours"]
        assert users_of("trigger", [str(trigger.pk)], named=0) == Users(number=1, named=[])
    with in_tenant(globex.pk):
        assert users_of("trigger", [str(trigger.pk)]).named == []


def test_users__more_than_are_named__all_are_counted_and_so_many_named(acme, globex):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            for number in range(3):
                whole_monitor(slug=f"{tenant.slug}-{number}")
    everybody = users_of("filter_script", ["even_blocks"])

    for named in (0, 1, 2, 3, 4, 5, 6, 7):
        users = users_of("filter_script", ["even_blocks"], named=named)

        assert users.number == everybody.number == 6
        assert len(users.named) == min(named, 6)
        assert set(users.named) <= set(everybody.named)
        assert users.unnamed == max(6 - named, 0)


def test_users__a_monitor_names_it_twice__is_one(acme):
    with in_tenant(acme.pk):
        monitor = whole_monitor(slug="twice")
        ScriptConditionFactory.create(monitor=monitor, script_id="even_blocks", position=7)
        assert monitor.script_conditions.filter(script_id="even_blocks").count() == 2

    users = users_of("filter_script", ["even_blocks"])

    assert users == Users(number=1, named=["monitor twice of acme"])


def test_users__only_in_the_last_schema_asked__still_in_use(acme, globex, monkeypatch):
    """Whatever the order of schemas and batches: one monitor anywhere refuses the deletion."""
    monkeypatch.setattr(schemas, "BATCH", 1)
    last = max((acme, globex), key=lambda tenant: tenant.schema_name)
    with in_tenant(last.pk):
        whole_monitor(slug="alone")

    with pytest.raises(InUse, match=f"in use by monitor alone of {last.slug}. Take"):
        require_unused("filter_script", "even_blocks")


def test_users__more_monitors__as_many_queries(acme, globex, count_queries):
    with in_tenant(acme.pk):
        whole_monitor()
    with count_queries() as one:
        users_of("filter_script", ["even_blocks"])
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            for _ in range(5):
                whole_monitor()

    with count_queries() as many:
        assert users_of("filter_script", ["even_blocks"]).number == 11

    assert len(one) == len(many) == 4, "the list of schemas, counts, slugs, and tenants"

"""A change that is undone: Redis holds what it held before the change, byte for byte."""

from __future__ import annotations

import json

import pytest

from cachesync.keys import Scope
from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from platform_catalog.models import FilterScript, Network
from platform_catalog.services.networks import network_disable, network_update
from platform_catalog.services.scripts import script_publish_version
from tenants.models import AuditRecord
from tenants.services.undoing import change_revert
from triggers.services import trigger_update

pytestmark = pytest.mark.usefixtures("write_through")
NETWORK = "platform:networks:base"


def _undo_last(kind):
    record = AuditRecord.objects.filter(object_kind=kind).latest("pk")
    return change_revert(record=record, actor=ACTOR, newest=record.pk)


@pytest.fixture
def endpoints():
    """Beside the shipped ones, one of a secret of the runtime and one that is switched off."""
    network = Network.objects.get(pk="base")
    entries = [
        ("Environment", "https://RPC_BASE", 100, True),
        ("Plain", "https://rpc.example.org", 50, True),
        ("Plain", "https://off.example.org", 0, False),
    ]
    rpc_urls = [
        {"type_": "rpc", "url": {"type": kind, "value": url}, "weight": weight, "enabled": on}
        for kind, url, weight, on in entries
    ]
    return network_update(network=network, data={"rpc_urls": rpc_urls}, actor=ACTOR)


def test_network__changed_with_its_endpoints_and_undone__same_document_in_redis(
    in_acme, endpoints, projection_redis
):
    make_monitor(in_acme)
    before = projection_redis.get(NETWORK)
    assert json.loads(before)["rpc_urls"][0]["url"]["value"] == "https://RPC_BASE"
    rows = list(endpoints.rpc_endpoints.values_list("url", "enabled"))
    other = {
        "rpc_urls": [
            {
                "type_": "rpc",
                "url": {"type": "Plain", "value": "https://bad.example.org"},
                "weight": 1,
            }
        ],
        "block_time_ms": 900,
        "max_past_blocks": None,
    }
    network_update(network=endpoints, data=other, actor=ACTOR)
    assert projection_redis.get(NETWORK) != before

    _undo_last("network")

    assert projection_redis.get(NETWORK) == before
    assert list(endpoints.rpc_endpoints.values_list("url", "enabled")) == rows


def test_network__disabled_and_undone__its_monitors_are_active_again(
    in_acme, endpoints, projection_redis, store
):
    active = Scope(str(in_acme.pk)).active
    monitor = make_monitor(in_acme, networks=["base"])
    network_disable(network=endpoints, actor=ACTOR)
    reconcile(store=store)
    assert projection_redis.smembers(active) == set()

    _undo_last("network")
    reconcile(store=store)

    assert projection_redis.smembers(active) == {str(monitor.pk)}


def test_trigger__changed_and_undone__same_document_in_redis(in_acme, projection_redis):
    trigger = make_trigger(in_acme)
    key = Scope(str(in_acme.pk)).document(str(make_monitor(in_acme, triggers=["ops"]).pk))
    before = json.loads(projection_redis.get(key))
    config = {"message": {"title": "Spoilt", "body": "Spoilt"}}
    trigger_update(trigger=trigger, data={"config": config}, actor=ACTOR)
    assert json.loads(projection_redis.get(key)) != before

    _undo_last("trigger")

    assert json.loads(projection_redis.get(key)) == before


def test_script__published_and_undone__earlier_content_in_redis(in_acme, projection_redis):
    script = FilterScript.objects.order_by("pk")[0]
    key = f"platform:filters:{script.pk}"
    script_publish_version(script=script, content="echo true # once\n", actor=ACTOR)
    script_publish_version(script=script, content="echo spoilt\n", actor=ACTOR)
    assert json.loads(projection_redis.get(key))["content"] == "echo spoilt\n"

    _undo_last("filter_script")

    assert json.loads(projection_redis.get(key))["content"] == "echo true # once\n"

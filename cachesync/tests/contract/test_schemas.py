"""The schemas are those of the code, hold for what is in Redis, and refuse whatever differs."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from cachesync.keys import KIND_MONITOR, Scope
from cachesync.reader import Follower, connect
from cachesync.services.contract import SCHEMAS, contract_differences, contract_write
from cachesync.services.contract.files import CONTRACT
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from cachesync.tests.contract.checking import broken, validator
from monitors.services import monitor_create, monitor_pause
from monitors.tests.factories import make_monitor_document
from platform_catalog.services.loading import load_catalog
from triggers.choices import TriggerKind
from triggers.services import trigger_create
from triggers.tests.factories import document as trigger_document


def test_contract__files__are_what_the_code_describes():
    call_command("runtime_contract", "--check")


def test_contract__altered_missing_or_of_nothing__found_and_written_anew(tmp_path):
    folder = tmp_path / "contract"
    shutil.copytree(CONTRACT, folder)
    (folder / "meta.schema.json").write_text("{}")
    (folder / "hint.schema.json").unlink()
    (folder / "gone.schema.json").write_text("{}")
    differing = ["meta.schema.json", "hint.schema.json", "gone.schema.json"]
    assert list(contract_differences(folder)) == differing
    assert contract_write(folder) == differing
    assert list(contract_differences(folder)) == []
    assert not (folder / "gone.schema.json").exists()


def test_contract__definition_changed__check_says_which(monkeypatch):
    monkeypatch.setitem(SCHEMAS, "meta", {})
    with pytest.raises(CommandError, match=r"meta\.schema\.json: not what the code describes"):
        call_command("runtime_contract", "--check", stdout=io.StringIO())


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema__each__is_one_of_2020_12_and_stands_alone(name):
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:blip0:runtime-contract:{name}:1"
    references = {value for key, value in _walk(schema) if key == "$ref" and isinstance(value, str)}
    assert all(one.removeprefix("#/$defs/") in schema["$defs"] for one in references)


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item)


# What is in Redis


def test_redis__whole_catalogue_and_every_kind_of_monitor__all_by_the_schemas(
    committed, acme, globex, store, projection_redis
):
    load_catalog(actor=Actor.system("tests"), update=False)
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            for kind in TriggerKind.values:
                trigger_create(tenant=tenant, data=trigger_document(kind), actor=ACTOR)
            triggers = [
                trigger_create(
                    tenant=tenant,
                    data={**trigger_document("webhook", name="Raw"), "slug": "raw",
                          "config": {"url": {"type": "Plain", "value": "https://example.org/x"},
                                     "payload_mode": "raw"}},
                    actor=ACTOR,
                ).slug,
                *(f"ops-{kind}" for kind in TriggerKind.values),
            ]  # fmt: skip
            monitor_create(
                tenant=tenant, data=make_monitor_document(triggers=triggers), actor=ACTOR
            )
            paused = make_monitor(tenant, alerting={"min_interval_s": 0})
            monitor_pause(monitor=paused, actor=ACTOR)
    reconcile(store=store)
    with in_tenant(acme.pk):
        make_monitor(acme, "later")
    scope_project(scope=Scope(str(acme.pk)), store=store)

    assert list(broken(projection_redis)) == []
    assert len(projection_redis.keys("platform:networks:*")) > 20


def test_redis__runtime_acknowledges_and_refuses__by_the_schema(
    committed, in_acme, scope, store, projection_redis, settings
):
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)
    reader = Follower(
        connect(settings.REDIS_PROJECTION_URL), instance="one", keys={"other": b"0" * 32}
    )
    reader.start()
    reader.acknowledge()
    assert str(monitor.pk) in projection_redis.hget("runtime:one:ack", scope.id)
    assert list(broken(projection_redis)) == []


def test_redis__hints__by_the_schema(committed, in_acme, scope, store, projection_redis):
    listener = projection_redis.pubsub(ignore_subscribe_messages=True)
    listener.psubscribe("blip0:*")
    listener.get_message(timeout=1)
    monitors = [make_monitor(in_acme, f"m{number}") for number in range(12)]
    reconcile(store=store)
    monitor_pause(monitor=monitors[0], actor=ACTOR)
    scope_project(scope=scope, store=store)
    events = set()
    while message := listener.get_message(timeout=0.2):
        hint = json.loads(message["data"])
        validator("hint").validate(hint)
        events.add((hint["event_type"], hint["resource_type"]))
    listener.close()
    assert events == {("invalidate", "tenant"), ("update", KIND_MONITOR), *PLATFORMS}


PLATFORMS = {("update", "network"), ("update", "filter")}


@pytest.mark.parametrize(
    ("key", "value"),
    [("platform:networks:base", "{}"), ("platform:networks:base", '{"slug": "base"}')],
)
def test_redis__something_else__is_found(key, value, committed, store, projection_redis):
    reconcile(store=store)
    projection_redis.set(key, value)
    projection_redis.set("platform:unheard_of", "x")
    found = list(broken(projection_redis))
    assert any(line.startswith(f"{key}: ") for line in found)
    assert "platform:unheard_of: no schema" in found

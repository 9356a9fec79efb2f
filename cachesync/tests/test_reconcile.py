"""The guarantee: whatever write-through missed or Redis lost, a round brings back."""

from __future__ import annotations

import json
import uuid

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from blip0.common.tenancy import in_tenant
from cachesync import reader
from cachesync.contracts import Result
from cachesync.keys import HEARTBEAT, PLATFORM, READY, Scope
from cachesync.services.project import scope_project
from cachesync.services.reconcile import RECONCILE_LOCK, reconcile
from cachesync.services.sweep import only_one, sweep
from cachesync.tasks import reconcile as reconcile_task
from cachesync.tests.conftest import ACTOR, SLACK_URL, make_monitor, make_trigger
from cachesync.tests.strict_models import Filter, parse_envelope, parse_network
from monitors.services import monitor_pause
from platform_catalog.projections import script_signature
from tenants.services.lifecycle import tenant_create, tenant_delete, tenant_purge

pytestmark = pytest.mark.usefixtures("committed")
KEY = b"development-only-sealing-key-32b"


def test_reconcile__empty_redis__a_separate_reader_can_start(acme, globex, store, read_projection):
    assert read_projection() == {"error": "not ready: platform:projection:ready is missing"}
    with in_tenant(acme.pk):
        make_trigger(acme)
        monitor = make_monitor(acme, triggers=["ops"])

    done = reconcile(store=store)

    assert done.complete
    assert done.results == {Result.OK: 3}
    seen = read_projection()
    assert set(seen["networks"]) == {
        "base",
        "ethereum_mainnet",
        "midnight_testnet",
        "solana_mainnet",
        "stellar_mainnet",
    }
    assert set(seen["tenants"]) == {str(acme.pk), str(globex.pk)}
    assert seen["tenants"][str(acme.pk)]["active"] == [str(monitor.pk)]
    assert seen["tenants"][str(globex.pk)]["meta"]["count"] == "0"


def test_reconcile__every_document__parses_in_strict_models_with_secrets_opened(
    in_acme, store, projection_redis
):
    make_trigger(in_acme)
    make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)
    configuration = reader.read_all(projection_redis)
    for network in configuration.networks.values():
        parse_network(network)
    [(_, document)] = list(configuration.monitors())
    opened = reader.open_sealed(document, {"dev": KEY})
    envelope = parse_envelope(opened)
    [trigger] = envelope.triggers.values()
    assert trigger.config["slack_url"] == {"type": "Plain", "value": SLACK_URL}
    with pytest.raises(InvalidTag):
        reader.open_sealed(document | {"tenant_id": str(uuid.uuid4())}, {"dev": KEY})


def test_reconcile__second_round__all_quiet(in_acme, store):
    make_monitor(in_acme)
    reconcile(store=store)
    done = reconcile(store=store)
    assert done.complete
    assert not done.results


def test_reconcile__flushall__everything_and_ready_are_back(in_acme, store, projection_redis):
    make_monitor(in_acme)
    reconcile(store=store)
    before = {key: projection_redis.get(key) for key in projection_redis.keys("tenant:*:monitor:*")}
    projection_redis.flushall()
    reconcile(store=store)
    assert before == {
        key: projection_redis.get(key) for key in projection_redis.keys("tenant:*:monitor:*")
    }
    assert projection_redis.hget(READY, "tenants") == "2"
    assert projection_redis.exists(HEARTBEAT)


def test_reconcile__one_document_lost__put_back(in_acme, store, projection_redis):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    key = Scope(str(in_acme.pk)).document(str(monitor.pk))
    body = projection_redis.get(key)
    projection_redis.delete(key)
    done = reconcile(store=store)
    assert done.results == {Result.OK: 1}
    assert projection_redis.get(key) == body


def test_sweep__write_through_was_off__found_by_version(in_acme, store, projection_redis):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    monitor_pause(monitor=monitor, actor=ACTOR)
    done = sweep(store=store)
    assert done.results == {Result.OK: 1}
    assert projection_redis.scard(Scope(str(in_acme.pk)).active) == 0


def test_sweep__one_scope_is_poisoned__the_others_are_projected(
    acme, globex, store, projection_redis
):
    with in_tenant(globex.pk):
        monitor = make_monitor(globex)
    with in_tenant(acme.pk), connection.cursor() as cursor:
        make_monitor(acme)
        cursor.execute("ALTER TABLE monitors_monitor RENAME TO monitors_monitor_gone")
    try:
        done = sweep(store=store)
    finally:
        with in_tenant(acme.pk), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitors_monitor_gone RENAME TO monitors_monitor")
    assert done.failed == [str(acme.pk)]
    assert not done.complete
    assert projection_redis.smembers(Scope(str(globex.pk)).active) == {str(monitor.pk)}


def test_reconcile__platform_not_complete__never_declared_ready(store, projection_redis):
    scope_project(scope=PLATFORM, store=store)
    projection_redis.hincrby(PLATFORM.meta, "rev", 5)
    reconcile(store=store)
    assert not projection_redis.exists(READY)


def test_reconcile__tenant_that_postgres_does_not_know__dropped(store, projection_redis):
    stranger = Scope(str(uuid.uuid4()))
    projection_redis.sadd("platform:projection:tenants", stranger.id)
    projection_redis.sadd(stranger.active, "x")
    projection_redis.hset(stranger.index, "x", "1:0")
    projection_redis.set(stranger.document("x"), "{}")
    reconcile(store=store)
    assert not projection_redis.sismember("platform:projection:tenants", stranger.id)
    assert not projection_redis.exists(stranger.active, stranger.index)
    assert projection_redis.ttl(stranger.document("x")) > 0


def test_reconcile__tenant_purged__tombstone_and_no_documents(acme, store, projection_redis):
    tenant = tenant_create(slug="shortlived", name="S", plan_slug="free", actor=ACTOR)
    scope = Scope(str(tenant.pk))
    with in_tenant(tenant.pk):
        make_monitor(tenant)
    reconcile(store=store)
    assert projection_redis.scard(scope.active) == 1

    tenant_purge(tenant=tenant_delete(tenant=tenant, actor=ACTOR), actor=ACTOR)
    reconcile(store=store)
    assert projection_redis.hgetall(scope.index) == {}
    assert projection_redis.hget(scope.meta, "status") == "deleted"
    assert not projection_redis.sismember("platform:projection:tenants", scope.id)
    assert reconcile(store=store).complete


def test_reconcile_task__another_one_at_work__does_nothing(in_acme, projection_redis):
    make_monitor(in_acme)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [0x626C6970_30000001])
        reconcile_task()
        assert not projection_redis.exists(HEARTBEAT)
        with other.cursor() as cursor:  # closing alone lets go of it some time later
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    reconcile_task()
    assert projection_redis.exists(HEARTBEAT)


def test_only_one__alone__gets_it():
    with only_one(RECONCILE_LOCK) as alone:
        assert alone


def test_plain_delivery__secrets_stand_open(in_acme, store, projection_redis, settings):
    settings.PROJECTION_SECRET_DELIVERY = "plain"
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)
    body = projection_redis.get(Scope(str(in_acme.pk)).document(str(monitor.pk)))
    assert SLACK_URL in body
    parse_envelope(json.loads(body))


def test_filter_document__signature__covers_what_runs(store, projection_redis, settings):
    reconcile(store=store)
    document = json.loads(projection_redis.get("platform:filters:even_blocks"))
    msgspec.convert(document, Filter)
    signed = {
        name: document[name]
        for name in ("name", "version", "language", "content", "arguments", "timeout_ms")
    }
    assert document["signature"] == script_signature(signed)
    assert document["signature"] != script_signature(signed | {"content": "rm -rf /"})

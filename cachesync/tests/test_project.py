"""One scope: what is written, what is left alone, who wins."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from blip0.common.tenancy import in_tenant
from cachesync.contracts import Change, Look, Result, Version
from cachesync.keys import CHANGES, Scope
from cachesync.models import ProjectedDocument
from cachesync.projections import render
from cachesync.services.project import REQUEST, _apply, scope_project
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, SLACK_URL, body_of, make_monitor, make_trigger
from monitors.models import Monitor, MonitorAddress, MonitorNetwork
from monitors.services import monitor_delete, monitor_pause, monitor_resume, monitor_update
from tenants.models import ConfigVersion, Tenant
from tenants.services.lifecycle import tenant_suspend
from triggers.services import trigger_disable, trigger_update

pytestmark = pytest.mark.usefixtures("committed")


def test_scope_project__new_monitor__document_index_set_and_meta_agree(
    in_acme, scope, store, projection_redis
):
    trigger = make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])

    assert scope_project(scope=scope, store=store) is Result.OK

    body = projection_redis.get(f"tenant:{in_acme.pk}:monitor:{monitor.pk}")
    document = json.loads(body)
    assert document["monitor"]["name"] == "Transfers [acme]"
    assert document["monitor"]["triggers"] == list(document["triggers"]) == [str(trigger.pk)]
    assert document["triggers"][str(trigger.pk)]["name"] == "Ops [acme]"
    assert projection_redis.smembers(f"tenant:{in_acme.pk}:monitors:active") == {str(monitor.pk)}
    version = ConfigVersion.objects.get(scope=scope.id)
    meta = projection_redis.hgetall(scope.meta)
    assert (meta["rev"], meta["epoch"], meta["token"]) == (
        str(version.version),
        str(version.epoch),
        str(version.token),
    )
    assert (meta["status"], meta["count"], meta["schema"]) == ("active", "1", "1")
    row = ProjectedDocument.objects.get(scope=scope.id)
    assert projection_redis.hget(scope.index, str(monitor.pk)) == f"{row.rev}:{row.sha256}"
    assert projection_redis.smembers("platform:projection:tenants") == {scope.id}


def test_scope_project__canonical__sorted_keys_and_no_blanks(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    text = projection_redis.get(scope.document(str(monitor.pk)))
    assert text == json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def test_scope_project__secret__never_in_plain_text(in_acme, scope, store, projection_redis):
    make_trigger(in_acme)
    make_monitor(in_acme, triggers=["ops"])
    scope_project(scope=scope, store=store)
    everything = "".join(
        str(projection_redis.dump(key)) + str(projection_redis.type(key))
        for key in projection_redis.keys("*")
    ) + "".join(
        projection_redis.get(key) or "" for key in projection_redis.keys("tenant:*:monitor:*")
    )
    assert "sealed:v1:" in everything
    assert "plaintextcanary" not in everything
    assert SLACK_URL not in everything


def test_scope_project__nothing_changed__noop_and_not_one_write(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    before = projection_redis.info("commandstats")["cmdstat_set"]["calls"]
    stream = projection_redis.xlen(CHANGES)

    assert scope_project(scope=scope, store=store) is Result.NOOP
    assert scope_project(scope=scope, store=store, look=Look.PRESENCE) is Result.NOOP

    assert projection_redis.info("commandstats")["cmdstat_set"]["calls"] == before
    assert projection_redis.xlen(CHANGES) == stream


def test_scope_project__rebuilt_from_nothing__equal_bytes(in_acme, scope, store, projection_redis):
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    scope_project(scope=scope, store=store)
    body = projection_redis.get(scope.document(str(monitor.pk)))
    digest = projection_redis.hget(scope.meta, "digest")
    projection_redis.flushall()

    assert scope_project(scope=scope, store=store) is Result.OK
    assert projection_redis.get(scope.document(str(monitor.pk))) == body
    assert projection_redis.hget(scope.meta, "digest") == digest


def test_scope_project__pause_and_resume__leaves_and_enters_the_set_document_stays(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)

    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == set()
    assert body_of(projection_redis, scope, monitor)["monitor"]["paused"] is True
    assert ProjectedDocument.objects.get(scope=scope.id).state == "paused"

    monitor_resume(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}


def test_scope_project__deleted__leaves_at_once_and_expires_after_the_grace(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    monitor_delete(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)

    assert projection_redis.smembers(scope.active) == set()
    assert projection_redis.hgetall(scope.index) == {}
    ttl = projection_redis.ttl(scope.document(str(monitor.pk)))
    assert 0 < ttl <= settings.PROJECTION_REMOVAL_GRACE_S
    assert not ProjectedDocument.objects.filter(scope=scope.id).exists()


def test_scope_project__trigger_changed__only_its_monitors_are_rewritten(
    in_acme, scope, store, projection_redis
):
    trigger = make_trigger(in_acme)
    told = make_monitor(in_acme, "told", triggers=["ops"])
    other = make_monitor(in_acme, "other")
    scope_project(scope=scope, store=store)
    index = projection_redis.hgetall(scope.index)

    config = {"message": {"title": "new title", "body": "new body"}}
    trigger_update(trigger=trigger, data={"config": config}, actor=ACTOR)
    scope_project(scope=scope, store=store)

    after = projection_redis.hgetall(scope.index)
    assert after[str(other.pk)] == index[str(other.pk)]
    assert after[str(told.pk)] != index[str(told.pk)]
    document = body_of(projection_redis, scope, told)
    assert document["triggers"][str(trigger.pk)]["config"]["message"]["title"] == "new title"


def test_scope_project__trigger_disabled__in_neither_list(in_acme, scope, store, projection_redis):
    trigger = make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    scope_project(scope=scope, store=store)
    trigger_disable(trigger=trigger, actor=ACTOR)
    scope_project(scope=scope, store=store)
    document = body_of(projection_redis, scope, monitor)
    assert document["triggers"] == {}
    assert document["monitor"]["triggers"] == []


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda monitor: Monitor.objects.filter(pk=monitor.pk).update(paused=True),
            id="queryset_update",
        ),
        pytest.param(
            lambda monitor: Monitor.objects.bulk_update(
                [Monitor(pk=monitor.pk, paused=True)], ["paused"]
            ),
            id="bulk_update",
        ),
        pytest.param(
            lambda monitor: connection.cursor().execute(
                "UPDATE monitors_monitor SET paused = true"
            ),
            id="raw_sql",
        ),
    ],
)
def test_scope_project__write_without_a_signal__seen(
    write, in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    write(monitor)
    assert scope_project(scope=scope, store=store) is Result.OK
    assert projection_redis.smembers(scope.active) == set()


def test_scope_project__child_row_deleted_by_raw_sql__document_follows(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    MonitorAddress.objects.all()._raw_delete("default")
    scope_project(scope=scope, store=store)
    assert body_of(projection_redis, scope, monitor)["monitor"]["addresses"] == []


def test_scope_project__rolled_back__nothing_to_do(in_acme, scope, store):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    with transaction.atomic():
        Monitor.objects.filter(pk=monitor.pk).update(paused=True)
        transaction.set_rollback(True)
    assert scope_project(scope=scope, store=store) is Result.NOOP


def test_scope_project__older_writer_comes_late__refused_as_stale(
    in_acme, scope, store, projection_redis
):
    """A writer that rendered version n is overtaken by one with n+1, then applies."""
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    monitor_pause(monitor=monitor, actor=ACTOR)
    slow_stored = store.read(scope)
    slow = render(scope, since=slow_stored.version)
    monitor_resume(monitor=monitor, actor=ACTOR)
    assert scope_project(scope=scope, store=store) is Result.OK

    assert _apply(slow, slow_stored, store) is Result.STALE
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}


def test_scope_project__tenant_suspended__empty_set_documents_stay(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    tenant_suspend(tenant=in_acme, reason="unpaid", actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == set()
    assert projection_redis.hget(scope.meta, "status") == "suspended"
    assert projection_redis.exists(scope.document(str(monitor.pk)))


def test_scope_project__more_than_a_call_holds__staged_and_visible_at_once(
    in_acme, scope, store, projection_redis
):
    monitors = Monitor.objects.bulk_create(
        Monitor(slug=f"m{number}", name=f"M{number}") for number in range(450)
    )
    MonitorNetwork.objects.bulk_create(
        MonitorNetwork(monitor=monitor, network_id="base", position=0) for monitor in monitors
    )
    assert scope_project(scope=scope, store=store) is Result.OK
    keys = [scope.document(str(monitor.pk)) for monitor in monitors]
    assert projection_redis.exists(*keys) == 450
    assert all(projection_redis.ttl(key) == -1 for key in keys)
    assert projection_redis.scard(scope.active) == 450
    assert projection_redis.keys("*:stage:*") == []


def test_scope_project__budget_exceeded__left_to_the_projector(in_acme, scope, store):
    for number in range(3):
        make_monitor(in_acme, f"m{number}")
    assert (
        scope_project(scope=scope, store=store, patience=replace(REQUEST, documents=2))
        is Result.DEFERRED
    )
    assert store.versions([scope]) == [None]


def test_scope_project__change_stream__gapless_with_named_ids(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    for change in (monitor_pause, monitor_resume):
        change(monitor=monitor, actor=ACTOR)
        scope_project(scope=scope, store=store)
    entries = [entry for _, entry in projection_redis.xrange(CHANGES) if entry["scope"] == scope.id]
    assert entries[0]["prev_rev"] == "0"
    assert [entry["prev_rev"] for entry in entries[1:]] == [entry["rev"] for entry in entries[:-1]]
    assert all(json.loads(entry["ids"]) == [str(monitor.pk)] for entry in entries)


def test_scope_project__hint__published_on_the_tenants_channel(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    listener = projection_redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"blip0:tenant:{in_acme.pk}:update")
    listener.get_message(timeout=1)
    scope_project(scope=scope, store=store)
    message = json.loads(listener.get_message(timeout=2)["data"])
    listener.close()
    assert message["resource_type"] == "monitor"
    assert message["resource_id"] == str(monitor.pk)
    assert message["tenant_id"] == scope.id
    assert message["metadata"]["rev"] == ConfigVersion.objects.get(scope=scope.id).version


def test_scope_project__two_tenants__nothing_of_one_in_the_other(
    acme, globex, store, projection_redis
):
    with in_tenant(globex.pk):
        make_trigger(globex, "secret-channel")
        make_monitor(globex, "globex-canary", triggers=["secret-channel"])
    with in_tenant(acme.pk):
        make_monitor(acme, "mine")
    for tenant in (acme, globex):
        scope_project(scope=Scope(str(tenant.pk)), store=store)
    for key in projection_redis.keys(f"tenant:{acme.pk}:*"):
        if projection_redis.type(key) == "string":
            assert "globex" not in projection_redis.get(key).lower()
            assert str(globex.pk) not in projection_redis.get(key)


def test_scope_project__alerting__tenant_defaults_below_the_monitors_own(
    in_acme, scope, store, projection_redis
):
    Tenant.objects.filter(pk=in_acme.pk).update(
        alert_severity="high", alert_threshold_amount=3, alert_threshold_window_s=60
    )
    plain = make_monitor(in_acme, "plain")
    own = make_monitor(
        in_acme, "own", alerting={"severity": "low", "threshold": {"amount": 1, "window_s": 5}}
    )
    scope_project(scope=scope, store=store)
    assert body_of(projection_redis, scope, plain)["alerting"] == {
        "severity": "high",
        "threshold": {"amount": 3, "window_s": 60},
    }
    assert body_of(projection_redis, scope, own)["alerting"] == {
        "severity": "low",
        "threshold": {"amount": 1, "window_s": 5},
    }
    monitor_update(monitor=own, data={"alerting": {}}, actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert body_of(projection_redis, scope, own)["alerting"]["severity"] == "high"


def test_apply__staged_body_gone__nothing_is_written(in_acme, scope, store, projection_redis):
    change = Change(
        scope=scope,
        expected=None,
        version=Version(7, 1, "t"),
        status="active",
        digest="",
        puts={f"d{number}": b"{}" for number in range(201)},
        hashes={f"d{number}": "0" for number in range(201)},
        activate=frozenset(),
        deactivate=frozenset(),
        removals=frozenset(),
        requires=frozenset(),
    )

    class Forgetful(Store):
        def _stage(self, change: Change) -> str:
            prefix = super()._stage(change)
            self._redis.delete(f"{prefix}d100")
            return prefix

    assert Forgetful().apply(change, now=timezone.now()) is Result.CONFLICT
    assert not projection_redis.exists(scope.meta, scope.index, scope.document("d0"))

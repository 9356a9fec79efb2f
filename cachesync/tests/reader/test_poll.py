"""The safety poll, and a Redis that loses something, everything, or itself."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings

from blip0.common.tenancy import in_tenant
from blip0.embedded.valkey import ExtraValkey, start_valkey
from cachesync.contracts import digest_of
from cachesync.keys import CHANGES, READY, TENANTS, Scope
from cachesync.reader import Event, Follower, NotReady, Started, Status, connect
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor
from cachesync.tests.reader.support import last_entry, running, until
from monitors.services import monitor_pause, monitor_resume

pytestmark = pytest.mark.usefixtures("committed")
NOTHING = digest_of({}, [])


def test_poll__entry_lost__found_by_meta(in_acme, scope, store, follower, projection_redis):
    monitor = make_monitor(in_acme)
    reader = follower()
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    projection_redis.xdel(CHANGES, last_entry(projection_redis))
    assert reader.follow(0.01) == []

    [news] = reader.poll()

    assert news.removed == (str(monitor.pk),)


def test_poll__whole_stream_lost__found_and_the_new_one_followed(
    in_acme, scope, store, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    reader = follower()
    # The new stream's ids come before the old one's: its server's clock was set back.
    projection_redis.delete(CHANGES)
    projection_redis.xadd(CHANGES, {"scope": "x"}, id="1-1")
    projection_redis.delete(CHANGES)
    projection_redis.xadd(CHANGES, {"scope": "x"}, id="2-1")
    assert reader.poll() == []
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    [news] = reader.follow()
    assert news.removed == (str(monitor.pk),)


def test_poll__flushall__keeps_what_it_has_and_takes_the_rebuilt(
    in_acme, scope, store, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    reader = follower(instance="one")
    networks = reader.configuration.networks
    projection_redis.flushall()

    assert reader.follow(0.01) == []
    assert reader.poll() == []
    assert reader.problem == f"{READY} is missing"
    assert running(reader, scope) == {str(monitor.pk)}
    assert reader.configuration.networks == networks
    reader.acknowledge()
    assert projection_redis.hget("runtime:one:ack", scope.id), "it still runs that version"

    reconcile(store=store)
    assert reader.follow() == reader.poll() == []
    assert reader.problem == ""
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    [news] = reader.follow()
    assert news.removed == (str(monitor.pk),)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda client, scope: client.delete(scope.meta), id="meta_lost"),
        pytest.param(lambda client, scope: client.hdel(scope.meta, "rev"), id="rev_lost"),
        pytest.param(lambda client, scope: client.set(scope.meta, "x"), id="meta_of_another_type"),
        pytest.param(lambda client, scope: client.delete(TENANTS), id="tenants_lost"),
        pytest.param(lambda client, scope: client.delete(scope.active), id="set_lost"),
        pytest.param(lambda client, scope: client.set(scope.index, "x"), id="index_of_other_type"),
    ],
)
def test_poll__something_lost__is_unknown_and_never_empty(
    damage: Callable[[redis.Redis, Scope], object],
    in_acme,
    scope,
    store,
    follower,
    projection_redis,
):
    monitor = make_monitor(in_acme)
    reader = follower()
    projection_redis.hset(scope.meta, "written_at", "another time")
    damage(projection_redis, scope)
    reader.poll()
    assert running(reader, scope) == {str(monitor.pk)}


def test_poll__tenant_off_the_list_alone__stays(in_acme, scope, follower, projection_redis):
    monitor = make_monitor(in_acme)
    reader = follower()
    projection_redis.srem(TENANTS, scope.id)
    assert reader.poll() == []
    assert running(reader, scope) == {str(monitor.pk)}


def test_start__one_tenant_damaged__the_others_run(acme, globex, store, projection_redis, follower):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant)
    reconcile(store=store)
    projection_redis.hset(Scope(str(acme.pk)).index, "x", "1:0")
    reader = Follower(connect(settings.REDIS_PROJECTION_URL), instance="one")
    configuration = reader.start()
    assert set(configuration.tenants) == {str(globex.pk)}
    reader.acknowledge()
    said = projection_redis.hget("runtime:one:ack", str(acme.pk))
    assert said.startswith("NACK 1:")
    assert said.endswith(" the digest differs")
    reconcile(store=store)
    reader.poll()
    assert set(configuration.tenants) == {str(acme.pk), str(globex.pk)}


def test_poll__tenant_dropped_without_a_tombstone__is_gone(store, follower, projection_redis):
    """Postgres doesn't know it: the reconciliation takes an orphan away."""
    stranger = Scope(str(uuid.uuid4()))
    reader = follower()
    projection_redis.sadd(TENANTS, stranger.id)
    projection_redis.hset(
        stranger.meta,
        mapping={
            "rev": "1", "epoch": "1", "token": "t", "schema": "1", "status": "active",
            "count": "0", "digest": NOTHING,
        },
    )  # fmt: skip
    reader.poll()
    assert stranger.id in reader.configuration.tenants
    reconcile(store=store)
    reader.poll()
    assert stranger.id not in reader.configuration.tenants


def test_poll__ready_of_a_schema_that_is_not_known__nothing_is_taken(
    in_acme, scope, store, follower, projection_redis
):
    monitor = make_monitor(in_acme)
    reader = follower()
    projection_redis.hset(READY, "schema", 2)
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert reader.poll() == []
    assert "'schema': '2'" in reader.problem
    assert running(reader, scope) == {str(monitor.pk)}
    with pytest.raises(NotReady):
        Follower(connect(settings.REDIS_PROJECTION_URL)).start()


def test_poll__older_version_than_held__taken_only_if_it_lasts(
    in_acme, scope, store, follower, projection_redis
):
    """A Redis that restarted with old data is brought forward by the next sweep."""
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    old = {
        key: projection_redis.dump(key)
        for key in (scope.meta, scope.index, scope.document(str(monitor.pk)))
    }
    monitor_pause(monitor=monitor, actor=ACTOR)
    reader = follower(older_grace_s=0.3)
    assert running(reader, scope) == set()
    binary = redis.Redis.from_url(settings.REDIS_PROJECTION_URL)
    for key, value in old.items():
        binary.restore(key, 0, value, replace=True)
    binary.sadd(scope.active, str(monitor.pk))
    binary.close()

    reader.poll()
    assert running(reader, scope) == set(), "the newer one stays"
    time.sleep(0.35)
    reader.poll()
    assert running(reader, scope) == {str(monitor.pk)}


@pytest.fixture
def own_valkey(tmp_path) -> Iterator[ExtraValkey]:
    """An instance that a test may stop and start, with its data on disk."""
    valkey = start_valkey(tmp_path / "own", environ={}, durable=True)
    yield valkey
    valkey.stop()


def test_run__redis_restarts__keeps_the_configuration_and_follows_on(in_acme, scope, own_valkey):
    store = Store(url=own_valkey.url)
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    reader = Follower(connect(own_valkey.url, timeout_s=2), instance="one", poll_s=(0.2, 0.4))
    stop = threading.Event()
    events: list[Event] = []

    def run():
        for event in reader.run(stop):
            events.insert(0, event)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: events and isinstance(events[0], Started))
        own_valkey.stop()
        until(lambda: isinstance(events[0], Status) and events[0].problem)
        assert running(reader, scope) == {str(monitor.pk)}
        own_valkey.server.start(own_valkey.record, is_new=False, tied=True, durable=True)
        until(lambda: events[0] == Status(""))
        monitor_pause(monitor=monitor, actor=ACTOR)
        scope_project(scope=scope, store=store)
        until(lambda: running(reader, scope) == set())
        monitor_resume(monitor=monitor, actor=ACTOR)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def test_run__not_ready_yet__says_so_and_starts_once_it_is(in_acme, store, projection_redis):
    make_monitor(in_acme)
    reader = Follower(connect(settings.REDIS_PROJECTION_URL))
    stop = threading.Event()
    events = reader.run(stop)
    assert next(events) == Status(f"{READY} is missing")
    reconcile(store=store)
    assert isinstance(next(events), Started)
    assert next(events) == Status("")

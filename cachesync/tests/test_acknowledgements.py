"""Saved → applied → acknowledged, as Postgres, Redis and the runtimes tell it."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from blip0.common.projection_states import Progress, Refusal
from blip0.common.tenancy import in_tenant
from cachesync.keys import KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.reader import Ack, Follower, connect
from cachesync.selectors.acknowledgements import acknowledgements, runtimes, states
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, body_of, make_monitor, make_trigger
from cachesync.tests.reader.support import forge
from monitors.services import monitor_delete, monitor_pause
from platform_catalog.models import Network
from tenants.models import ConfigVersion
from tenants.services.versions import configchanges_prune
from triggers.services import trigger_update

pytestmark = pytest.mark.usefixtures("committed")


def state_of(monitor, scope, store, **options):
    [(_, state)] = states(
        scope, KIND_MONITOR, [str(monitor.pk)], store=store, now=timezone.now(), **options
    ).items()
    return state


def reader(name):
    made = Follower(connect(settings.REDIS_PROJECTION_URL), instance=name)
    made.start()
    made.acknowledge()
    return made


def forward(follower):
    follower.follow()
    follower.acknowledge()


@pytest.mark.parametrize(
    "ack",
    [
        Ack((1, 7)),
        Ack((2, 7), {"": "meta isn't whole"}),
        Ack((1, 7), {"00000000-0000-4000-8000-000000000001": "it can't be parsed: at 1; or 2"}),
        Ack((1, 7), {"networks:base": "one", "filters:even_blocks": "two"}),
        Ack((1, 7), {"": "it is torn", "networks:base": "one"}),
    ],
)
def test_ack__written_and_read__is_the_same(ack):
    assert Ack.parse(ack.text()) == ack


def test_ack__more_refusals_than_are_named__known_to_be_more():
    refused = {f"networks:chain_{number}": "bad" for number in range(25)}
    read = Ack.parse(Ack((1, 7), refused).text())
    assert read is not None
    assert len(read.refused) == 20
    assert read.more


@pytest.mark.parametrize("text", ["", "1", "x:1", "1:7 why", "NACK", "ACK 1:7", "1:-7"])
def test_ack__that_is_none__is_none(text):
    assert Ack.parse(text) is None


def test_states__a_change_on_its_way__saved_applied_acknowledged(in_acme, scope, store):
    monitor = make_monitor(in_acme)
    fresh = state_of(monitor, scope, store)
    assert (fresh.progress, fresh.state) == (Progress.SAVED, "waiting")
    assert fresh.saved_rev == ConfigVersion.objects.get(scope=scope.id).version

    reconcile(store=store)
    alone = state_of(monitor, scope, store)
    assert (alone.progress, alone.readers) == (Progress.APPLIED, 0)
    quick, slow = reader("quick"), reader("slow")
    known = state_of(monitor, scope, store)
    assert (known.progress, known.acknowledged, known.readers) == (Progress.ACKNOWLEDGED, 2, 2)

    monitor_pause(monitor=monitor, actor=ACTOR)
    saved = state_of(monitor, scope, store)
    assert (saved.progress, saved.saved_rev, saved.rev) == (
        Progress.SAVED,
        known.saved_rev + 1,
        known.saved_rev,
    )
    assert (saved.acknowledged, saved.readers) == (0, 2)

    scope_project(scope=scope, store=store)
    forward(quick)
    half = state_of(monitor, scope, store)
    assert (half.progress, half.state, half.acknowledged) == (Progress.APPLIED, "paused", 1)
    forward(slow)
    assert state_of(monitor, scope, store).progress is Progress.ACKNOWLEDGED


def test_states__another_monitor_changes__this_one_stays_acknowledged(in_acme, scope, store):
    quiet, busy = make_monitor(in_acme, "quiet"), make_monitor(in_acme, "busy")
    reconcile(store=store)
    reader("one")
    before = state_of(quiet, scope, store)
    monitor_pause(monitor=busy, actor=ACTOR)
    assert state_of(quiet, scope, store) == before
    scope_project(scope=scope, store=store)
    assert state_of(quiet, scope, store).progress is Progress.ACKNOWLEDGED
    assert state_of(busy, scope, store).progress is Progress.APPLIED


def test_states__what_the_document_embeds_changes__counts_as_its_change(in_acme, scope, store):
    trigger = make_trigger(in_acme)
    told = make_monitor(in_acme, "told", triggers=["ops"])
    other = make_monitor(in_acme, "other", networks=["base"])
    reconcile(store=store)
    reader("one")
    trigger_update(
        trigger=trigger, data={"config": {"message": {"title": "t", "body": "b"}}}, actor=ACTOR
    )
    assert state_of(told, scope, store).progress is Progress.SAVED
    assert state_of(other, scope, store).progress is Progress.ACKNOWLEDGED
    Network.objects.filter(slug="base").update(enabled=False)
    assert state_of(other, scope, store).progress is Progress.SAVED


def test_states__log_of_changes_too_short__nothing_is_called_applied(in_acme, scope, store):
    quiet, busy = make_monitor(in_acme, "quiet"), make_monitor(in_acme, "busy")
    reconcile(store=store)
    monitor_pause(monitor=busy, actor=ACTOR)
    make_monitor(in_acme, "third")
    configchanges_prune(now=timezone.now() + timedelta(hours=2))
    assert state_of(quiet, scope, store).progress is Progress.SAVED


def test_states__flushed_or_another_epoch__saved_only(in_acme, scope, store, projection_redis):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    reader("one")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_configversion SET epoch = 2, version = 1 WHERE scope = %s",
            [scope.id],
        )
    assert state_of(monitor, scope, store).progress is Progress.SAVED
    scope_project(scope=scope, store=store)
    assert state_of(monitor, scope, store).progress is Progress.APPLIED
    reader("one")
    assert state_of(monitor, scope, store).progress is Progress.ACKNOWLEDGED
    projection_redis.flushall()
    assert state_of(monitor, scope, store).progress is Progress.SAVED


@pytest.mark.parametrize(
    ("field", "value"), [("rev", "999"), ("token", "00000000-0000-0000-0000-000000000000")]
)
def test_states__redis_holds_another_history__nothing_is_called_applied(
    field, value, in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    projection_redis.hset(scope.meta, field, value)
    assert state_of(monitor, scope, store).progress is Progress.SAVED
    monitor_pause(monitor=monitor, actor=ACTOR)
    assert state_of(monitor, scope, store).progress is Progress.SAVED


def test_states__refused_by_one_runtime__who_and_why_and_only_for_that_document(
    in_acme, scope, store, projection_redis
):
    victim, other = make_monitor(in_acme, "victim"), make_monitor(in_acme, "other")
    reconcile(store=store)
    one = reader("one")
    bad = body_of(projection_redis, scope, victim) | {"schema": 2}
    forge(projection_redis, scope, {str(victim.pk): json.dumps(bad)}, step=0)
    forward(one)
    state = state_of(victim, scope, store)
    assert state.progress is Progress.REFUSED
    assert state.refusals == (Refusal(reader="one", reason="schema 2, known is 1"),)
    assert state_of(other, scope, store).progress is Progress.ACKNOWLEDGED

    projection_redis.hset("runtime:one:ack", scope.id, "NACK 1:9999 it crashed")
    assert state_of(other, scope, store).refusals[0].reason == "it crashed"


def test_states__more_refusals_than_are_named__the_others_are_not_called_acknowledged(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    reader("one")
    other = "00000000-0000-4000-8000-000000000001"
    projection_redis.hset("runtime:one:ack", scope.id, f"NACK 1:999 {other}: it is bad; …")
    state = state_of(monitor, scope, store)
    assert (state.progress, state.acknowledged) == (Progress.APPLIED, 0)


def test_states__runtime_not_seen_for_long__does_not_count(in_acme, scope, store, projection_redis):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    reader("here"), reader("gone")
    projection_redis.zadd("runtime:instances", {"gone": time.time() - 100})
    state = state_of(monitor, scope, store)
    assert (state.acknowledged, state.readers) == (1, 1)


def test_states__redis_hangs__unknown_within_the_timeout(in_acme, scope, store):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        started = time.monotonic()
        state = state_of(monitor, scope, Store(url=url, timeout_s=0.15))
        seconds = time.monotonic() - started
    assert (state.progress, state.state) == (Progress.UNKNOWN, "active")
    assert seconds < settings.PROJECTION_TIMEOUT_S


def test_states__catalogue__by_the_platforms_version(store):
    reconcile(store=store)
    reader("one")
    now = timezone.now()
    before = states(PLATFORM, KIND_NETWORK, ["base"], store=store, now=now)["base"]
    assert before.progress is Progress.ACKNOWLEDGED
    Network.objects.filter(slug="base").update(confirmation_blocks=99)
    after = states(PLATFORM, KIND_NETWORK, ["base"], store=store, now=now)["base"]
    assert after.progress is Progress.SAVED


def test_states__one_or_thirty__as_many_queries_and_commands(
    in_acme, scope, store, projection_redis, count_queries
):
    monitors = [make_monitor(in_acme, f"m{number}") for number in range(30)]
    reconcile(store=store)
    reader("one")
    monitor_pause(monitor=monitors[0], actor=ACTOR)

    def costs(some):
        before = projection_redis.info("stats")["total_commands_processed"]
        with count_queries() as log:
            states(scope, KIND_MONITOR, some, store=store, now=timezone.now())
        return len(log), projection_redis.info("stats")["total_commands_processed"] - before

    ids = [str(monitor.pk) for monitor in monitors]
    costs(ids)  # the first one connects
    assert costs(ids[:1]) == costs(ids)
    assert costs(ids)[0] == 3


def test_acknowledgements__two_tenants__each_its_own(acme, globex, store):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant)
    reconcile(store=store)
    reader("one")
    now = timezone.now()
    for tenant in (acme, globex):
        seen = acknowledgements(Scope(str(tenant.pk)), store=store, now=now)
        assert seen.version is not None
        assert seen.acks == {"one": Ack((seen.version.epoch, seen.version.rev))}


def test_runtimes__one_current_one_behind_one_dead__as_they_say(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    current, behind = reader("current"), reader("behind")
    monitor_delete(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    forward(current)
    behind.acknowledge()
    projection_redis.zadd("runtime:instances", {"dead": time.time() - 1000})

    found = {runtime.instance: runtime for runtime in runtimes(store, now=timezone.now())}

    assert [found[name].alive for name in ("current", "behind", "dead")] == [True, True, False]
    assert found["current"].lagging == ()
    assert found["current"].acknowledged == 3
    assert found["behind"].lagging == (scope.id,)
    assert len(found["dead"].lagging) == 3

    projection_redis.hset("runtime:current:ack", scope.id, "NACK 1:99 it crashed")
    [runtime] = [one for one in runtimes(store, now=timezone.now()) if one.nacks]
    assert (runtime.instance, runtime.nacks) == ("current", {scope.id: "it crashed"})


def test_runtimes__redis_away__says_so():
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        away = Store(url=f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", timeout_s=0.1)
        with pytest.raises(redis.RedisError):
            runtimes(away, now=timezone.now())

"""Following the stream: what is named is read again, and what is missed is found."""

from __future__ import annotations

import json
import time
import uuid

import pytest
from django.conf import settings
from django.db import connection

from blip0.common.tenancy import in_tenant
from cachesync.contracts import Look
from cachesync.keys import CHANGES, PLATFORM, Scope
from cachesync.reader import Change, Follower
from cachesync.services.project import scope_project
from cachesync.services.sweep import sweep
from cachesync.tests.conftest import ACTOR, body_of, make_monitor, make_trigger
from cachesync.tests.reader.support import Counted, copy_of, forge, last_entry, running
from monitors.models import Monitor
from monitors.services import monitor_delete, monitor_pause, monitor_resume, monitor_update
from platform_catalog.tests.factories import NetworkFactory
from tenants.models import ConfigVersion
from tenants.services.lifecycle import (
    tenant_activate,
    tenant_create,
    tenant_delete,
    tenant_purge,
    tenant_suspend,
)
from triggers.services import trigger_update

pytestmark = pytest.mark.usefixtures("committed")


def test_follow__nothing_happens__nothing_after_the_timeout(follower):
    reader, took = follower(), []
    for _ in range(5):
        started = time.monotonic()
        assert reader.follow(0.05) == []
        took.append(time.monotonic() - started)
    assert min(took) < 0.5, "half of what it waits by itself"


def test_follow__contiguous_change__only_the_named_document_in_few_round_trips(
    in_acme, scope, store, follower
):
    make_trigger(in_acme)
    told = make_monitor(in_acme, "told", triggers=["ops"])
    make_monitor(in_acme, "other")
    follower()
    counted = Counted(settings.REDIS_PROJECTION_URL)
    reader = Follower(counted.client)
    reader.start()
    reader.follow(0.01)
    monitor_update(monitor=told, data={"alerting": {"severity": "high"}}, actor=ACTOR)
    scope_project(scope=scope, store=store)

    counted.trips = 0
    changes = reader.follow()

    rev = ConfigVersion.objects.get(scope=scope.id).version
    assert changes == [Change(scope.id, 1, rev, changed=(str(told.pk),))]
    document = copy_of(reader, scope).documents[str(told.pk)]
    assert document["alerting"] == {"severity": "high"}
    assert counted.trips == 3, "the stream, its oldest entry, and what changed as of one instant"


def test_start__tenant_of_100_monitors__five_round_trips_and_none_for_what_is_held(
    in_acme, scope, store, follower
):
    for number in range(100):
        make_monitor(in_acme, f"m{number}")
    follower()
    counted = Counted(settings.REDIS_PROJECTION_URL)
    reader = Follower(counted.client)

    reader.start()
    assert len(running(reader, scope)) == 100
    assert counted.trips == 5

    counted.trips = 0
    assert reader.poll() == []
    assert counted.trips == 1


def test_follow__pause_resume_delete__leaves_enters_and_leaves(in_acme, scope, store, follower):
    monitor = make_monitor(in_acme)
    reader = follower()
    key = str(monitor.pk)
    for change, before, after in (
        (monitor_pause, {key}, set()),
        (monitor_resume, set(), {key}),
        (monitor_delete, {key}, set()),
    ):
        assert running(reader, scope) == before
        change(monitor=monitor, actor=ACTOR)
        monitor = Monitor.objects.get(pk=monitor.pk)
        scope_project(scope=scope, store=store)
        [news] = reader.follow()
        assert (news.changed, news.removed) == (tuple(after - before), tuple(before - after))
        assert running(reader, scope) == after


def test_follow__trigger_of_two_monitors_changed__both_documents(in_acme, scope, store, follower):
    trigger = make_trigger(in_acme)
    monitors = {str(make_monitor(in_acme, slug, triggers=["ops"]).pk) for slug in ("a", "b")}
    reader = follower()
    config = {"message": {"title": "new", "body": "new body"}}
    trigger_update(trigger=trigger, data={"config": config}, actor=ACTOR)
    scope_project(scope=scope, store=store)
    [news] = reader.follow()
    assert set(news.changed) == monitors


def test_follow__gap_in_the_stream__the_scope_is_listed(
    in_acme, scope, store, follower, projection_redis
):
    first, second = make_monitor(in_acme, "first"), make_monitor(in_acme, "second")
    reader = follower()
    monitor_pause(monitor=first, actor=ACTOR)
    scope_project(scope=scope, store=store)
    projection_redis.xdel(CHANGES, last_entry(projection_redis))
    monitor_pause(monitor=second, actor=ACTOR)
    scope_project(scope=scope, store=store)

    [news] = reader.follow()

    assert set(news.removed) == {str(first.pk), str(second.pk)}


def test_follow__more_changes_than_an_entry_names__the_scope_is_listed(
    in_acme, scope, store, follower, projection_redis
):
    monitors = [make_monitor(in_acme, f"m{number}") for number in range(12)]
    reader = follower()
    Monitor.objects.filter(slug__in=[monitor.slug for monitor in monitors[:11]]).update(paused=True)
    scope_project(scope=scope, store=store)
    [(_, entry)] = projection_redis.xrevrange(CHANGES, count=1)
    assert entry["ids"] == ""

    [news] = reader.follow()

    assert set(news.removed) == {str(monitor.pk) for monitor in monitors[:11]}
    assert running(reader, scope) == {str(monitors[11].pk)}


def test_follow__own_entry_trimmed_away__every_scope_is_looked_at(
    acme, globex, store, follower, projection_redis
):
    with in_tenant(acme.pk):
        lost = make_monitor(acme)
    with in_tenant(globex.pk):
        seen = make_monitor(globex)
    reader = follower()
    for tenant, monitor in ((acme, lost), (globex, seen)):
        with in_tenant(tenant.pk):
            monitor_pause(monitor=monitor, actor=ACTOR)
        scope_project(scope=Scope(str(tenant.pk)), store=store)
    projection_redis.xtrim(CHANGES, maxlen=1, approximate=False)

    removed = {change.scope: change.removed for change in reader.follow()}

    assert removed == {str(acme.pk): (str(lost.pk),), str(globex.pk): (str(seen.pk),)}


def test_follow__new_epoch__the_scope_is_listed(in_acme, scope, store, follower, projection_redis):
    """An operator declared the old history void: the version may even be a lower one."""
    monitor = make_monitor(in_acme)
    reader = follower()
    monitor_pause(monitor=monitor, actor=ACTOR)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_configversion SET epoch = 2, version = 1 WHERE scope = %s",
            [scope.id],
        )
    scope_project(scope=scope, store=store)
    assert projection_redis.hget(scope.meta, "rev") == "1"

    [news] = reader.follow()

    assert (news.epoch, news.rev, news.removed) == (2, 1, (str(monitor.pk),))


def test_follow__entries_older_than_the_start__are_not_read_again(
    in_acme, scope, store, follower, projection_redis
):
    """Between the cursor and the read of a scope somebody writes: it is in what was read."""
    monitor = make_monitor(in_acme)
    reader = follower()
    monitor_pause(monitor=monitor, actor=ACTOR)
    scope_project(scope=scope, store=store)
    reader.poll()
    assert running(reader, scope) == set()
    assert reader.follow() == []


def test_follow__tenant_suspended_activated_purged__comes_and_goes(store, follower):
    reader = follower()
    tenant = tenant_create(slug="shortlived", name="S", plan_slug="free", actor=ACTOR)
    scope = Scope(str(tenant.pk))
    with in_tenant(tenant.pk):
        monitor = str(make_monitor(tenant).pk)
    sweep(store=store)
    assert [news.changed for news in reader.follow()] == [(monitor,)]

    tenant = tenant_suspend(tenant=tenant, reason="unpaid", actor=ACTOR)
    sweep(store=store)
    assert [news.removed for news in reader.follow()] == [(monitor,)]
    assert copy_of(reader, scope).meta["status"] == "suspended"

    tenant = tenant_activate(tenant=tenant, actor=ACTOR)
    sweep(store=store)
    assert [news.changed for news in reader.follow()] == [(monitor,)]

    tenant_purge(tenant=tenant_delete(tenant=tenant, actor=ACTOR), actor=ACTOR)
    sweep(store=store)
    assert [news.removed for news in reader.follow()] == [(monitor,)]
    assert scope.id not in reader.configuration.scopes


def test_follow__tenant_that_is_new__is_taken(acme, store, follower, projection_redis):
    reader = follower()
    stranger = Scope(str(uuid.uuid4()))
    projection_redis.hset(
        stranger.meta, mapping={"rev": "0", "epoch": "1", "token": "t", "schema": "1"}
    )
    forge(projection_redis, stranger, {})
    projection_redis.sadd("platform:projection:tenants", stranger.id)
    [news] = reader.follow()
    assert news.scope == stranger.id


def test_follow__network_and_monitor_that_names_it__in_this_order(
    in_acme, scope, store, follower, projection_redis
):
    reader = follower()
    NetworkFactory(slug="newchain", name="New")
    monitor = make_monitor(in_acme, networks=["newchain"])
    sweep(store=store)
    assert [news.scope for news in reader.follow()] == [PLATFORM.id, scope.id]
    assert running(reader, scope) == {str(monitor.pk)}
    assert "newchain" in reader.configuration.networks


def test_follow__monitor_names_an_unknown_network__the_catalogue_is_read_once_more(
    in_acme, scope, store, follower, projection_redis
):
    """The platform's own entry was lost; the monitor's came through."""
    reader = follower()
    NetworkFactory(slug="newchain", name="New")
    monitor = make_monitor(in_acme, networks=["newchain"])
    scope_project(scope=PLATFORM, store=store)
    projection_redis.xdel(CHANGES, last_entry(projection_redis))
    scope_project(scope=scope, store=store)

    changes = reader.follow()

    assert {news.scope: news.refused for news in changes} == {PLATFORM.id: (), scope.id: ()}
    assert running(reader, scope) == {str(monitor.pk)}


def test_follow__entry_that_is_none__is_no_end(follower, projection_redis):
    reader = follower()
    for fields in ({"scope": PLATFORM.id}, {"x": "y"}, {"scope": "nobody", "ids": "["}):
        projection_redis.xadd(CHANGES, fields)
    assert reader.follow() == []
    assert reader.follow(0.01) == []


def test_follow__same_version_written_again__the_repaired_document_is_read(
    in_acme, scope, store, follower, projection_redis
):
    """A repair doesn't move the version: its entry leads from the version to itself."""
    monitor = make_monitor(in_acme)
    reader = follower()
    good = body_of(projection_redis, scope, monitor)
    altered = json.dumps(good | {"slug": "altered"})
    forge(projection_redis, scope, {str(monitor.pk): altered}, step=0)
    reader.follow()
    assert copy_of(reader, scope).documents[str(monitor.pk)]["slug"] == "altered"

    scope_project(scope=scope, store=store, look=Look.PRESENCE)
    reader.follow()

    assert copy_of(reader, scope).documents[str(monitor.pk)] == good

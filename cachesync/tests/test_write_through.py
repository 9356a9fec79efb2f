"""The fast path: a commit shows in Redis by itself, and never costs the caller an error."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from cachesync import receivers
from cachesync.keys import CHANGES, Scope
from cachesync.receivers import WriteThrough
from cachesync.services.project import scope_project
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from monitors.models import Monitor
from monitors.services import monitor_delete, monitor_pause
from tenants.services.lifecycle import tenant_activate, tenant_suspend
from triggers.services import trigger_update

pytestmark = pytest.mark.usefixtures("write_through")


def test_write_through__monitor_life__redis_follows_each_commit(in_acme, projection_redis):
    scope = Scope(str(in_acme.pk))
    trigger = make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    key = scope.document(str(monitor.pk))
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}

    config = {"message": {"title": "t", "body": "a changed message"}}
    trigger_update(trigger=trigger, data={"config": config}, actor=ACTOR)
    assert "a changed message" in projection_redis.get(key)

    monitor_pause(monitor=monitor, actor=ACTOR)
    assert projection_redis.smembers(scope.active) == set()

    monitor_delete(monitor=monitor, actor=ACTOR)
    assert projection_redis.hgetall(scope.index) == {}


def test_write_through__tenant_suspended_and_activated__set_follows(in_acme, projection_redis):
    scope = Scope(str(in_acme.pk))
    monitor = make_monitor(in_acme)
    tenant_suspend(tenant=in_acme, reason="unpaid", actor=ACTOR)
    assert projection_redis.smembers(scope.active) == set()
    tenant_activate(tenant=in_acme, actor=ACTOR)
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}


def test_write_through__inside_a_transaction__nothing_before_the_commit(in_acme, projection_redis):
    scope = Scope(str(in_acme.pk))
    with transaction.atomic():
        make_monitor(in_acme)
        assert not projection_redis.exists(scope.meta)
    assert projection_redis.scard(scope.active) == 1


def test_write_through__rolled_back__nothing_ever(in_acme, projection_redis):
    with transaction.atomic():
        make_monitor(in_acme)
        transaction.set_rollback(True)
    assert not projection_redis.exists(Scope(str(in_acme.pk)).meta)


def test_write_through__many_saves_in_a_transaction__one_call(in_acme, projection_redis):
    scope = Scope(str(in_acme.pk))
    make_monitor(in_acme, "first")
    before = projection_redis.xlen(CHANGES)
    with transaction.atomic():
        for number in range(5):
            make_monitor(in_acme, f"m{number}")
    assert projection_redis.xlen(CHANGES) == before + 1
    assert projection_redis.scard(scope.active) == 6


def test_write_through__queued_in_a_savepoint_that_rolls_back__outer_change_still_goes(
    in_acme, projection_redis
):
    """The one callback a transaction must not be the one that a savepoint takes away."""
    scope = Scope(str(in_acme.pk))
    with transaction.atomic():
        with transaction.atomic():
            make_monitor(in_acme, "lost")
            transaction.set_rollback(True)
        kept = make_monitor(in_acme, "kept")
    assert projection_redis.smembers(scope.active) == {str(kept.pk)}


def test_write_through__queued_in_a_savepoint_that_is_over__works_once(
    in_acme, projection_redis, monkeypatch
):
    scopes: list[Scope] = []
    monkeypatch.setattr(receivers, "write_through", scopes.append)
    with transaction.atomic():
        with transaction.atomic():
            make_monitor(in_acme, "first")
        make_monitor(in_acme, "second")
    assert scopes == [Scope(str(in_acme.pk))]


@contextmanager
def deaf_server() -> Iterator[str]:
    """Accepts connections and never answers: slower than dead."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_write_through__redis_hangs__the_write_succeeds_within_the_timeout(in_acme, in_haste):
    scope = Scope(str(in_acme.pk))
    with deaf_server() as url, override_settings(REDIS_PROJECTION_URL=url):
        started = time.monotonic()
        monitor = make_monitor(in_acme)
        seconds = time.monotonic() - started
    assert Monitor.objects.filter(pk=monitor.pk).exists()
    assert seconds < settings.PROJECTION_TIMEOUT_S, "as long as the sweep may wait"
    # The sweep's code path brings what was missed.
    store = Store()
    scope_project(scope=scope, store=store)
    assert store.read(scope).active == {str(monitor.pk)}


def test_write_through__callback__is_equal_by_scope():
    assert WriteThrough(Scope("a")) == WriteThrough(Scope("a")) != WriteThrough(Scope("b"))

"""Redis holds what this Postgres never wrote: nothing is overwritten until an operator decides."""

from __future__ import annotations

import pytest
import redis
from structlog.testing import capture_logs

from cachesync.contracts import Look, Result
from cachesync.keys import READY, Scope
from cachesync.models import ProjectedScope
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.services import monitor_pause
from tenants.models import ConfigChange

pytestmark = pytest.mark.usefixtures("committed")


def _row(scope: Scope) -> ProjectedScope:
    return ProjectedScope.objects.get(pk=scope.id)


def test_scope_project__same_version_of_another_history__left_for_an_operator(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    projection_redis.hset(scope.meta, "token", "00000000-0000-0000-0000-000000000000")
    before = projection_redis.hgetall(scope.index)
    assert scope_project(scope=scope, store=store, look=Look.PRESENCE) is Result.DIVERGED
    assert projection_redis.hgetall(scope.index) == before


def test_scope_project__redis_ahead_of_postgres__left_for_an_operator(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    projection_redis.hincrby(scope.meta, "rev", 5)
    assert scope_project(scope=scope, store=store) is Result.AHEAD


def test_scope_project__restored_behind_then_written_past__still_diverged(
    in_acme, scope, store, projection_redis
):
    """Postgres was restored to an older state and written until its number is the higher one."""
    monitor = make_monitor(in_acme)
    scope_project(scope=scope, store=store)
    projection_redis.hset(scope.meta, "token", "00000000-0000-0000-0000-000000000000")
    monitor_pause(monitor=monitor, actor=ACTOR)
    assert scope_project(scope=scope, store=store) is Result.DIVERGED


def _another_history(scope: Scope, projection_redis: redis.Redis) -> None:
    """Redis holds the version that Postgres has, of a time that Postgres never saw."""
    projection_redis.hset(scope.meta, "token", "of another time")


def test_diverged__log_that_proved_it_is_gone__still_known(in_acme, scope, store, projection_redis):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    _another_history(scope, projection_redis)
    monitor_pause(monitor=monitor, actor=ACTOR)
    assert scope_project(scope=scope, store=store) is Result.DIVERGED
    ConfigChange.objects.filter(scope=scope.id).delete()
    held = projection_redis.hgetall(scope.meta)
    done = reconcile(store=store)
    assert done.results == {Result.DIVERGED: 1}
    assert projection_redis.hgetall(scope.meta) == held
    assert _row(scope).condition == "diverged"


def test_ahead__postgres_grows_past_it__still_another_history(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    reconcile(store=store)
    rev = int(projection_redis.hget(scope.meta, "rev"))
    projection_redis.hset(scope.meta, mapping={"rev": rev + 1, "token": "of another time"})
    assert sweep(store=store).results == {Result.AHEAD: 1}
    for number in range(3):
        make_monitor(in_acme, f"m{number}")
    ConfigChange.objects.filter(scope=scope.id).delete()
    assert sweep(store=store).results == {Result.DIVERGED: 1}
    assert projection_redis.scard(scope.active) == 1


def test_ready__lost_while_one_tenant_is_of_another_history__declared_again(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    reconcile(store=store)
    _another_history(scope, projection_redis)
    projection_redis.delete(READY)
    assert sweep(store=store).results == {Result.DIVERGED: 1}
    assert projection_redis.exists(READY)


def test_diverged__redis_was_emptied__nothing_stands_against_it(
    in_acme, scope, store, projection_redis
):
    make_monitor(in_acme)
    reconcile(store=store)
    _another_history(scope, projection_redis)
    sweep(store=store)
    projection_redis.flushall()
    assert sweep(store=store).complete
    assert _row(scope).condition == "settled"


def test_diverged__many_sweeps__told_once(in_acme, scope, store, projection_redis):
    make_monitor(in_acme)
    reconcile(store=store)
    _another_history(scope, projection_redis)
    with capture_logs() as logs:
        sweep(store=store)
        sweep(store=store)
    assert [log["event"] for log in logs].count("projection.other_history") == 1

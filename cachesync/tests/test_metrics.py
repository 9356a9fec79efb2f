"""What the projection counts: by whom, and what became of it."""

from __future__ import annotations

import pytest
import redis
from django.db import connection
from structlog.testing import capture_logs

from blip0.common.metrics import METRICS
from blip0.common.tenancy import in_tenant
from cachesync import metrics
from cachesync.contracts import Drift, Look, Result
from cachesync.keys import Scope
from cachesync.metrics import FAILED, Via
from cachesync.services.project import scope_project, write_through
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.services import monitor_pause

pytestmark = pytest.mark.usefixtures("committed")


class Counted:
    """What was added to the counters since it was made."""

    def __init__(self) -> None:
        self._before = self._all()

    def __call__(self, name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return self._all()[key] - self._before[key]

    def applies(self, path: Via) -> dict[str, float]:
        """By result, those that aren't zero."""
        numbers = {
            str(result): self("blip0_projection_applies_total", path=path, result=result)
            for result in (*Result, FAILED)
        }
        return {result: number for result, number in numbers.items() if number}

    def repairs(self, path: Via) -> dict[str, float]:
        numbers = {
            str(kind): self("blip0_projection_repairs_total", path=path, kind=kind)
            for kind in Drift
        }
        return {kind: number for kind, number in numbers.items() if number}

    @staticmethod
    def _all() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in METRICS.collect()
            for sample in family.samples
        }


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def projected(acme, globex, store):
    with in_tenant(acme.pk):
        make_monitor(acme)
    reconcile(store=store)
    return store


# Results by path


def test_applies__of_a_sweep__are_counted_there(acme, globex, store, counted):
    sweep(store=store)
    assert counted.applies(Via.SWEEP) == {"ok": 3}
    assert counted.applies(Via.RECONCILE) == {}


def test_applies__of_a_reconciliation__include_its_sweep_and_what_was_verified(
    acme, globex, store, counted
):
    reconcile(store=store)
    assert counted.applies(Via.RECONCILE) == {"ok": 3, "noop": 3}
    assert counted.applies(Via.SWEEP) == {}


def test_applies__of_a_command__are_its_own(projected, scope, counted):
    scope_project(scope=scope, store=projected)
    assert counted.applies(Via.COMMAND) == {"noop": 1}


def test_applies__write_through__is_counted_once_a_commit(projected, acme, settings, counted):
    settings.PROJECTION_RECEIVERS = True
    with in_tenant(acme.pk):
        make_monitor(acme, slug="one")
    assert counted.applies(Via.WRITE_THROUGH) == {"ok": 1}
    assert counted("blip0_projection_run_duration_seconds_count", path=Via.WRITE_THROUGH) == 1
    assert counted("blip0_projection_run_failures_total", path=Via.WRITE_THROUGH) == 0


class Overtaken(Store):
    """Somebody else writes between its reading and its writing, so many times."""

    times = 1
    answer = Result.CONFLICT

    def apply(self, change, *, now):
        if self.times:
            self.times -= 1
            return self.answer
        return super().apply(change, now=now)


def test_applies__conflict__is_counted_beside_what_came_after(acme, globex, scope, store, counted):
    sweep(store=store)
    with in_tenant(acme.pk):
        make_monitor(acme)
    assert scope_project(scope=scope, store=Overtaken()) is Result.OK
    assert counted.applies(Via.COMMAND) == {"conflict": 1, "ok": 1}


def test_applies__conflicts_without_end__are_each_counted_once(acme, globex, scope, store, counted):
    contended = Overtaken()
    contended.times = 99
    assert scope_project(scope=scope, store=contended) is Result.CONFLICT
    assert counted.applies(Via.COMMAND) == {"conflict": 5}


def test_applies__stale__is_counted(acme, globex, scope, store, counted):
    faster = Overtaken()
    faster.answer = Result.STALE
    assert scope_project(scope=scope, store=faster) is Result.STALE
    assert counted.applies(Via.COMMAND) == {"stale": 1}


def test_applies__scope_that_fails__is_counted_beside_the_others(acme, globex, store, counted):
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitors_monitor RENAME TO monitors_monitor_gone")
    try:
        sweep(store=store)
    finally:
        with in_tenant(acme.pk), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitors_monitor_gone RENAME TO monitors_monitor")
    assert counted.applies(Via.SWEEP) == {"ok": 2, "failed": 1}
    assert counted("blip0_projection_run_failures_total", path=Via.SWEEP) == 0


# Repairs by path and kind


def test_repairs__lost_key__is_counted_where_it_was_mended(
    projected, scope, projection_redis, counted
):
    [field] = projection_redis.hkeys(scope.index)
    projection_redis.delete(scope.document(field))
    reconcile(store=projected)
    assert counted.repairs(Via.RECONCILE) == {"missing": 1}
    assert counted.repairs(Via.COMMAND) == {}


def test_repairs__altered_bytes_mended_by_hand__are_the_commands(
    projected, scope, projection_redis, counted
):
    [field] = projection_redis.hkeys(scope.index)
    projection_redis.set(scope.document(field), "{}")
    scope_project(scope=scope, store=projected, look=Look.BYTES)
    assert counted.repairs(Via.COMMAND) == {"altered": 1}


def test_repairs__orphan__is_one(projected, projection_redis, counted):
    projection_redis.sadd("platform:projection:tenants", "00000000-0000-4000-8000-000000000000")
    reconcile(store=projected)
    assert counted.repairs(Via.RECONCILE) == {"orphan": 1}


def test_repairs__what_a_commit_explains__is_none(projected, in_acme, counted):
    monitor_pause(monitor=make_monitor(in_acme, slug="later"), actor=ACTOR)
    sweep(store=projected)
    assert counted.applies(Via.SWEEP) == {"ok": 1}
    assert counted.repairs(Via.SWEEP) == {}


# Runs


def test_run__ends__duration_and_time_are_told(acme, globex, store, counted):
    sweep(store=store)
    assert counted("blip0_projection_run_duration_seconds_count", path=Via.SWEEP) == 1
    assert counted("blip0_projection_run_duration_seconds_sum", path=Via.SWEEP) > 0
    assert counted("blip0_projection_last_success_timestamp_seconds", path=Via.SWEEP) > 0


class Gone(Store):
    def versions(self, scopes):
        raise redis.ConnectionError("gone")

    def read_each(self, scopes, **options):
        raise redis.ConnectionError("gone")


def test_run__given_up__is_a_failure_and_no_success(acme, counted):
    with pytest.raises(redis.ConnectionError):
        sweep(store=Gone())
    assert counted("blip0_projection_run_failures_total", path=Via.SWEEP) == 1
    assert counted("blip0_projection_last_success_timestamp_seconds", path=Via.SWEEP) == 0
    # The way is forgotten: what comes next is no sweep.
    scope_project(scope=Scope("platform"), store=Store())
    assert counted.applies(Via.COMMAND) == {"ok": 1}


def test_write_through__redis_is_away__is_a_failure_and_nobody_else_hears_of_it(
    acme, scope, settings, counted
):
    settings.REDIS_PROJECTION_URL = "redis://127.0.0.1:1/0"
    assert write_through(scope) is None
    assert counted("blip0_projection_run_failures_total", path=Via.WRITE_THROUGH) == 1
    assert counted.applies(Via.WRITE_THROUGH) == {"failed": 1}
    assert counted("blip0_projection_run_duration_seconds_count", path=Via.WRITE_THROUGH) == 1


def test_measuring__fails__what_is_measured_goes_on(acme, globex, store, monkeypatch):
    class Broken:
        def labels(self, *values):
            raise OSError("no space left on device")

    for name in ("APPLIES", "REPAIRS", "DURATION", "LAST_SUCCESS"):
        monkeypatch.setattr(metrics, name, Broken())
    with capture_logs() as logs:
        assert sweep(store=store).results == {Result.OK: 3}
    assert "metrics.not_measured" in {log["event"] for log in logs}


def test_metrics__every_label__stands_at_zero_before_anything_happens():
    """An alert on an increase doesn't see a series that begins at one."""
    there = {
        (sample.name, *sorted(sample.labels.values()))
        for family in METRICS.collect()
        for sample in family.samples
    }
    for via in Via:
        for result in (*Result, FAILED):
            assert ("blip0_projection_applies_total", *sorted((via, result))) in there
        for kind in Drift:
            assert ("blip0_projection_repairs_total", *sorted((via, kind))) in there

"""Rounds: patience with what fails, bytes compared in slices, a full Redis."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from blip0.common.tenancy import in_tenant
from cachesync.contracts import Look, Result
from cachesync.keys import READY, Scope
from cachesync.models import ProjectedScope
from cachesync.services.conditions import RETRY_S, scope_failed
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.models import Monitor
from monitors.services import monitor_pause
from tenants.models import ConfigVersion

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def poisoned(acme):
    """Acme can't be rendered: a table is missing."""
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitors_monitor RENAME TO monitors_monitor_gone")
    yield acme
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitors_monitor_gone RENAME TO monitors_monitor")


def _row(scope: Scope) -> ProjectedScope:
    return ProjectedScope.objects.get(pk=scope.id)


# What fails


def test_sweep__scope_fails__why_and_when_again_are_remembered(poisoned, scope, store):
    done = sweep(store=store)
    assert done.failed == [scope.id]
    assert not done.complete
    row = _row(scope)
    assert (row.condition, row.failures) == ("failing", 1)
    assert row.error.startswith("ProgrammingError: relation")
    assert row.since is not None


def test_sweep__scope_failed_a_moment_ago__is_left_alone(poisoned, scope, store):
    sweep(store=store)
    done = sweep(store=store)
    assert (done.failed, done.postponed) == ([], [scope.id])
    assert _row(scope).failures == 1


def test_sweep__failed_scope_changed__is_tried_at_once(acme, scope, store):
    version = store.versions([scope])  # None: never projected
    assert version == [None]
    row = ConfigVersion.objects.get(scope=scope.id)
    wanted = Scope(scope.id), row.version - 1
    ProjectedScope.objects.create(
        scope=wanted[0].id, condition="failing", failures=9, failed_rev=wanted[1],
        retry_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    assert sweep(store=store).postponed == []
    assert (_row(scope).condition, _row(scope).failures, _row(scope).error) == ("settled", 0, "")


def test_scope_failed__again_and_again__the_pause_is_bounded(scope, store):
    sweep(store=store)
    now = timezone.now()
    version = store.versions([scope])[0]
    pauses = []
    for _ in range(5):
        scope_failed(scope=scope, version=version, error=ValueError("x"), now=now)
        retry_at = _row(scope).retry_at
        assert retry_at is not None
        pauses.append((retry_at - now).total_seconds())
    assert pauses == [5, 10, 20, 20, 20]
    assert max(RETRY_S) <= 25, "with a sweep every 5 s: mended within 30 s"


def test_sweep__one_scope_fails_for_good__the_others_are_ready(poisoned, scope, projection_redis):
    store = Store()
    sweep(store=store)
    assert not projection_redis.exists(READY)
    ProjectedScope.objects.filter(pk=scope.id).update(failures=3)
    sweep(store=store)
    assert projection_redis.hget(READY, "tenants") == "1"


def test_sweep__redis_takes_too_long__ends_at_once(acme, scope, projection_redis):
    class Slow(Store):
        def read_each(self, *args, **kwargs):
            raise redis.ConnectionError("gone")

    with pytest.raises(redis.ConnectionError):
        sweep(store=Slow())
    assert not ProjectedScope.objects.filter(condition="failing").exists()


def test_sweep__tables_of_one_tenant_are_locked__the_others_go_on(
    acme, globex, scope, store, projection_redis
):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f'LOCK TABLE "{acme.schema_name}".monitors_monitor')
        done = sweep(store=store)
        with other.cursor() as cursor:
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert done.failed == [scope.id]
    assert "lock timeout" in _row(scope).error
    assert projection_redis.exists(Scope(str(globex.pk)).meta)


def test_sweep__deadline_is_over__the_next_one_goes_on(acme, store):
    done = sweep(store=store, deadline=0.0)
    assert (done.left, done.complete) == (3, False)
    assert sweep(store=store).complete


# Bytes


def test_reconcile__bytes_altered__found_within_a_cycle(
    in_acme, scope, store, projection_redis, settings
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    key = scope.document(str(monitor.pk))
    body = projection_redis.get(key)
    projection_redis.set(key, body.replace("1000", "9999"))
    assert sweep(store=store).results == {}
    settings.PROJECTION_DEEP_CYCLE_S = 30
    with capture_logs() as logs:
        reconcile(store=store)
    assert projection_redis.get(key) == body
    [event] = [entry for entry in logs if entry["event"] == "projection.drift_mended"]
    assert event["kinds"] == {"altered": 1}


@pytest.mark.parametrize("bytes_", [b"\xff\xfe not utf-8", b""])
def test_reconcile__bytes_are_no_text__replaced(
    in_acme, scope, store, projection_redis, settings, bytes_
):
    monitor = make_monitor(in_acme)
    settings.PROJECTION_DEEP_CYCLE_S = 30
    reconcile(store=store)
    key = scope.document(str(monitor.pk))
    body = projection_redis.get(key)
    projection_redis.set(key, bytes_)
    reconcile(store=store)
    assert projection_redis.get(key) == body


def test_reconcile__rows_changed_without_a_trigger__found_within_a_cycle(
    in_acme, scope, store, projection_redis, settings
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        Monitor.objects.filter(pk=monitor.pk).update(name="Unseen")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert sweep(store=store).results == {}
    settings.PROJECTION_DEEP_CYCLE_S = 30
    reconcile(store=store)
    assert "Unseen" in projection_redis.get(scope.document(str(monitor.pk)))


def test_reconcile__many_rounds__every_scope_has_its_turn(acme, store, settings):
    settings.PROJECTION_DEEP_CYCLE_S = 90  # a third of three scopes a round
    for _ in range(3):
        reconcile(store=store)
    times = list(ProjectedScope.objects.values_list("verified_at", flat=True))
    assert len(set(times)) == 3
    assert None not in times


def test_reconcile__rounds_were_missed__made_up_for(acme, store, settings):
    settings.PROJECTION_DEEP_CYCLE_S = 90
    for _ in range(3):
        reconcile(store=store)
    before = timezone.now()
    ProjectedScope.objects.update(verified_at=before - timedelta(hours=1))
    reconcile(store=store)
    assert ProjectedScope.objects.filter(verified_at__gte=before).count() == 3


# A full Redis


@pytest.fixture
def full(projection_redis):
    """No memory for anything new."""
    yield lambda: projection_redis.config_set("maxmemory", "1mb")
    projection_redis.config_set("maxmemory", "0")


def test_apply__redis_is_full__refused_as_a_whole(in_acme, scope, store, projection_redis, full):
    reconcile(store=store)
    before = projection_redis.hgetall(scope.meta)
    make_monitor(in_acme)
    full()
    with pytest.raises(redis.OutOfMemoryError):
        scope_project(scope=scope, store=store)
    assert projection_redis.hgetall(scope.meta) == before
    assert projection_redis.hgetall(scope.index) == {}


def test_apply__redis_is_full__a_pause_gets_through(in_acme, scope, store, projection_redis, full):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    full()
    monitor_pause(monitor=monitor, actor=ACTOR)
    assert scope_project(scope=scope, store=store) is Result.OK
    assert projection_redis.scard(scope.active) == 0


def test_store__look__tells_missing_from_altered(in_acme, scope, store, projection_redis):
    kept, gone, other = (make_monitor(in_acme, slug) for slug in ("kept", "gone", "other"))
    reconcile(store=store)
    projection_redis.delete(scope.document(str(gone.pk)))
    projection_redis.append(scope.document(str(other.pk)), " ")
    seen = store.read(scope, look=Look.BYTES)
    assert (seen.missing, seen.altered) == ({str(gone.pk)}, {str(other.pk)})
    assert store.read(scope, look=Look.PRESENCE).altered == frozenset()
    assert store.read(scope).missing == frozenset()
    assert str(kept.pk) in seen.index
    assert django_settings.PROJECTION_DEEP_CYCLE_S == 600

"""Comparing, repairing and rebuilding by hand: what is done, what is kept of it, one at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.tenancy import in_tenant
from cachesync.contracts import Result
from cachesync.keys import PLATFORM, TENANTS, Scope
from cachesync.models import ProjectedScope, ProjectionDifference, ProjectionRun
from cachesync.services.comparison import Outcome
from cachesync.services.project import scope_project
from cachesync.services.reconcile import reconcile
from cachesync.services.runs import RunOver, run_begin, run_complete, run_perform
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tasks import perform_run
from cachesync.tests.conftest import make_monitor
from monitors.models import Monitor
from tenants.models import AuditRecord, Tenant

pytestmark = pytest.mark.usefixtures("committed")

STAFF = Actor(kind="staff", id="1", name="olga@blip0.test")
Kind = ProjectionRun.Kind
Status = ProjectionRun.Status


def begin(kind: str = Kind.REBUILD, **wanted: Any) -> ProjectionRun:
    values: dict[str, Any] = {"actor": STAFF, "reason": "Ticket 7", "now": timezone.now()} | wanted
    return run_begin(kind=kind, **values)


def do(store: Store, kind: str, **wanted: Any) -> ProjectionRun:
    return run_complete(begin(kind, **wanted), store=store)


def found() -> set[tuple[str, str]]:
    return set(ProjectionDifference.objects.values_list("kind", "document"))


@pytest.fixture
def monitors(in_acme: Tenant, store: Store) -> list[Monitor]:
    made = [make_monitor(in_acme, slug) for slug in ("first", "second", "third")]
    reconcile(store=store)
    return made


def damage(client: redis.Redis, scope: Scope, monitors: list[Monitor]) -> None:
    """One altered, one lost, one not in the active set."""
    first, second, third = (str(monitor.pk) for monitor in monitors)
    client.append(scope.document(first), " ")
    client.delete(scope.document(second))
    client.srem(scope.active, third)


# Comparing


def test_comparison__each_kind_of_drift__kept_with_its_document(
    monitors, scope, store, projection_redis
):
    damage(projection_redis, scope, monitors)
    projection_redis.sadd(TENANTS, orphan := str(uuid4()))

    run = do(store, Kind.COMPARISON)

    first, second, third = (str(monitor.pk) for monitor in monitors)
    assert found() == {
        ("altered", first),
        ("missing", second),
        ("active", third),
        ("orphan", ""),
    }
    assert ProjectionDifference.objects.get(kind="orphan").scope == orphan
    assert run.results == {Outcome.DIFFERENT: 1, Outcome.EQUAL: 2, Outcome.ORPHAN: 1}
    assert (run.status, run.done, run.total) == (Status.DONE, 4, 4)


def test_comparison__nothing_is_mended(monitors, scope, store, projection_redis):
    damage(projection_redis, scope, monitors)
    before = projection_redis.get(scope.document(str(monitors[0].pk)))

    do(store, Kind.COMPARISON)

    assert projection_redis.get(scope.document(str(monitors[0].pk))) == before


def test_comparison__of_a_scope_again__takes_the_place_of_its_last_one_only(
    monitors, globex, scope, store, projection_redis
):
    damage(projection_redis, scope, monitors)
    do(store, Kind.COMPARISON)
    ProjectionDifference.objects.create(
        scope=globex.pk, kind="meta", document="", found_at=timezone.now()
    )
    scope_project(scope=scope, store=store)  # as the index sees it: nothing to do
    projection_redis.sadd(scope.active, str(monitors[2].pk))

    do(store, Kind.COMPARISON, scopes=[scope])

    assert found() == {
        ("altered", str(monitors[0].pk)),
        ("missing", str(monitors[1].pk)),
        ("meta", ""),
    }


def test_comparison__text_that_no_column_takes__kept_cut(monitors, scope, store, projection_redis):
    projection_redis.hset(scope.index, "\0" + "x" * 200, "1:abc")

    do(store, Kind.COMPARISON)

    assert ("missing", "�" + "x" * 79) in found()


def test_difference__mended_by_the_reconciliation__is_gone(
    monitors, scope, store, projection_redis, settings
):
    damage(projection_redis, scope, monitors)
    do(store, Kind.COMPARISON)
    assert found()
    settings.PROJECTION_DEEP_CYCLE_S = 30

    reconcile(store=store)

    assert found() == set()


# Repairing


def test_repair__scopes_and_orphans__mended_compared_again_and_nothing_is_left(
    monitors, scope, globex, store, projection_redis
):
    damage(projection_redis, scope, monitors)
    orphan = Scope(str(uuid4()))
    projection_redis.sadd(TENANTS, orphan.id)
    do(store, Kind.COMPARISON)

    run = do(store, Kind.REPAIR, scopes=[scope, orphan])

    assert run.results == {Result.OK: 1, Outcome.DROPPED: 1}
    assert found() == set()
    assert orphan.id not in projection_redis.smembers(TENANTS)
    assert str(globex.pk) in projection_redis.smembers(TENANTS)
    assert projection_redis.get(scope.document(str(monitors[1].pk))) is not None


def test_repair__of_one_document__only_that_one_is_mended(monitors, scope, store, projection_redis):
    first, second, _ = (str(monitor.pk) for monitor in monitors)
    right = projection_redis.get(scope.document(first))
    for one in (first, second):
        projection_redis.append(scope.document(one), " ")
    do(store, Kind.COMPARISON)

    run = do(store, Kind.REPAIR, scopes=[scope], document=first)

    assert projection_redis.get(scope.document(first)) == right
    assert projection_redis.get(scope.document(second)).endswith(" ")
    assert run.results == {Result.OK: 1}
    assert found() == {("altered", second)}


@pytest.mark.parametrize("document", ["networks:base", "filters:even_blocks"])
def test_repair__of_a_document_of_the_catalogue__is_there_again(
    monitors, store, projection_redis, document
):
    key = PLATFORM.document(document)
    right = projection_redis.get(key)
    projection_redis.delete(key)

    run = do(store, Kind.REPAIR, scopes=[PLATFORM], document=document)

    assert projection_redis.get(key) == right
    assert run.results == {Result.OK: 1}


def test_repair__of_a_document_that_is_right__writes_nothing(
    monitors, scope, store, projection_redis
):
    written = projection_redis.hget(scope.meta, "written_at")

    run = do(store, Kind.REPAIR, scopes=[scope], document=str(monitors[0].pk))

    assert run.results == {Result.NOOP: 1}
    assert projection_redis.hget(scope.meta, "written_at") == written


def test_repair__of_another_history__refused_and_nothing_begun(
    monitors, scope, store, projection_redis
):
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)

    with pytest.raises(Conflict, match="new epoch"):
        begin(Kind.REPAIR, scopes=[scope])

    assert not ProjectionRun.objects.exists()
    assert not AuditRecord.objects.filter(action="projection.repair_begun").exists()


# Rebuilding, and what all of them share


def test_rebuild__with_a_new_epoch__another_history_is_overwritten(
    monitors, scope, store, projection_redis
):
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)

    run = do(store, Kind.REBUILD, new_epoch=True)

    assert (run.epoch, run.results) == (2, {Result.OK: 3})
    assert projection_redis.hget(scope.meta, "epoch") == "2"
    assert ProjectedScope.objects.get(pk=scope.id).condition == "settled"


def test_run__begun__is_audited_with_its_reason(monitors, scope, store):
    run = do(store, Kind.REPAIR, scopes=[scope])

    record = AuditRecord.objects.get(action="projection.repair_begun")
    assert (record.actor_name, record.reason) == ("olga@blip0.test", "Ticket 7")
    assert (record.object_id, str(record.tenant_id)) == (str(run.pk), scope.id)
    assert record.after == {"scopes": [scope.id], "document": "", "new_epoch": False}


@pytest.mark.parametrize("kind", [Kind.REPAIR, Kind.REBUILD])
def test_run__without_a_reason__refused(kind):
    with pytest.raises(InvalidField, match="reason"):
        begin(kind, reason="  ")


def test_run__of_all__one_at_a_time(scope):
    begin(Kind.REBUILD)

    with pytest.raises(Conflict, match="Another run"):
        begin(Kind.COMPARISON)

    assert begin(Kind.COMPARISON, scopes=[scope]).is_open


def test_run__whose_worker_died__is_silent_and_the_next_one_may_begin(store):
    dead = begin(Kind.REBUILD)
    work = run_perform(dead, store=store)
    next(work)  # and never goes on
    later = timezone.now() + ProjectionRun.SILENCE + timedelta(seconds=1)
    dead.refresh_from_db()
    assert dead.is_open
    assert dead.is_silent(later)
    assert not dead.is_silent(timezone.now())

    begin(Kind.REBUILD, now=later)

    dead.refresh_from_db()
    assert (dead.status, dead.error) == (Status.LOST, "Whoever worked on it fell silent.")


def test_run__declared_lost_while_it_works__stops(monitors, store, monkeypatch):
    monkeypatch.setattr("cachesync.services.runs.TOLD_EVERY_S", 0)
    run = begin(Kind.REBUILD)
    work = run_perform(run, store=store)
    next(work)
    ProjectionRun.objects.filter(pk=run.pk).update(status=Status.LOST)

    with pytest.raises(RunOver):
        list(work)

    run.refresh_from_db()
    assert run.status == Status.LOST


def test_run__task_comes_twice__done_once(monitors, store):
    run = begin(Kind.REBUILD)
    perform_run(run.pk)
    run.refresh_from_db()
    finished = run.finished_at
    assert run.status == Status.DONE

    perform_run(run.pk)

    run.refresh_from_db()
    assert run.finished_at == finished


def test_run__redis_away__failed_and_says_why(settings):
    settings.REDIS_PROJECTION_URL = "redis://127.0.0.1:1/0"
    run = begin(Kind.REBUILD)

    with pytest.raises(redis.ConnectionError):
        run_complete(run, store=Store())

    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.error.startswith("ConnectionError: ")
    assert begin(Kind.REBUILD).is_open


@pytest.mark.parametrize("kind", [Kind.COMPARISON, Kind.REBUILD])
def test_run__a_tenant_that_cannot_be_rendered__counted_and_holds_up_no_other(
    acme, scope, store, kind
):
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitors_monitor RENAME TO monitors_monitor_gone")
    try:
        scope_project(scope=PLATFORM, store=store)
        run = do(store, kind)
    finally:
        with in_tenant(acme.pk), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitors_monitor_gone RENAME TO monitors_monitor")

    assert run.status == Status.DONE
    assert run.results["failed"] == 1
    assert sum(run.results.values()) == 3
    assert ProjectedScope.objects.get(pk=scope.id).condition == "failing"


def test_command__rebuild__writes_a_row_too(monitors):
    call_command("projection_rebuild", "--tenant", "acme", "--reason", "by hand")

    run = ProjectionRun.objects.get()
    assert (run.kind, run.status, run.reason) == (Kind.REBUILD, Status.DONE, "by hand")
    assert run.actor_name == "manage.py projection_rebuild"


def test_command__rebuild_while_another_one_goes_on__refused():
    begin(Kind.REBUILD)

    with pytest.raises(CommandError, match="Another run"):
        call_command("projection_rebuild")


def test_command__rebuild_of_one_document__mends_it_alone(monitors, scope, projection_redis):
    for monitor in monitors:
        projection_redis.append(scope.document(str(monitor.pk)), " ")

    call_command("projection_rebuild", "--document", "second", "--tenant", "acme")

    altered = [projection_redis.get(scope.document(str(one.pk))).endswith(" ") for one in monitors]
    assert altered == [True, False, True]


def test_command__new_epoch_of_one_document__refused(monitors):
    with pytest.raises(CommandError, match="whole scopes"):
        call_command("projection_rebuild", "--document", "second", "--new-epoch", "--yes")
    assert not ProjectionRun.objects.exists()

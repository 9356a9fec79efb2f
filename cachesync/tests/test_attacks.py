"""Attacks: lost answers, tampered keys, races in the worst order. Nothing wrong may stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import redis
from django.db import connection, connections
from django.utils import timezone

from blip0.common.tenancy import current_schema, in_tenant
from cachesync.contracts import Change, Result, StoredScope, Version
from cachesync.keys import READY, TENANTS, Scope
from cachesync.models import ProjectedDocument
from cachesync.projections import render
from cachesync.services import project
from cachesync.services.project import _apply, scope_project, write_through
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from monitors.models import Monitor
from monitors.services import monitor_pause, monitor_resume
from tenants.models import ConfigVersion, Tenant
from tenants.services.lifecycle import tenant_create, tenant_delete, tenant_purge

pytestmark = pytest.mark.usefixtures("committed")


def states(scope: Scope) -> dict[str, str]:
    rows = ProjectedDocument.objects.filter(scope=scope.id)
    return dict(rows.values_list("object_id", "state"))


# The table that people look at


class AnswerLost(Store):
    """Redis applies the change; its answer never arrives."""

    def apply(self, change: Change, *, now: object) -> Result:
        super().apply(change, now=timezone.now())
        raise redis.TimeoutError


def test_table__answer_lost_after_the_apply__in_step_after_the_next_sweep(in_acme, scope, store):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    monitor_pause(monitor=monitor, actor=ACTOR)
    with pytest.raises(redis.TimeoutError):
        scope_project(scope=scope, store=AnswerLost())
    sweep(store=store)
    assert states(scope) == {str(monitor.pk): "paused"}
    assert not sweep(store=store).results, "and that is enough"


def test_table__older_writer_is_late__newer_state_stays(in_acme, scope, store):
    first, second = make_monitor(in_acme, "first"), make_monitor(in_acme, "second")
    scope_project(scope=scope, store=store)
    monitor_pause(monitor=first, actor=ACTOR)

    class Overtaken(Store):
        """Between this writer's apply and its row, another one does both for a newer version."""

        def apply(self, change: Change, *, now: object) -> Result:
            result = super().apply(change, now=timezone.now())
            monitor_resume(monitor=first, actor=ACTOR)
            monitor_pause(monitor=second, actor=ACTOR)
            assert scope_project(scope=scope, store=store) is Result.OK
            return result

    assert scope_project(scope=scope, store=Overtaken()) is Result.OK
    sweep(store=store)
    assert states(scope) == {str(first.pk): "active", str(second.pk): "paused"}


# Lost and altered keys


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda client, scope: client.hset(scope.meta, "rev", "x"), id="rev_altered"),
        pytest.param(lambda client, scope: client.hdel(scope.meta, "rev"), id="rev_lost"),
        pytest.param(lambda client, scope: client.hdel(scope.meta, "token"), id="token_lost"),
        pytest.param(
            lambda client, scope: client.hdel(scope.meta, "render_version"), id="render_lost"
        ),
        pytest.param(lambda client, scope: client.delete(scope.meta), id="meta_lost"),
        pytest.param(lambda client, scope: client.delete(scope.index), id="index_lost"),
        pytest.param(lambda client, scope: client.delete(scope.active), id="set_lost"),
        pytest.param(lambda client, scope: client.sadd(scope.active, "x"), id="set_altered"),
        pytest.param(
            lambda client, scope: client.hset(scope.index, "x", "1:0"), id="index_altered"
        ),
        pytest.param(lambda client, scope: client.delete(TENANTS), id="tenants_lost"),
        pytest.param(lambda client, scope: client.delete(READY), id="ready_lost"),
        pytest.param(
            lambda client, scope: client.hdel("platform:projection:index", "networks:base"),
            id="platform_index_altered",
        ),
    ],
)
def test_reconcile__one_key_lost_or_altered__as_it_was(
    damage: Callable[..., object], acme, globex, scope, store, projection_redis, read_projection
):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant)
    reconcile(store=store)
    before = read_projection()
    before["ready"].pop("completed_at")

    damage(projection_redis, scope)
    reconcile(store=store)

    after = read_projection()
    after["ready"].pop("completed_at")
    for configuration in (before, after):
        for part in (configuration["platform_meta"], *configuration["tenants"].values()):
            part.get("meta", part).pop("written_at", None)
    assert after == before
    assert not reconcile(store=store).results, "repaired once"


@pytest.mark.parametrize("name", ["meta", "index", "active"])
def test_reconcile__another_type_under_a_name_of_ours__replaced(
    in_acme, scope, store, projection_redis, name
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    key = getattr(scope, name)
    held = projection_redis.type(key)
    projection_redis.delete(key)
    projection_redis.set(key, "a text")
    reconcile(store=store)
    assert projection_redis.type(key) == held
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}
    assert not reconcile(store=store).results


def test_reconcile__cannot_be_rendered_and_body_lost__leaves_the_index(
    in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    Monitor.objects.filter(pk=monitor.pk).update(name=" ")
    reconcile(store=store)
    projection_redis.delete(scope.document(str(monitor.pk)))
    reconcile(store=store)
    assert projection_redis.hgetall(scope.index) == {}
    assert projection_redis.smembers(scope.active) == set()
    assert not reconcile(store=store).results


# Races


def test_reconcile__tenant_created_meanwhile__is_no_orphan(in_acme, store, projection_redis):
    created: list[Tenant] = []

    class Meanwhile(Store):
        def missing(self, scope: Scope, fields: Iterable[str]) -> frozenset[str]:
            if not created:
                created.append(
                    tenant_create(slug="meanwhile", name="M", plan_slug="free", actor=ACTOR)
                )
                scope_project(scope=Scope(str(created[0].pk)), store=store)
            return super().missing(scope, fields)

    reconcile(store=Meanwhile())
    assert projection_redis.exists(Scope(str(created[0].pk)).meta)
    assert projection_redis.sismember(TENANTS, str(created[0].pk))


def test_apply__two_stage_other_bodies_of_one_version__each_gets_its_own(scope, projection_redis):
    """Two renderers at work during a deploy: same version, other bytes."""

    def change(body: bytes, render_version: int) -> Change:
        fields = [f"d{number}" for number in range(201)]
        return Change(
            scope=scope,
            expected=None,
            version=Version(7, 1, "t", render_version),
            status="active",
            digest="",
            puts=dict.fromkeys(fields, body),
            hashes=dict.fromkeys(fields, body.decode()),
            activate=frozenset(),
            deactivate=frozenset(),
            removals=frozenset(),
            requires=frozenset(),
        )

    class Interleaved(Store):
        def _stage(self, change: Change) -> str:
            prefix = super()._stage(change)
            Store()._stage(other)
            return prefix

    other = change(b"old", 1)
    assert Interleaved().apply(change(b"new", 2), now=timezone.now()) is Result.OK
    assert projection_redis.get(scope.document("d0")) == "new"
    assert projection_redis.hget(scope.index, "d0") == "7:new"


def test_write_through__database_connection_killed__caller_goes_on(
    in_acme, scope, store, monkeypatch
):
    monitor = make_monitor(in_acme)

    class Killed(Store):
        def read(self, scope: Scope, **how: Any) -> StoredScope:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (pid,) = cursor.fetchone()
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            other.close()
            return super().read(scope, **how)

    monkeypatch.setattr(project, "Store", Killed)
    assert write_through(scope) is None
    assert current_schema() == in_acme.schema_name
    assert Monitor.objects.get().pk == monitor.pk
    assert scope_project(scope=scope, store=store) is Result.OK


def test_network_switched_and_endpoint_changed__at_once__no_deadlock():
    """Each transaction takes the platform's version first, then the tenants' in one order."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(2, timeout=20)

    def work(statements: list[str]) -> None:
        try:
            for number in range(15):
                barrier.wait()
                with connection.cursor() as cursor:
                    cursor.execute(
                        "BEGIN;" + ";".join(statements).format(number=number) + ";COMMIT"
                    )
        except BaseException as error:
            errors.append(error)
            barrier.abort()
        finally:
            connections.close_all()

    switch = "UPDATE platform_catalog_network SET enabled = NOT enabled WHERE slug = '{}'"
    threads = [
        threading.Thread(target=work, args=([switch.format("base")],)),
        threading.Thread(
            target=work,
            args=(
                [
                    "UPDATE platform_catalog_rpcendpoint SET weight = {number}",
                    switch.format("stellar_mainnet"),
                ],
            ),
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_reconcile__ready__counts_the_tenants_that_are_there(acme, globex, store, projection_redis):
    tenant = tenant_create(slug="shortlived", name="S", plan_slug="free", actor=ACTOR)
    tenant_purge(tenant=tenant_delete(tenant=tenant, actor=ACTOR), actor=ACTOR)
    reconcile(store=store)
    assert projection_redis.hget(READY, "tenants") == "2"
    assert ConfigVersion.objects.count() == 4


def test_sweep__flushall__declared_ready_without_the_beat(acme, store, projection_redis):
    reconcile(store=store)
    projection_redis.flushall()
    sweep(store=store)
    assert projection_redis.exists(READY)


def test_last_good__render_fails_and_trigger_loses_its_configuration__leaves_the_set(
    in_acme, scope, store, projection_redis
):
    trigger = make_trigger(in_acme)
    make_monitor(in_acme, triggers=["ops"])
    scope_project(scope=scope, store=store)
    trigger.slackconfig.delete()
    stored = store.read(scope)
    assert _apply(render(scope, since=stored.version), stored, store) is Result.OK
    assert projection_redis.smembers(scope.active) == set()

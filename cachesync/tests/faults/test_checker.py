"""The checker sees everything that it is there for: each damage, made on purpose, is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from cachesync.keys import PLATFORM, Scope
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from cachesync.tests.faults.checker import Checker
from cachesync.tests.faults.journal import Fact, Journal, ObjectState, Stage
from cachesync.tests.faults.views import Kind
from monitors.models import Monitor
from monitors.services import monitor_delete, monitor_pause
from tenants.models import Tenant

pytestmark = pytest.mark.usefixtures("committed")

ACTIVE, PAUSED, DELETED = ObjectState.ACTIVE, ObjectState.PAUSED, ObjectState.DELETED


class Watched:
    """Acme with one running and one paused monitor, a checker that has seen them, and a journal."""

    def __init__(self, acme: Tenant, redis: Any, folder: Path) -> None:
        self.redis = redis
        self.scope = Scope(str(acme.pk))
        self.acme = acme
        message = {"title": "t", "body": "marker 0"}
        url = {"type": "Plain", "value": "https://hooks.slack.com/services/T/B/plaintextcanary"}
        make_trigger(acme, config={"slack_url": url, "message": message})
        self.running = self.make("running", 1)
        self.paused = self.make("paused", 2, paused=True)
        self.journal = Journal(folder, "test")
        facts = [
            Fact(self.scope.id, str(self.running.pk), 1, ACTIVE),
            Fact(self.scope.id, str(self.paused.pk), 2, PAUSED),
            Fact(
                self.scope.id, str(self.running.trigger_links.get().trigger_id), 0, ObjectState.TOLD
            ),
        ]
        self.journal.write(Stage.BASELINE, facts=[vars(fact) for fact in facts])
        reconcile(store=Store())
        self.folder = folder
        self.look_anew()

    def look_anew(self) -> None:
        """With another checker, to which everything looks well."""
        self.checker = Checker(settings.REDIS_PROJECTION_URL, self.folder)
        assert self.found() == {}

    def make(self, slug: str, marker: int, **data: Any) -> Monitor:
        alerting = {"min_interval_s": marker}
        return make_monitor(self.acme, slug, alerting=alerting, triggers=["ops"], **data)

    def key(self, monitor: Monitor) -> str:
        return self.scope.document(str(monitor.pk))

    def change(self, monitor: Monitor, marker: int) -> None:
        """Commit and project it."""
        Monitor.objects.filter(pk=monitor.pk).update(min_interval_s=marker)
        sweep(store=Store())

    def tell(self, *facts: tuple[Monitor, int, ObjectState], stage: Stage, **more: Any) -> None:
        told = (Fact(self.scope.id, str(pk.pk), marker, state) for pk, marker, state in facts)
        self.journal.committing("a transaction", told)
        if stage is not Stage.COMMITTING:
            self.journal.write(stage, tx="a transaction", **more)

    def found(self) -> dict[str, int]:
        """What is wrong by now, after looking at everything once more."""
        self.checker.look_everywhere()
        return self.checker.report().violations


@pytest.fixture
def watched(in_acme: Tenant, projection_redis: Any, tmp_path: Path) -> Watched:
    return Watched(in_acme, projection_redis, tmp_path)


def deleted_and_back(watched: Watched) -> None:
    kept = {key: watched.redis.dump(key) for key in watched.redis.keys("tenant:*")}
    watched.tell((watched.running, 3, DELETED), stage=Stage.COMMITTED)
    monitor_delete(monitor=watched.running, actor=ACTOR)
    sweep(store=Store())
    assert watched.found() == {}
    for key, value in kept.items():
        watched.redis.restore(key, 0, value, replace=True)


def rolled_back_after_all(watched: Watched) -> None:
    watched.tell((watched.running, 3, ACTIVE), stage=Stage.COMMITTING)
    watched.change(watched.running, 3)
    assert watched.found() == {}
    watched.journal.write(Stage.ROLLED_BACK, tx="a transaction")


def shown_by_half(watched: Watched) -> None:
    both = [(watched.running, 3, ACTIVE), (watched.paused, 3, PAUSED)]
    watched.tell(*both, stage=Stage.COMMITTED)
    watched.change(watched.running, 3)


def paused_as_it_was(watched: Watched) -> None:
    """The marker of the change, and not its content."""
    watched.tell((watched.running, 3, PAUSED), stage=Stage.COMMITTED)
    watched.change(watched.running, 3)


def forked(watched: Watched) -> None:
    entry = {"scope": watched.scope.id, "prev_rev": 1, "rev": 99, "epoch": 1, "ids": ""}
    watched.redis.xadd("platform:projection:changes", entry)


def never_shown(watched: Watched) -> None:
    fact = (watched.running, 3, ACTIVE)
    watched.tell(fact, stage=Stage.COMMITTED, at=time.monotonic() - 31)


DAMAGES_OF_REDIS: list[tuple[Kind, Callable[[Watched], object]]] = [
    (Kind.WENT_BACK, lambda it: it.redis.hset(it.scope.meta, "rev", 1)),
    (Kind.VANISHED, lambda it: it.redis.hdel(it.scope.index, str(it.paused.pk))),
    (Kind.VANISHED, lambda it: it.redis.delete(it.scope.meta)),
    (Kind.DANGLING, lambda it: it.redis.delete(it.key(it.running))),
    (Kind.DANGLING, lambda it: it.redis.sadd(it.scope.active, "x")),
    (Kind.DANGLING, lambda it: it.redis.delete("platform:filters:even_blocks")),
    (Kind.OPEN_REFERENCE, lambda it: it.redis.delete("platform:networks:ethereum_mainnet")),
    (Kind.OPEN_REFERENCE, lambda it: it.redis.hdel(PLATFORM.index, "filters:even_blocks")),
    (Kind.MALFORMED, lambda it: it.redis.append(it.key(it.running), " ")),
    (Kind.MALFORMED, lambda it: it.redis.set("platform:networks:base", "{}")),
    (Kind.FOREIGN, lambda it: it.redis.copy(it.key(it.paused), it.key(it.running), replace=1)),
    (Kind.PLAINTEXT, lambda it: it.redis.append(it.key(it.running), "plaintextcanary")),
    (Kind.PLAINTEXT, lambda it: it.redis.set("anywhere", "plaintextcanary")),
    (Kind.INCONSISTENT, lambda it: it.redis.hincrby(it.scope.meta, "count", 1)),
    (Kind.INCONSISTENT, lambda it: it.redis.hset(it.scope.index, str(it.paused.pk), "1:0")),
    (Kind.INCONSISTENT, lambda it: it.redis.hset(it.scope.meta, "rev", "x")),
    (Kind.RUNS, lambda it: it.redis.sadd(it.scope.active, str(it.paused.pk))),
    (Kind.RUNS, lambda it: it.redis.hset(it.scope.meta, "status", "suspended")),
    (Kind.IDLE, lambda it: it.redis.srem(it.scope.active, str(it.running.pk))),
    (Kind.TWO_WINNERS, forked),
    (Kind.UNREADABLE, lambda it: it.redis.delete("platform:projection:ready")),
    (Kind.LEFTOVER, lambda it: it.redis.set(it.scope.stage(1, "x"), "{}")),
]


def test_checker__damage_of_redis__told_of_each(watched: Watched) -> None:
    whole = {key: watched.redis.dump(key) for key in watched.redis.keys("*")}
    untold = []
    for number, (kind, damage) in enumerate(DAMAGES_OF_REDIS):
        watched.look_anew()
        damage(watched)
        if kind not in watched.found():
            untold.append((number, kind))
        watched.redis.flushall()
        for key, value in whole.items():
            watched.redis.restore(key, 0, value)
    assert untold == []


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        (Kind.UNCOMMITTED, lambda it: it.change(it.running, 3)),
        (Kind.UNCOMMITTED, rolled_back_after_all),
        (Kind.CAME_BACK, deleted_and_back),
        (Kind.HALF, shown_by_half),
        (Kind.HALF, paused_as_it_was),
        (Kind.LATE, never_shown),
    ],
)
def test_checker__damage__told(
    kind: Kind, damage: Callable[[Watched], object], watched: Watched
) -> None:
    damage(watched)
    assert kind in watched.found()


def test_checker__changes_as_they_should_be__nothing_to_tell(watched: Watched) -> None:
    watched.tell((watched.running, 3, PAUSED), stage=Stage.COMMITTED)
    Monitor.objects.filter(pk=watched.running.pk).update(min_interval_s=3)
    monitor_pause(monitor=watched.running, actor=ACTOR)
    sweep(store=Store())
    assert watched.found() == {}
    report = watched.checker.report()
    assert report.unseen == []
    assert report.seen == 1


def test_checker__damage_of_a_fault__excused_until_the_scope_was_whole(watched: Watched) -> None:
    def lose() -> None:
        watched.redis.delete(watched.key(watched.running))

    name, excuses = "a fault", [Kind.DANGLING, Kind.UNREADABLE]
    told = {"within_s": 30, "stops_clock": False}
    watched.journal.write(Stage.FAULT, name=name, excuses=excuses, **told)
    lose()
    assert watched.found() == {}
    watched.journal.write(Stage.FAULT_OVER, name=name)
    assert watched.found() == {}
    reconcile(store=Store())
    assert watched.found() == {}
    lose()
    assert set(watched.found()) == {Kind.DANGLING, Kind.UNREADABLE}


def test_checker__damage_of_a_fault_stays_too_long__told(watched: Watched) -> None:
    told = {"excuses": [Kind.IDLE, Kind.INCONSISTENT], "within_s": 0, "stops_clock": True}
    watched.journal.write(Stage.FAULT, name="one", **told)
    watched.redis.srem(watched.scope.active, str(watched.running.pk))
    watched.journal.write(Stage.FAULT_OVER, name="one")
    assert Kind.IDLE in watched.found()

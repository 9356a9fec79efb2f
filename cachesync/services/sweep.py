"""The sweep: whatever write-through missed, it finds by the versions of all scopes.

It compares the versions in Postgres with those in Redis, and projects what differs. No flag, queue
or log of intentions is involved: nothing can be lost that way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from cachesync import metrics
from cachesync.contracts import SCHEMA_VERSION, Look, Version
from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectedScope
from cachesync.selectors.scopes import known_scopes, wanted_versions
from cachesync.services.rounds import Round
from cachesync.store import Store

SWEEP_LOCK = 0x626C6970_30000002  # "blip0" and a number: every advisory lock here is of that form


@metrics.run(metrics.Via.SWEEP)
def sweep(*, store: Store, deadline: float | None = None) -> Round:
    """Project every scope whose version differs between Postgres and Redis.

    The platform first, since tenants' documents name its keys. One scope's failure is remembered
    and holds up no other. `deadline` is of `time.monotonic`: what is left then is for the next
    one. Raises `redis.RedisError` and `django.db.Error` only where one of them can't be asked.
    """
    with only_one(SWEEP_LOCK) as alone:
        wanted = wanted_versions()
        held = dict(zip(wanted, store.versions(list(wanted)), strict=True))
        # Asked last: a writer who is between Redis and its rows has had the most time.
        known = known_scopes()
        done = Round(store=store, known=known, deadline=deadline, scopes=len(wanted))
        tasks = []
        for scope in _in_order(wanted, alone=alone):
            untold = is_older(told_version(known.get(scope)), held[scope])
            if untold or held[scope] != wanted[scope]:
                look = Look.PRESENCE if untold else Look.INDEX
                tasks.append((scope, wanted[scope], look))
        if tasks and tasks[0][0].is_platform:
            # By itself, before any document that names its keys.
            done.project_all([tasks.pop(0)])
        done.project_all(tasks)
        done.finish()
    store.set_heartbeat(timezone.now())
    if done.complete_enough:
        declare_ready(store, wanted)
    return done


@contextmanager
def only_one(lock: int) -> Iterator[bool]:
    """Whether nobody else holds this lock. It saves work; nothing depends on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def told_version(row: ProjectedScope | None) -> Version | None:
    """How far the table of documents tells of a scope; only numbers, without a token."""
    return None if row is None else Version(row.rev, row.epoch, "")


def is_older(version: Version | None, other: Version | None) -> bool:
    """Whether `version` comes before `other`. None comes before all."""
    if version is None or other is None:
        return other is not None
    return (version.epoch, version.rev) < (other.epoch, other.rev)


def _in_order(wanted: Mapping[Scope, Version], *, alone: bool) -> list[Scope]:
    """The platform, then the tenants; from their other end where another sweep is at work.

    The two of them meet in the middle of a great rebuild, instead of doing everything twice.
    """
    platform = [scope for scope in wanted if scope.is_platform]
    tenants = [scope for scope in wanted if not scope.is_platform]
    return platform + (tenants if alone else tenants[::-1])


def declare_ready(store: Store, wanted: Mapping[Scope, Version]) -> None:
    """Tell readers that they may start: everything of this epoch is there."""
    if PLATFORM not in wanted:
        return
    stands = store.ready()
    epoch = wanted[PLATFORM].epoch
    if (stands.get("epoch"), stands.get("schema")) != (str(epoch), str(SCHEMA_VERSION)):
        store.set_ready(epoch=epoch, tenants=len(store.tenants()), now=timezone.now())

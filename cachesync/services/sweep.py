"""The guarantee: whatever write-through missed, the sweep and the reconciliation find.

They compare the versions of all scopes in Postgres with those in Redis, and repair what differs.
No flag, queue or log of intentions is involved: nothing can be lost that way.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import connection
from django.db.models import Func
from django.utils import timezone

from blip0.common.tenancy import in_public
from cachesync.contracts import RENDER_VERSION, Result, Version
from cachesync.keys import KIND_FILTER, KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectedScope
from cachesync.services.project import scope_project
from cachesync.store import Store
from platform_catalog.models import FilterScript, Network
from tenants.models import ConfigVersion

logger = structlog.get_logger(__name__)

_RECONCILE_LOCK = 0x626C6970_30000001  # "blip0" and a number; see docs/architecture.md


@dataclass
class Round:
    """What one sweep or reconciliation did. `results` counts scopes by result."""

    scopes: int = 0
    results: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Every scope is as Postgres has it, or was when we looked."""
        unsettled = {Result.AHEAD, Result.DIVERGED, Result.CONFLICT, Result.STALE}
        return not self.failed and not any(self.results[result] for result in unsettled)


def sweep(*, store: Store) -> Round:
    """Project every scope whose version differs between Postgres and Redis.

    The platform first, since tenants' documents name its keys. One scope's failure is logged and
    holds up no other. Raises `redis.RedisError` only where Redis can't even be asked.
    """
    started = time.monotonic()
    done = Round()
    with in_public():
        wanted = _wanted()
        held = dict(zip(wanted, store.versions(list(wanted)), strict=True))
        # Asked last: a writer who is between Redis and its rows has had the most time.
        told = _told()
    done.scopes = len(wanted)
    for scope, version in wanted.items():
        untold = _older(told.get(scope), held[scope])
        if untold or held[scope] != version:
            _project(scope, store, done, repair=untold)
    store.set_heartbeat(timezone.now())
    if done.complete:
        _declare_ready(store, wanted)
    done.seconds = time.monotonic() - started
    return done


def reconcile(*, store: Store) -> Round:
    """A sweep, then what versions can't show: lost keys, orphans, catalogue keys to release."""
    started = time.monotonic()
    # Both before the versions: whoever is projected had a version, and whatever is abandoned is
    # in no document of these versions.
    listed = store.tenants()
    abandoned = _abandoned(store)
    with in_public():
        wanted = _wanted()
    done = sweep(store=store)
    for scope in wanted:
        with _isolated(scope, done):
            stored = store.read(scope, look=True)
            if stored.missing or not stored.intact:
                _project(scope, store, done, repair=True)
    _drop_orphans(store, listed - {scope.id for scope in wanted})
    if abandoned and done.complete:
        _release(abandoned, wanted, store, done)
    done.seconds = time.monotonic() - started
    report = logger.info if done.results or done.failed else logger.debug
    report(
        "projection.reconciled",
        scopes=done.scopes,
        results=dict(done.results),
        failed=done.failed,
        seconds=round(done.seconds, 3),
    )
    return done


@contextmanager
def only_one(lock: int = _RECONCILE_LOCK) -> Iterator[bool]:
    """Whether this is the only reconciliation at work. It saves work; nothing depends on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def _wanted() -> dict[Scope, Version]:
    rows = ConfigVersion.objects.values_list("scope", "version", "epoch", "token")
    versions = {
        Scope(scope): Version(version, epoch, str(token), RENDER_VERSION)
        for scope, version, epoch, token in rows
    }
    return dict(sorted(versions.items(), key=lambda item: not item[0].is_platform))


def _project(
    scope: Scope,
    store: Store,
    done: Round,
    *,
    repair: bool,
    release: frozenset[str] = frozenset(),
) -> None:
    with _isolated(scope, done):
        result = scope_project(scope=scope, store=store, repair=repair, release=release)
        done.results[result] += 1


@contextmanager
def _isolated(scope: Scope, done: Round) -> Iterator[None]:
    try:
        yield
    except Exception:
        # One scope's poison must not keep the others from being projected.
        logger.exception("projection.scope_failed", scope=scope.id)
        done.failed.append(scope.id)


def _told() -> dict[Scope, Version]:
    """How far the table of documents tells of each scope; only numbers, without a token."""
    rows = ProjectedScope.objects.values_list("scope", "rev", "epoch")
    return {Scope(scope): Version(rev, epoch, "") for scope, rev, epoch in rows}


def _older(version: Version | None, other: Version | None) -> bool:
    """Whether `version` comes before `other`. None comes before all."""
    if version is None or other is None:
        return other is not None
    return (version.epoch, version.rev) < (other.epoch, other.rev)


def _drop_orphans(store: Store, tenant_ids: set[str]) -> None:
    for tenant_id in tenant_ids:
        logger.warning("projection.orphan_dropped", scope=tenant_id)
        store.drop_tenant(Scope(tenant_id))


def _abandoned(store: Store) -> frozenset[str]:
    """Fields of the platform's index whose network is disabled or deleted, or script deleted."""
    with in_public():
        networks = Network.objects.filter(enabled=True).values_list("slug", flat=True)
        scripts = FilterScript.objects.values_list("name", flat=True)
        alive = {PLATFORM.field(KIND_NETWORK, slug) for slug in networks}
        alive |= {PLATFORM.field(KIND_FILTER, name) for name in scripts}
    return frozenset(store.read(PLATFORM).index) - alive


def _release(
    abandoned: frozenset[str], wanted: dict[Scope, Version], store: Store, done: Round
) -> None:
    """Remove those keys of the catalogue that no document names any more.

    `wanted` was read when they were abandoned already. So no document of these versions or later
    ones is rendered with them, and Redis must hold such of every tenant. What is left are last
    good documents: the table knows them once it is as far, too.
    """
    tenants = [scope for scope in wanted if not scope.is_platform]
    held = dict(zip(tenants, store.versions(tenants), strict=True))
    with in_public():
        told = _told()
        if any(
            _older(held[scope], wanted[scope]) or _older(told.get(scope), wanted[scope])
            for scope in tenants
        ):
            return
        rows = ProjectedDocument.objects.filter(kind=KIND_MONITOR)
        networks = rows.values_list(Func("networks", function="unnest"), flat=True).distinct()
        scripts = rows.values_list(Func("scripts", function="unnest"), flat=True).distinct()
        named = {PLATFORM.field(KIND_NETWORK, slug) for slug in networks}
        named |= {PLATFORM.field(KIND_FILTER, name) for name in scripts}
    if free := abandoned - named:
        _project(PLATFORM, store, done, repair=True, release=free)


def _declare_ready(store: Store, wanted: dict[Scope, Version]) -> None:
    if PLATFORM not in wanted:
        return
    epoch = wanted[PLATFORM].epoch
    if store.ready().get("epoch") != str(epoch):
        store.set_ready(epoch=epoch, tenants=len(store.tenants()), now=timezone.now())

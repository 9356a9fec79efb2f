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
from django.utils import timezone

from blip0.common.tenancy import in_public
from cachesync.contracts import RENDER_VERSION, Result, Version
from cachesync.keys import KIND_NETWORK, PLATFORM, Scope
from cachesync.services.project import scope_project
from cachesync.store import Store
from platform_catalog.models import Network
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
        held = store.versions(list(wanted))
    done.scopes = len(wanted)
    for (scope, version), stored in zip(wanted.items(), held, strict=True):
        if stored != version:
            _project(scope, store, done, repair=False)
    store.set_heartbeat(timezone.now())
    done.seconds = time.monotonic() - started
    return done


def reconcile(*, store: Store) -> Round:
    """A sweep, then what versions can't show: lost documents, orphans, catalogue keys to free."""
    started = time.monotonic()
    done = sweep(store=store)
    with in_public():
        wanted = _wanted()
    for scope in wanted:
        with _isolated(scope, done):
            if store.read(scope, look=True).missing:
                _project(scope, store, done, repair=True)
    _drop_orphans(store, wanted)
    _release_networks(store, done)
    if done.complete:
        _declare_ready(store, wanted)
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


def _project(scope: Scope, store: Store, done: Round, *, repair: bool) -> None:
    with _isolated(scope, done):
        done.results[scope_project(scope=scope, store=store, repair=repair)] += 1


@contextmanager
def _isolated(scope: Scope, done: Round) -> Iterator[None]:
    try:
        yield
    except Exception:
        # One scope's poison must not keep the others from being projected.
        logger.exception("projection.scope_failed", scope=scope.id)
        done.failed.append(scope.id)


def _drop_orphans(store: Store, wanted: dict[Scope, Version]) -> None:
    for tenant_id in store.tenants() - {scope.id for scope in wanted}:
        logger.warning("projection.orphan_dropped", scope=tenant_id)
        store.drop_tenant(Scope(tenant_id))


def _release_networks(store: Store, done: Round) -> None:
    """Remove the keys of disabled networks once no projected document names them."""
    with in_public():
        disabled = Network.objects.filter(enabled=False).values_list("slug", flat=True)
        fields = {PLATFORM.field(KIND_NETWORK, slug) for slug in disabled}
    if fields & set(store.read(PLATFORM).index):
        _project(PLATFORM, store, done, repair=True)


def _declare_ready(store: Store, wanted: dict[Scope, Version]) -> None:
    if PLATFORM not in wanted:
        return
    epoch = wanted[PLATFORM].epoch
    if store.ready().get("epoch") != str(epoch):
        store.set_ready(epoch=epoch, tenants=len(wanted) - 1, now=timezone.now())

"""The reconciliation: what versions can't show. Lost and altered documents, orphans, old keys."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Func
from django.utils import timezone

from blip0.common.tenancy import in_public
from cachesync import metrics
from cachesync.contracts import Drift, Look, Result, Version
from cachesync.keys import KIND_FILTER, KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectedScope
from cachesync.selectors.scopes import known_scopes, wanted_versions
from cachesync.services.conditions import scopes_verified
from cachesync.services.rounds import Round
from cachesync.services.sweep import is_older, sweep, told_version
from cachesync.store import Store
from platform_catalog.models import FilterScript, Network

logger = structlog.get_logger(__name__)

RECONCILE_LOCK = 0x626C6970_30000001
INTERVAL_S = 30
CATCH_UP = 3
"""How many times its share a round may verify after others were skipped."""
PATIENCE_S = 25.0
"""After that long a round begins nothing new: the next one must not wait for it."""


@metrics.run(metrics.Via.RECONCILE)
def reconcile(*, store: Store) -> Round:
    """A sweep, then presence of every document, orphans, catalogue keys, a slice of all bytes.

    Raises `redis.RedisError` and `django.db.Error` where one of them can't be asked.
    """
    deadline = time.monotonic() + PATIENCE_S
    # Both before the versions: whoever is projected had a version, and whatever is abandoned is
    # in no document of these versions.
    listed = store.tenants()
    abandoned = _abandoned(store)
    wanted = wanted_versions()
    done = sweep(store=store, deadline=deadline)
    fine = []
    for stored in store.read_each(list(wanted), look=Look.PRESENCE):
        scope = stored.scope
        if not stored.lost and stored.intact:
            fine.append(scope)
        else:
            done.project(scope, wanted[scope], look=Look.PRESENCE)
    orphans_drop(store, listed - {scope.id for scope in wanted})
    if abandoned and done.complete:
        _release(abandoned, wanted, done)
    _verify_some(wanted, done)
    done.finish(fine)
    report = logger.info if done.results or done.failed else logger.debug
    report(
        "projection.reconciled",
        scopes=done.scopes,
        results=done.counted,
        failed=done.failed,
        left=done.left,
        seconds=round(done.seconds, 3),
    )
    return done


def _verify_some(wanted: Mapping[Scope, Version], done: Round) -> None:
    """Compare every byte of some scopes with a new rendering, those first that wait longest.

    So many a round that all of them have their turn within `PROJECTION_DEEP_CYCLE_S`. By the time
    that each row keeps, not by the clock alone: rounds that were skipped are made up for.
    """
    now = timezone.now()
    cycle = settings.PROJECTION_DEEP_CYCLE_S
    late = now - timedelta(seconds=cycle - INTERVAL_S)
    # What can't be settled would stay the oldest, and take the turn of all others.
    verified_at = {
        scope: _verified_at(done.known.get(scope))
        for scope in wanted
        if not done.is_troubled(scope)
    }
    waiting = sorted(verified_at, key=verified_at.__getitem__)
    share = math.ceil(len(waiting) * INTERVAL_S / cycle)
    some = waiting[:share]
    some += [scope for scope in waiting[share : CATCH_UP * share] if verified_at[scope] < late]
    results = done.project_all((scope, wanted[scope], Look.BYTES) for scope in some)
    verified = [scope for scope, found in results.items() if found in {Result.OK, Result.NOOP}]
    if verified:
        scopes_verified(verified, now)


def _verified_at(row: ProjectedScope | None) -> datetime:
    return (row and row.verified_at) or datetime.min.replace(tzinfo=UTC)


def orphans_drop(store: Store, tenant_ids: Iterable[str]) -> None:
    """Take these tenants, which Postgres doesn't know, off the list with all that they have.

    List them before you ask Postgres: a tenant is known there before it is projected.
    """
    for tenant_id in tenant_ids:
        logger.warning("projection.orphan_dropped", scope=tenant_id)
        store.drop_tenant(Scope(tenant_id))
        metrics.repaired({Drift.ORPHAN: 1})


def _abandoned(store: Store) -> frozenset[str]:
    """Fields of the platform's index whose network is disabled or deleted, or script deleted."""
    with in_public():
        networks = Network.objects.filter(enabled=True).values_list("slug", flat=True)
        scripts = FilterScript.objects.values_list("name", flat=True)
        alive = {PLATFORM.field(KIND_NETWORK, slug) for slug in networks}
        alive |= {PLATFORM.field(KIND_FILTER, name) for name in scripts}
    return frozenset(store.read(PLATFORM).index) - alive


def _release(abandoned: frozenset[str], wanted: Mapping[Scope, Version], done: Round) -> None:
    """Remove those keys of the catalogue that no document names any more.

    `wanted` was read when they were abandoned already. So no document of these versions or later
    ones is rendered with them, and Redis must hold such of every tenant. What is left are last
    good documents: the table knows them once it is as far, too.
    """
    tenants = [scope for scope in wanted if not scope.is_platform]
    held = dict(zip(tenants, done.store.versions(tenants), strict=True))
    known = known_scopes()
    if any(
        is_older(held[scope], wanted[scope])
        or is_older(told_version(known.get(scope)), wanted[scope])
        for scope in tenants
    ):
        return
    with in_public():
        rows = ProjectedDocument.objects.filter(kind=KIND_MONITOR)
        networks = rows.values_list(Func("networks", function="unnest"), flat=True).distinct()
        scripts = rows.values_list(Func("scripts", function="unnest"), flat=True).distinct()
        named = {PLATFORM.field(KIND_NETWORK, slug) for slug in networks}
        named |= {PLATFORM.field(KIND_FILTER, name) for name in scripts}
    if free := abandoned - named:
        done.project(PLATFORM, wanted[PLATFORM], look=Look.PRESENCE, release=free)

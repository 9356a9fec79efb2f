"""Bringing one scope up to date: the only path by which anything gets into Redis."""

from __future__ import annotations

from collections import Counter

import structlog
from django.conf import settings
from django.utils import timezone

from cachesync import metrics
from cachesync.contracts import RENDER_VERSION, Look, Result, Snapshot, StoredScope
from cachesync.keys import PLATFORM, Scope
from cachesync.projections import (
    PATIENT,
    OtherHistory,
    OverBudget,
    Patience,
    ScopeUnknown,
    render,
)
from cachesync.services.conditions import other_history
from cachesync.services.differences import difference, drift
from cachesync.services.remember import remember
from cachesync.services.wake import wake_projector
from cachesync.store import MissingReference, Store

logger = structlog.get_logger(__name__)

ATTEMPTS = 5
REQUEST = Patience(statement_ms=1_000, lock_ms=100, documents=50)
"""What a request has for rendering; more is left to the projector."""


@metrics.counted
def scope_project(
    *,
    scope: Scope,
    store: Store,
    look: Look = Look.INDEX,
    only: str | None = None,
    patience: Patience = PATIENT,
    release: frozenset[str] = frozenset(),
) -> Result:
    """Make Redis hold the committed configuration of `scope`.

    Safe beside any number of others doing the same: whoever renders the newest version wins, an
    older one is refused by the script. With `look` beyond the index, every document is rendered
    and looked for, not only the changed ones; `only` that document of the index, if one is named.
    More documents than `patience` has are DEFERRED. `release` names fields of the platform's
    index that may go: see `reconcile`.

    Returns OK, NOOP, STALE (somebody newer was faster), AHEAD or DIVERGED (nothing is written
    until an operator decides). Raises `redis.RedisError`, `django.db.Error`, and
    `MissingReference` where a document names a catalogue key that even the platform's own
    projection doesn't bring.
    """
    platform_tried = scope.is_platform
    for _ in range(ATTEMPTS):
        stored = store.read(scope, look=look, only=only)
        if stored.version is not None and stored.version.render_version > RENDER_VERSION:
            return Result.STALE  # newer code is at work on it
        try:
            snapshot = render(
                scope,
                since=stored.version,
                # A change on top of a damaged index would make the damage the truth.
                everything=(look is not Look.INDEX and only is None) or not stored.intact,
                also=only,
                patience=patience,
                release=release,
            )
        except ScopeUnknown:
            return Result.NOOP
        except OverBudget:
            wake_projector()
            return Result.DEFERRED
        except OtherHistory as history:
            result = Result(str(history))
            if stored.version is not None and other_history(scope, result, stored.version):
                logger.error("projection.other_history", scope=scope.id, history=str(history))
            return result
        try:
            result = _apply(snapshot, stored, store)
        except MissingReference:
            if platform_tried:
                raise
            # Make before break: what a document names is there before the document is.
            scope_project(scope=PLATFORM, store=store, look=Look.PRESENCE)
            platform_tried = True
            continue
        if result is not Result.CONFLICT:
            return result
        metrics.conflicted()
    logger.warning("projection.contended", scope=scope.id)
    return Result.CONFLICT


def _apply(snapshot: Snapshot, stored: StoredScope, store: Store) -> Result:
    unrenderable = [
        field for field, document in snapshot.documents.items() if document.body is None
    ]
    last_good = store.bodies(snapshot.scope, unrenderable)
    change = difference(snapshot, stored, last_good)
    if change is None:
        if snapshot.complete:
            remember(snapshot, stored, change, last_good)
        return Result.NOOP
    result = store.apply(change, now=timezone.now())
    if result is Result.OK:
        if mended := Counter(str(found.kind) for found in drift(snapshot, stored, change)):
            metrics.repaired(mended)
            logger.warning("projection.drift_mended", scope=snapshot.scope.id, kinds=dict(mended))
        remember(snapshot, stored, change, last_good)
        logger.debug(
            "projection.applied",
            scope=snapshot.scope.id,
            rev=snapshot.version.rev,
            written=len(change.puts),
            removed=len(change.removals),
        )
    return result


@metrics.run(metrics.Via.WRITE_THROUGH)
def write_through(scope: Scope) -> Result | None:
    """Project a scope within a request's patience. Never raises: the sweep finds what is left."""
    try:
        store = Store(timeout_s=settings.PROJECTION_WRITE_THROUGH_TIMEOUT_S)
        result = scope_project(scope=scope, store=store, patience=REQUEST)
    except Exception as error:
        # Committed is committed: whatever is wrong with Redis or with one document, the caller's
        # request has succeeded, and the sweep repeats this within seconds.
        logger.warning("projection.write_through_failed", scope=scope.id, error=repr(error))
        return None
    if scope.is_platform:
        wake_projector()  # a network that was disabled changes other scopes too
    return result

"""Where every scope stands: for operators, pages and figures. Cheap: no document is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cachesync.contracts import Look, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from cachesync.selectors.scopes import dirty_since, known_scopes, scope_names, wanted_versions
from cachesync.store import Store


@dataclass(frozen=True)
class ScopeStatus:
    """One scope in Postgres and in Redis. `waiting_since`: its first commit not in Redis."""

    scope: Scope
    name: str
    wanted: Version
    held: Version | None
    waiting_since: datetime | None
    condition: str
    error: str
    failures: int
    since: datetime | None
    verified_at: datetime | None
    duration_ms: int

    @property
    def is_current(self) -> bool:
        return self.held == self.wanted


@dataclass(frozen=True)
class ProjectionStatus:
    """The whole projection at one moment. `ready` is what readers are told, empty if nothing."""

    at: datetime
    ready: Mapping[str, str]
    heartbeat: datetime | None
    scopes: tuple[ScopeStatus, ...]

    @property
    def dirty(self) -> list[ScopeStatus]:
        return [scope for scope in self.scopes if not scope.is_current]

    @property
    def troubled(self) -> list[ScopeStatus]:
        """Those that don't come right by themselves at the next sweep."""
        return [s for s in self.scopes if s.condition != ProjectedScope.Condition.SETTLED]

    @property
    def staleness_s(self) -> float:
        """How long the oldest commit waits that isn't in Redis yet; 0 if all are."""
        waiting = [scope.waiting_since for scope in self.dirty if scope.waiting_since]
        return max(0.0, (self.at - min(waiting)).total_seconds()) if waiting else 0.0

    @property
    def heartbeat_age_s(self) -> float | None:
        return None if self.heartbeat is None else (self.at - self.heartbeat).total_seconds()


def projection_status(*, store: Store, now: datetime) -> ProjectionStatus:
    """Four queries, and one round trip to Redis a thousand scopes. Raises `redis.RedisError`."""
    wanted = wanted_versions()
    held = dict(zip(wanted, store.versions(list(wanted)), strict=True))
    known = known_scopes()
    names = scope_names()
    behind = {scope: held[scope] for scope in wanted if held[scope] != wanted[scope]}
    waiting = dirty_since(behind)
    return ProjectionStatus(
        at=now,
        ready=store.ready(),
        heartbeat=store.heartbeat(),
        scopes=tuple(
            _status(scope, names, version, held[scope], waiting, known.get(scope))
            for scope, version in wanted.items()
        ),
    )


def _status(
    scope: Scope,
    names: Mapping[Scope, str],
    wanted: Version,
    held: Version | None,
    waiting: Mapping[Scope, datetime],
    row: ProjectedScope | None,
) -> ScopeStatus:
    row = row or ProjectedScope(scope=scope.id)
    return ScopeStatus(
        scope=scope,
        name=names.get(scope, scope.id),
        wanted=wanted,
        held=held,
        waiting_since=waiting.get(scope),
        condition=row.condition,
        error=row.error,
        failures=row.failures,
        since=row.since,
        verified_at=row.verified_at,
        duration_ms=row.duration_ms,
    )


def presence_drift(*, store: Store, scopes: Sequence[Scope]) -> dict[Scope, str]:
    """Scopes in which a document, an entry or the digest is missing or wrong, and what. A second
    for 100,000 documents.
    """
    found = {}
    for stored in store.read_each(scopes, look=Look.PRESENCE):
        if stored.missing:
            found[stored.scope] = f"{len(stored.missing)} documents are missing"
        elif stored.version is not None and not stored.intact:
            found[stored.scope] = "index, set and meta don't fit each other"
    return found

"""What Redis holds otherwise than Postgres, told without touching it."""

from __future__ import annotations

from dataclasses import dataclass

from cachesync.contracts import Difference, Document, Look, StoredScope, Version
from cachesync.keys import Scope
from cachesync.projections import OtherHistory, ScopeUnknown, render, render_one
from cachesync.services.differences import difference, drift
from cachesync.store import Store


@dataclass(frozen=True)
class ScopeDrift:
    """A scope, compared byte by byte.

    `behind`: Redis holds another version, and the next sweep brings it; nothing is compared then.
    `history` is "ahead" or "diverged" where an operator has to decide, else "".
    """

    scope: Scope
    differences: tuple[Difference, ...] = ()
    behind: bool = False
    history: str = ""

    @property
    def is_clean(self) -> bool:
        return not (self.differences or self.behind or self.history)


def scope_drift(scope: Scope, store: Store) -> ScopeDrift:
    """Render everything and compare it with what is stored. Raises `redis.RedisError`."""
    stored = store.read(scope, look=Look.BYTES)
    try:
        snapshot = render(scope, since=stored.version, everything=True)
    except ScopeUnknown:
        return ScopeDrift(scope)
    except OtherHistory as history:
        return ScopeDrift(scope, history=str(history))
    if stored.version != snapshot.version:
        return ScopeDrift(scope, behind=True)
    unrendered = [field for field, document in snapshot.documents.items() if document.body is None]
    change = difference(snapshot, stored, store.bodies(scope, unrendered))
    return ScopeDrift(scope, tuple(drift(snapshot, stored, change)))


@dataclass(frozen=True)
class Sides:
    """One document as Postgres gives it now, and as Redis holds it. None: not there."""

    scope: Scope
    field: str
    postgres: bytes | None
    redis: bytes | None
    document: Document | None
    """What was rendered, with its state and the reason where there is no body."""
    stored: StoredScope
    version: Version
    """The scope's version in Postgres."""

    @property
    def are_equal(self) -> bool:
        return self.postgres == self.redis


def document_sides(scope: Scope, field: str, store: Store) -> Sides:
    """Both sides of one document. Raises `redis.RedisError` and `ScopeUnknown`."""
    stored = store.read(scope)
    version, document = render_one(scope, field)
    held = store.bodies(scope, [field]).get(field)
    return Sides(
        scope=scope,
        field=field,
        postgres=document.body if document else None,
        redis=None if held is None else held.encode(),
        document=document,
        stored=stored,
        version=version,
    )

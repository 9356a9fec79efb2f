"""One document in all three places: Postgres, Redis, and what the runtimes say they have of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import redis
import structlog

from blip0.common.canonical import sha256_hex
from blip0.common.exceptions import NotFound
from blip0.common.projection_states import ProjectionState
from blip0.common.tenancy import in_public
from cachesync.contracts import Document, StoredScope, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from cachesync.projections import ScopeUnknown, render_one
from cachesync.selectors.acknowledgements import (
    Acknowledged,
    document_acknowledgements,
    states,
)
from cachesync.services.conditions import told
from cachesync.store import Store
from tenants.models import ConfigChange, ConfigVersion

logger = structlog.get_logger(__name__)

SHOWN_CHANGES: Final = 5


@dataclass(frozen=True)
class Held:
    """A document as Redis holds it. `body` None: it isn't there."""

    stored: StoredScope
    written_at: datetime | None
    """When the scope was last written."""
    body: bytes | None
    entry: str
    """The document's entry in the index: `rev:sha256`, "" for none."""
    is_active: bool
    runtimes: Sequence[Acknowledged]

    @property
    def rev(self) -> int | None:
        """The scope's version at which the document was written."""
        rev, _, _ = self.entry.partition(":")
        return int(rev) if rev.isdecimal() else None

    @property
    def sha256(self) -> str:
        """What the index says that the bytes' hash is."""
        return self.entry.partition(":")[2]

    @property
    def is_altered(self) -> bool:
        """The bytes aren't those that the index names."""
        return self.body is not None and sha256_hex(self.body) != self.sha256


@dataclass(frozen=True)
class Inspection:
    """Everything that is known of one document at one moment."""

    scope: Scope
    field: str
    state: ProjectionState
    version: Version | None
    """The scope's in Postgres; None: it doesn't know the scope."""
    changed_at: datetime | None
    document: Document | None
    """As Postgres gives it now; None where there is no such object, or where it can't be told."""
    problem: str
    """Why Postgres' document can't be told; "" where it can."""
    held: Held | None
    """None: Redis doesn't answer."""
    known: ProjectedScope | None
    changes: Sequence[ConfigChange]
    """The newest in the log of changes; it reaches back for an hour."""

    @property
    def postgres(self) -> bytes | None:
        return self.document.body if self.document else None

    @property
    def redis(self) -> bytes | None:
        return self.held.body if self.held else None

    @property
    def are_equal(self) -> bool:
        return self.postgres == self.redis

    @property
    def is_other_history(self) -> bool:
        return self.known is not None and self.known.condition in ProjectedScope.OTHER_HISTORY


def inspection(scope: Scope, field: str, *, store: Store, now: datetime) -> Inspection:
    """Look at the document of `scope` with that field of the index, without changing anything.

    Renders this one document. Raises `NotFound` where neither side has ever heard of it.
    """
    kind, object_id = scope.resource(field)
    # Before Postgres, which is then never behind what Redis has of the same history.
    try:
        held = _held(scope, field, store, now)
    except redis.RedisError:
        held = None
    version, document, problem = None, None, ""
    try:
        version, document = render_one(scope, field)
    except ScopeUnknown:
        problem = "It doesn't know this scope: an orphan in Redis."
    except Exception as error:
        # Whatever keeps this scope from being rendered is what people come here to see.
        logger.exception("projection.inspection_failed", scope=scope.id, document=field)
        problem = f"It can't be rendered. {told(error)}"
    with in_public():
        state = states(scope, kind, [object_id], store=store, now=now)[object_id]
        head = ConfigVersion.objects.filter(pk=scope.id).first()
        known = ProjectedScope.objects.filter(pk=scope.id).first()
        changes = ConfigChange.objects.filter(scope=scope.id, kind=kind, object_id=object_id)
        newest = list(changes.order_by("-version")[:SHOWN_CHANGES])
    if document is None and not (state.rev or (held and (held.entry or held.body is not None))):
        raise NotFound(f"There is no {kind} {object_id!r} in {scope.id}, and never was.")
    return Inspection(
        scope=scope,
        field=field,
        state=state,
        version=version,
        changed_at=head.changed_at if head else None,
        document=document,
        problem=problem,
        held=held,
        known=known,
        changes=newest,
    )


def _held(scope: Scope, field: str, store: Store, now: datetime) -> Held:
    stored = store.read(scope)
    body = store.bodies(scope, [field]).get(field)
    held = Held(
        stored=stored,
        written_at=store.written_at(scope),
        body=None if body is None else body.encode(),
        entry=stored.index.get(field, ""),
        is_active=field in stored.active,
        runtimes=(),
    )
    if stored.version is None:
        return held
    at = stored.version.epoch, held.rev or stored.version.rev
    runtimes = document_acknowledgements(scope, field, at, store=store, now=now)
    return replace(held, runtimes=runtimes)

"""The data that passes between rendering, the store and the services."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from cachesync.keys import Scope

RENDER_VERSION = 1
"""Grows when the same rows give other bytes. Whoever renders at a lower one leaves a higher be."""
SCHEMA_VERSION = 1
"""The major of the documents' schemas."""


class Result(StrEnum):
    """What became of an attempt to bring a scope up to date."""

    OK = "ok"
    NOOP = "noop"
    STALE = "stale"
    """Redis already holds this or a newer version: somebody else was faster."""
    CONFLICT = "conflict"
    """Redis moved between our read and our write: read again."""
    AHEAD = "ahead"
    """Redis holds a version that this database never had: an operator decides."""
    DIVERGED = "diverged"
    """Redis holds this version number of another history: an operator decides."""
    DEFERRED = "deferred"
    """Too much for a request: left to the projector, which was woken."""


@dataclass(frozen=True)
class Version:
    """What identifies the state of a scope, in Postgres and in Redis."""

    rev: int
    epoch: int
    token: str
    render_version: int = RENDER_VERSION


@dataclass(frozen=True)
class Document:
    """A document to be written. `body` None: keep what Redis holds (it could not be rendered)."""

    kind: str
    object_id: str
    name: str
    slug: str
    body: bytes | None
    active: bool
    state: str
    reason: str = ""
    networks: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    triggers: Mapping[str, object] = field(default_factory=dict)
    """What the monitor would tell, for judging a last good document that stays."""
    chain_configurations: object = ()
    """With the viewing keys that the monitor would use, for the same judgement."""

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest() if self.body is not None else ""


@dataclass(frozen=True)
class Snapshot:
    """A scope as one transaction of Postgres saw it.

    `documents` by index field; `withdrawn` are fields that must not be there. `complete`: what is
    in neither must not be there either. (The platform's keys go by `withdrawn` only.)
    """

    scope: Scope
    version: Version
    status: str
    documents: Mapping[str, Document]
    withdrawn: frozenset[str]
    complete: bool
    unrendered: Mapping[str, Document] = field(default_factory=dict)
    """Objects that exist and have no document: known to people, not to the runtime."""


class Look(StrEnum):
    """How closely to look at what Redis holds of a scope."""

    INDEX = "index"
    """Versions, index, set and meta; no document."""
    PRESENCE = "presence"
    """Also whether each document of the index is there."""
    BYTES = "bytes"
    """Also whether its bytes are those that the index tells of."""


class Drift(StrEnum):
    """How Redis differs from Postgres where both are at one version: nothing changed, and yet."""

    MISSING = "missing"
    """A document of the index is gone."""
    ALTERED = "altered"
    """A document's bytes aren't those of the index."""
    CONTENT = "content"
    """Postgres now gives other bytes: a write that no trigger saw, or an unstable rendering."""
    UNLISTED = "unlisted"
    """A document that should be there is not in the index."""
    SURPLUS = "surplus"
    """The index has a document that should not be there."""
    ACTIVE = "active"
    """The active set has an id too many or too few."""
    META = "meta"
    """Count, digest, status or the list of tenants don't fit the documents."""
    ORPHAN = "orphan"
    """A tenant in Redis that Postgres doesn't know."""


@dataclass(frozen=True)
class Difference:
    """One thing that Redis holds otherwise than Postgres. `field` "": the scope as a whole."""

    scope: Scope
    kind: Drift
    field: str = ""


@dataclass(frozen=True)
class StoredScope:
    """A scope as Redis holds it. `version` None: it holds none."""

    scope: Scope
    version: Version | None
    status: str
    index: Mapping[str, str]
    """Index field → `rev:sha256`."""
    active: frozenset[str]
    intact: bool
    """Index, set and list of tenants are as the last change left them."""
    missing: frozenset[str] = frozenset()
    """Fields of the index whose document is gone. Filled only by a read that looks."""
    altered: frozenset[str] = frozenset()
    """Fields whose document has other bytes. Filled only by a read that looks at them."""

    @property
    def lost(self) -> frozenset[str]:
        """Fields of the index that stand for nothing any more."""
        return self.missing | self.altered

    def sha256(self, index_field: str) -> str:
        if index_field in self.lost:
            return ""
        return self.index.get(index_field, "").partition(":")[2]


def digest_of(hashes: Mapping[str, str], active: Collection[str]) -> str:
    """SHA-256 over sorted lines `field sha256 active`: a reader can compare its copy with it."""
    lines = (f"{field} {hashes[field]} {int(field in active)}\n" for field in sorted(hashes))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """The difference between a snapshot and what Redis holds: the argument of one call."""

    scope: Scope
    expected: Version | None
    version: Version
    status: str
    digest: str
    puts: Mapping[str, bytes]
    hashes: Mapping[str, str]
    """sha256 by field, for the fields of `puts`."""
    activate: frozenset[str]
    deactivate: frozenset[str]
    removals: frozenset[str]
    requires: frozenset[str]
    """Fields of the platform's index that these documents name."""

    @property
    def touched(self) -> list[str]:
        return sorted({*self.puts, *self.activate, *self.deactivate, *self.removals})

"""What a reader holds: a copy of each scope, and the few key names that lead to it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

SCHEMA = 1
"""The highest major of the documents' schemas that this reader knows."""

PLATFORM = "platform"
TENANTS = "platform:projection:tenants"
CHANGES = "platform:projection:changes"
READY = "platform:projection:ready"

Document: TypeAlias = dict[str, Any]
Position: TypeAlias = tuple[int, int]
"""Epoch and rev: compared in this order."""


class NotReady(Exception):
    """There is no complete projection of a schema that we know: keep what you have."""


def key(scope: str, name: str) -> str:
    """A scope's own key, such as `key(tenant_id, "projection:meta")`."""
    return f"{scope}:{name}" if scope == PLATFORM else f"tenant:{scope}:{name}"


def document_key(scope: str, document: str) -> str:
    """The key of a document, by its field in the index."""
    return key(scope, document if scope == PLATFORM else f"monitor:{document}")


def position(meta: Mapping[str, str]) -> Position | None:
    """Where a scope stands by its meta; None where that is missing or isn't whole."""
    rev, epoch = meta.get("rev", ""), meta.get("epoch", "")
    return (int(epoch), int(rev)) if rev.isdecimal() and epoch.isdecimal() else None


def digest_of(index: Mapping[str, str], active: Collection[str]) -> str:
    """SHA-256 over a line for each document, sorted: `document sha256 active`."""
    lines = (
        f"{document} {sha256_in(index[document])} {int(document in active)}\n"
        for document in sorted(index)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def sha256_in(entry: str) -> str:
    """The hash in an entry of the index, `rev:sha256`."""
    return entry.partition(":")[2]


@dataclass(frozen=True)
class Copy:
    """A tenant, or the platform, at one version.

    `index` and `active` are Redis' own. `documents` is what runs, by its field in the index, and
    `hashes` of which bytes each was made. They differ where a document was refused: then the last
    good one stays, if there was one, and `refused` says why.
    """

    scope: str
    meta: Mapping[str, str]
    index: Mapping[str, str]
    active: frozenset[str]
    documents: Mapping[str, Document]
    hashes: Mapping[str, str]
    refused: Mapping[str, str]

    @property
    def position(self) -> Position:
        return position(self.meta) or (0, 0)


@dataclass
class Configuration:
    """Everything that a runtime needs: the catalogue, and each tenant's running monitors."""

    ready: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, Copy] = field(default_factory=dict)

    @property
    def networks(self) -> dict[str, Document]:
        """Networks by slug."""
        return dict(self._catalogue("networks:"))

    @property
    def filters(self) -> dict[str, Document]:
        """Filter scripts by name."""
        return dict(self._catalogue("filters:"))

    @property
    def tenants(self) -> dict[str, Copy]:
        """Tenants by id."""
        return {scope: copy for scope, copy in self.scopes.items() if scope != PLATFORM}

    def monitors(self) -> Iterator[tuple[str, Document]]:
        """Every running monitor's document with its tenant's id."""
        for tenant_id, copy in self.tenants.items():
            for document in copy.documents.values():
                yield tenant_id, document

    def plain(self) -> dict[str, Any]:
        """As JSON, in a fixed order."""
        return {
            "ready": self.ready,
            "platform_meta": dict(self.scopes[PLATFORM].meta),
            "networks": self.networks,
            "filters": self.filters,
            "tenants": {
                tenant_id: {
                    "meta": dict(copy.meta),
                    "index": dict(sorted(copy.index.items())),
                    "active": sorted(copy.active),
                    "documents": dict(sorted(copy.documents.items())),
                }
                for tenant_id, copy in sorted(self.tenants.items())
            },
        }

    def _catalogue(self, prefix: str) -> Iterator[tuple[str, Document]]:
        platform = self.scopes.get(PLATFORM)
        for name, document in sorted(platform.documents.items()) if platform else ():
            if name.startswith(prefix):
                yield name.removeprefix(prefix), document

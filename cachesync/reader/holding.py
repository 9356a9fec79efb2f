"""The copies that a reader holds, and the rules by which another version takes their place."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import redis

from cachesync.reader.acks import Acks
from cachesync.reader.checking import Refused, offered, parsed, references
from cachesync.reader.copies import (
    PLATFORM,
    Configuration,
    Copy,
    Document,
    Position,
    position,
    sha256_in,
)
from cachesync.reader.reading import Listing, list_scopes, read_named


@dataclass(frozen=True)
class Change:
    """A scope came to another version. `removed` documents run no longer; a `refused` one goes on
    in its last good form, and why; there, "" stands for the whole scope."""

    scope: str
    epoch: int
    rev: int
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


class Holder:
    """Brings `configuration` forward, scope by scope, and collects what came of it in `news`."""

    def __init__(
        self,
        client: redis.Redis,
        acks: Acks,
        *,
        keys: Mapping[str, bytes] | None,
        older_grace_s: float,
    ) -> None:
        self.configuration = Configuration()
        self.news: list[Change] = []
        self._client = client
        self._acks = acks
        self._keys = keys
        self._older_grace_s = older_grace_s
        self._older_since: dict[str, float] = {}

    @property
    def copies(self) -> dict[str, Copy]:
        return self.configuration.scopes

    def refresh(self, scopes: Sequence[str]) -> None:
        """List these scopes and take what they hold, in their order."""
        for listing in list_scopes(self._client, scopes, self.copies):
            self._take(listing)

    def forward(self, scope: str, documents: Iterable[str], to: Position) -> None:
        """Take these documents and be at `to`; list the scope if somebody is further already."""
        listing = read_named(self._client, self.copies[scope], sorted(documents))
        if position(listing.meta) == to and not listing.problem:
            self._take(listing)
        else:
            self.refresh([scope])

    def differs(self, scope: str, meta: Mapping[str, str]) -> bool:
        """Whether a scope must be listed, by its meta. A missing one says nothing."""
        return position(meta) is not None and (
            meta != self.copies[scope].meta or self._acks.is_refused(scope)
        )

    def remove(self, scope: str) -> None:
        """The tenant is gone."""
        copy = self.copies.pop(scope, None)
        self._acks.drop(scope)
        if copy is not None:
            self.news.append(Change(scope, *copy.position, removed=tuple(sorted(copy.documents))))

    def _take(self, listing: Listing) -> None:
        scope, at, held = listing.scope, position(listing.meta), self.copies.get(listing.scope)
        if at is None or listing.moved or (held and self._is_older(scope, at, held)):
            return
        if listing.problem:
            if self._acks.take(scope, at, {"": listing.problem}):
                self.news.append(Change(scope, *at, refused=(("", listing.problem),)))
            return
        if listing.meta.get("status") == "deleted" and scope != PLATFORM:
            self.remove(scope)
            return
        copy = self._accepted(listing, held)
        self.copies[scope] = copy
        changed, removed = _differences(held, copy)
        if self._acks.take(scope, at, copy.refused) or changed or removed:
            refused = tuple(sorted(copy.refused.items()))
            self.news.append(Change(scope, *at, changed, removed, refused))

    def _is_older(self, scope: str, at: Position, held: Copy) -> bool:
        """A Redis that restarted with old data: what we hold is better, until that lasts."""
        if at >= held.position:
            self._older_since.pop(scope, None)
            return False
        now = time.monotonic()
        return now - self._older_since.setdefault(scope, now) < self._older_grace_s

    def _accepted(self, listing: Listing, held: Copy | None) -> Copy:
        """The copy that a listing makes of the one before it."""
        scope = listing.scope
        documents: dict[str, Document] = {}
        hashes: dict[str, str] = {}
        refused: dict[str, str] = {}
        if held is not None:
            for name in listing.running:
                if name in held.documents:
                    documents[name], hashes[name] = held.documents[name], held.hashes[name]
                if name in held.refused and name not in listing.bodies:
                    refused[name] = held.refused[name]
        fresh: dict[str, Document] = {}
        for name, body in listing.bodies.items():
            try:
                fresh[name] = parsed(scope, name, body or "", self._keys)
            except Refused as why:
                refused[name] = str(why)
        missing = set() if scope == PLATFORM else self._missing(fresh)
        for name, document in fresh.items():
            if missing and (dangling := missing & references(document)):
                refused[name] = f"it names what isn't there: {', '.join(sorted(dangling))}"
            else:
                documents[name], hashes[name] = document, sha256_in(listing.index[name])
        return Copy(scope, listing.meta, listing.index, listing.active, documents, hashes, refused)

    def _missing(self, monitors: Mapping[str, Document]) -> set[str]:
        """What these name and the catalogue lacks, after it was read once more."""
        named = {name for document in monitors.values() for name in references(document)}
        if named - offered(self.copies[PLATFORM].documents):
            self.refresh([PLATFORM])
        return named - offered(self.copies[PLATFORM].documents)


def _differences(held: Copy | None, copy: Copy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The documents that are new or other ones, and those that run no longer."""
    before = held.hashes if held else {}
    changed = (name for name, sha256 in copy.hashes.items() if before.get(name) != sha256)
    return tuple(sorted(changed)), tuple(sorted(before.keys() - copy.hashes.keys()))

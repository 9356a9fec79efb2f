"""Reads that are never torn: of a whole scope, or of some documents that changed.

Whoever writes changes a scope in one call, and its meta in every such call. So what was read
between two equal metas belongs to one version. The hashes in the index and the digest in meta then
tell an altered or lost key from a moving one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import redis

from cachesync.reader.copies import (
    PLATFORM,
    SCHEMA,
    Copy,
    digest_of,
    document_key,
    key,
    position,
    sha256_in,
)

BATCH_SCOPES = 50
BATCH_DOCUMENTS = 200
ATTEMPTS = 20


def connect(url: str, *, timeout_s: float = 5.0) -> redis.Redis:
    """A client as the reader wants it. Bytes that are no UTF-8 then fail by their hash."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        decode_responses=True,
        encoding_errors="replace",
    )


@dataclass(frozen=True)
class Listing:
    """What Redis holds of a scope. Without a meta: unknown, which is not the same as nothing.

    `bodies` are the documents that run and that the copy, read before, doesn't hold with that
    hash; None for a lost one. `problem` says why this must not be used; `moved`: because somebody
    wrote meanwhile, so that it is worth another try.
    """

    scope: str
    meta: Mapping[str, str] = field(default_factory=dict)
    index: Mapping[str, str] = field(default_factory=dict)
    active: frozenset[str] = frozenset()
    bodies: Mapping[str, str | None] = field(default_factory=dict)
    problem: str = ""
    moved: bool = False

    @property
    def running(self) -> Sequence[str]:
        """The documents that count: of a tenant the active ones, of the platform all."""
        return sorted(self.index if self.scope == PLATFORM else self.active)


def answers(pipeline: Any) -> list[Any]:
    """What a pipeline answers; None for a key that somebody made one of another type."""
    found = pipeline.execute(raise_on_error=False)
    for answer in found:
        if isinstance(answer, Exception) and not str(answer).startswith("WRONGTYPE"):
            raise answer
    return [None if isinstance(answer, Exception) else answer for answer in found]


def list_scopes(
    client: redis.Redis, scopes: Sequence[str], copies: Mapping[str, Copy]
) -> Iterator[Listing]:
    """Whole scopes, by two round trips for fifty of them; two more where one moved meanwhile."""
    for start in range(0, len(scopes), BATCH_SCOPES):
        wanted = scopes[start : start + BATCH_SCOPES]
        found: dict[str, Listing] = {}
        for attempt in range(ATTEMPTS):
            found |= {listing.scope: listing for listing in _list(client, wanted, copies)}
            wanted = [scope for scope in wanted if found[scope].moved]
            if not wanted:
                break
            time.sleep(0.005 * attempt)
        yield from found.values()


def read_named(client: redis.Redis, copy: Copy, documents: Sequence[str]) -> Listing:
    """A copy brought forward by these documents, in one round trip, as of one instant.

    Whether nothing else has changed since the copy was made is the caller's to judge, by the
    position in meta; if something has, `problem` says that the digest differs.
    """
    pipeline = client.pipeline(transaction=True)
    pipeline.hgetall(key(copy.scope, "projection:meta"))
    pipeline.hmget(key(copy.scope, "projection:index"), list(documents))
    pipeline.smismember(key(copy.scope, "monitors:active"), list(documents))
    pipeline.mget([document_key(copy.scope, document) for document in documents])
    meta, entries, flags, bodies = answers(pipeline)
    if None in (meta, entries, flags, bodies):
        return Listing(copy.scope, problem="a key is of another type")
    index = {document: entry for document, entry in copy.index.items() if document not in documents}
    index |= {document: entry for document, entry in zip(documents, entries, strict=True) if entry}
    active = copy.active - set(documents)
    active |= {document for document, flag in zip(documents, flags, strict=True) if flag}
    listing = Listing(copy.scope, meta, index, active)
    known = dict(zip(documents, bodies, strict=True))
    wanted = {name: known[name] for name in _not_held(listing, copy) if name in known}
    return _judged(replace(listing, bodies=wanted))


def _list(client: redis.Redis, scopes: Sequence[str], copies: Mapping[str, Copy]) -> list[Listing]:
    pipeline = client.pipeline(transaction=False)
    for scope in scopes:
        pipeline.hgetall(key(scope, "projection:meta"))
        pipeline.hgetall(key(scope, "projection:index"))
        # The platform has no such set, and so an empty one.
        pipeline.smembers(key(scope, "monitors:active"))
    found = iter(answers(pipeline))
    listings = [
        Listing(scope, meta or {}, index or {}, frozenset(active or ()))
        for scope, meta, index, active in zip(scopes, found, found, found, strict=True)
    ]
    wanted = [_not_held(listing, copies.get(listing.scope)) for listing in listings]
    pipeline = client.pipeline(transaction=False)
    for scope, documents in zip(scopes, wanted, strict=True):
        for start in range(0, len(documents), BATCH_DOCUMENTS):
            some = documents[start : start + BATCH_DOCUMENTS]
            pipeline.mget([document_key(scope, document) for document in some])
        pipeline.hgetall(key(scope, "projection:meta"))
    found = iter(answers(pipeline))
    whole = []
    for listing, documents in zip(listings, wanted, strict=True):
        bodies: list[str | None] = []
        while len(bodies) < len(documents):
            bodies += next(found)
        if (next(found) or {}) != listing.meta:
            whole.append(replace(listing, moved=True, problem="it moved while it was read"))
        else:
            named = dict(zip(documents, bodies, strict=True))
            whole.append(_judged(replace(listing, bodies=named)))
    return whole


def _not_held(listing: Listing, copy: Copy | None) -> list[str]:
    """The documents that run, and whose bytes the copy wasn't made of."""
    held = copy.hashes if copy else {}
    return [
        document
        for document in listing.running
        if held.get(document) != sha256_in(listing.index.get(document, ""))
    ]


def _judged(listing: Listing) -> Listing:
    return replace(listing, problem=_problem(listing)) if listing.meta else listing


def _problem(listing: Listing) -> str:
    """Why what was read isn't one whole version of a schema that we know; "" where it is."""
    meta = listing.meta
    if position(meta) is None:
        return "meta isn't whole"
    schema = meta.get("schema", "")
    if not schema.isdecimal() or int(schema) > SCHEMA:
        return f"schema {schema or 'missing'}, known is {SCHEMA}"
    if meta.get("count") != str(len(listing.running)):
        return f"count is {meta.get('count')}, but {len(listing.running)} are there"
    if meta.get("digest") != digest_of(listing.index, listing.active):
        return "the digest differs"
    for document, body in listing.bodies.items():
        if body is None:
            return f"the document {document} is missing"
        if hashlib.sha256(body.encode()).hexdigest() != sha256_in(listing.index.get(document, "")):
            return f"the bytes of {document} aren't those of the index"
    return ""

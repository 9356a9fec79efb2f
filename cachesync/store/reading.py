"""Reads of the projection's Redis. Timeouts are the caller's: a request waits a fraction of a
second, a sweep may move megabytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

import redis
from django.conf import settings

from cachesync.contracts import Look, StoredScope, Version, digest_of
from cachesync.keys import CHANGES, HEARTBEAT, READY, TENANTS, Scope

READ_SCOPES = 25
"""Scopes whose index is read in one round trip."""
READ_BODIES = 50
"""Documents that are read in one call: up to 1 MiB each."""


Item = TypeVar("Item")


@lru_cache(maxsize=8)
def _client(url: str, timeout_s: float) -> redis.Redis:
    if not url:
        raise redis.ConnectionError("no URL is set, and no embedded service runs")
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        health_check_interval=30,
        decode_responses=True,
        # What isn't UTF-8 isn't ours: it must differ from what should be there, not fail.
        encoding_errors="replace",
    )


class StoreReads:
    """What a process sees of the projection's Redis. Raises `redis.RedisError`."""

    def __init__(self, *, timeout_s: float | None = None, url: str | None = None) -> None:
        self._redis = _client(
            url or settings.REDIS_PROJECTION_URL,
            settings.PROJECTION_TIMEOUT_S if timeout_s is None else timeout_s,
        )

    @property
    def client(self) -> redis.Redis:
        """For what is not the projection's: the runtimes' own keys."""
        return self._redis

    def ping(self) -> None:
        """Raises `redis.RedisError` where nobody answers in time."""
        self._redis.ping()

    def versions(self, scopes: Sequence[Scope]) -> list[Version | None]:
        """The version of each scope, None where there is none. One round trip a thousand.

        One that can't be read counts as none: it must not hide the others.
        """
        versions: list[Version | None] = []
        for chunk in chunks(scopes, 1000):
            pipeline = self._redis.pipeline(transaction=False)
            for scope in chunk:
                pipeline.hmget(scope.meta, *_VERSION)
            answers = pipeline.execute(raise_on_error=False)
            versions += [
                None if isinstance(held, redis.ResponseError) else _version(held)
                for held in answers
            ]
        return versions

    def read(
        self, scope: Scope, *, look: Look = Look.INDEX, only: str | None = None
    ) -> StoredScope:
        """What a scope holds, as closely as `look` says; `only` that document of it."""
        if only is None:
            [stored] = self.read_each([scope], look=look)
            return stored
        [stored] = self.read_each([scope])
        return self._looked(stored, look, [only] if only in stored.index else [])

    def read_each(
        self, scopes: Sequence[Scope], *, look: Look = Look.INDEX
    ) -> Iterator[StoredScope]:
        """The same for many, in their order, with few round trips; never all at once in memory."""
        for chunk in chunks(scopes, READ_SCOPES):
            for scope, held in zip(chunk, self._held(chunk), strict=True):
                if not any(isinstance(part, redis.ResponseError) for part in held):
                    stored = _stored(scope, *held)
                else:
                    # Somebody put another thing under a name of ours: nobody could replace it.
                    self._drop_strangers(scope)
                    [held_now] = self._held([scope], raise_on_error=True)
                    stored = _stored(scope, *held_now)
                yield stored if look is Look.INDEX else self._looked(stored, look, stored.index)

    def _held(self, scopes: Sequence[Scope], *, raise_on_error: bool = False) -> list[Any]:
        """Meta, index, active set and whether it is listed, of each scope at one moment."""
        pipeline = self._redis.pipeline(transaction=True)
        for scope in scopes:
            pipeline.hmget(scope.meta, *_VERSION, "status", "count", "digest")
            pipeline.hgetall(scope.index)
            pipeline.smembers(scope.active or _NOWHERE)
            pipeline.sismember(TENANTS, scope.id)
        answers = iter(pipeline.execute(raise_on_error=raise_on_error))
        return list(zip(answers, answers, answers, answers, strict=True))

    def _looked(self, stored: StoredScope, look: Look, fields: Iterable[str]) -> StoredScope:
        scope = stored.scope
        if look is Look.PRESENCE:
            return replace(stored, missing=self.missing(scope, fields))
        missing: set[str] = set()
        altered: set[str] = set()
        for chunk in chunks(list(fields), READ_BODIES):
            found = self.bodies(scope, chunk)
            missing |= set(chunk) - set(found)
            altered |= {
                field
                for field, body in found.items()
                if hashlib.sha256(body.encode()).hexdigest() != stored.sha256(field)
            }
        return replace(stored, missing=frozenset(missing), altered=frozenset(altered))

    def missing(self, scope: Scope, fields: Iterable[str]) -> frozenset[str]:
        """Those of `fields` whose document isn't there."""
        return frozenset(self._absent(list(fields), scope.document))

    def absent(self, scopes: Sequence[Scope]) -> list[Scope]:
        """Those of which nothing is there."""
        return self._absent(scopes, lambda scope: scope.meta)

    def _absent(self, items: Sequence[Item], key: Callable[[Item], str]) -> list[Item]:
        gone: list[Item] = []
        for chunk in chunks(items, 1000):
            # One question for all of them; which ones, only where the answer is not "all".
            if self._redis.exists(*map(key, chunk)) == len(chunk):
                continue
            pipeline = self._redis.pipeline(transaction=False)
            for item in chunk:
                pipeline.exists(key(item))
            there = pipeline.execute()
            gone += [item for item, found in zip(chunk, there, strict=True) if not found]
        return gone

    def bodies(self, scope: Scope, fields: Sequence[str]) -> dict[str, str]:
        """The documents with these index fields that are there."""
        if not fields:
            return {}
        bodies = self._redis.mget([scope.document(field) for field in fields])
        return {
            field: body
            for field, body in zip(fields, cast(list[str | None], bodies), strict=True)
            if body is not None
        }

    def _drop_strangers(self, scope: Scope) -> None:
        """Delete what stands under a name of ours and is of another type than ours."""
        types = {scope.meta: "hash", scope.index: "hash", TENANTS: "set", CHANGES: "stream"}
        if scope.active:
            types[scope.active] = "set"
        for key, wanted in types.items():
            if self._redis.type(key) not in {wanted, "none"}:
                self._redis.delete(key)

    def tenants(self) -> set[str]:
        return cast(set[str], self._redis.smembers(TENANTS))

    def heartbeat(self) -> datetime | None:
        """When the last sweep was completed; None if never, or if it can't be read."""
        try:
            return datetime.fromisoformat(cast(str, self._redis.get(HEARTBEAT)) or "")
        except ValueError:
            return None

    def written_at(self, scope: Scope) -> datetime | None:
        """When the scope was last changed or mended; None if never, or if it can't be read."""
        try:
            return datetime.fromisoformat(
                cast(str, self._redis.hget(scope.meta, "written_at")) or ""
            )
        except (ValueError, redis.ResponseError):
            return None

    def ready(self) -> dict[str, str]:
        return cast(dict[str, str], self._redis.hgetall(READY))


_VERSION = ("rev", "epoch", "token", "render_version")
_DELETED = "deleted"
_NOWHERE = "platform:projection:none"
"""A key that never exists: the active set of the platform, which has none."""
_NUMBER = re.compile(r"[0-9]+")


def _stored(
    scope: Scope,
    meta: Sequence[str | None],
    index: Mapping[str, str],
    active: set[str],
    listed: int,
) -> StoredScope:
    *version, status, count, digest = meta
    hashes = {field: entry.partition(":")[2] for field, entry in index.items()}
    return StoredScope(
        scope=scope,
        version=_version(version),
        status=status or "",
        index=index,
        active=frozenset(active),
        intact=(
            digest == digest_of(hashes, active)
            and count == str(len(index if scope.is_platform else active))
            and (scope.is_platform or bool(listed) == (status != _DELETED))
        ),
    )


def _version(held: Sequence[str | None]) -> Version | None:
    """The version that a meta holds. One that isn't whole is none, as for `apply.lua`."""
    rev, epoch, token, render_version = (value or "" for value in held)
    if not token or not all(map(_NUMBER.fullmatch, (rev, epoch, render_version))):
        return None
    return Version(int(rev), int(epoch), token, int(render_version))


def chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

"""The projection's Redis: reads of what it holds, and the one call that changes it.

Writers never set a key that a reader may see outside `apply`. Timeouts are the caller's: a
request waits a fraction of a second, a sweep may move megabytes.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import redis
from django.conf import settings

from cachesync.contracts import SCHEMA_VERSION, Change, Result, StoredScope, Version, digest_of
from cachesync.keys import CHANGES, HEARTBEAT, PLATFORM, READY, TENANTS, Scope

MAX_CALL_DOCUMENTS = 200
MAX_CALL_BYTES = 4 * 1024 * 1024
STAGING_SECONDS = 120
MAX_STREAM_LENGTH = 100_000
MAX_NAMED_IDS = 10

_APPLY = (Path(__file__).parent / "lua" / "apply.lua").read_text(encoding="utf-8")


class MissingReference(Exception):
    """A document names a catalogue key that Redis doesn't hold: project the platform first."""


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
    )


class Store:
    """All access of this process to the projection's Redis. Raises `redis.RedisError`."""

    def __init__(self, *, timeout_s: float | None = None, url: str | None = None) -> None:
        self._redis = _client(
            url or settings.REDIS_PROJECTION_URL,
            settings.PROJECTION_TIMEOUT_S if timeout_s is None else timeout_s,
        )
        self._apply = self._redis.register_script(_APPLY)

    @property
    def client(self) -> redis.Redis:
        """For what is not the projection's: the runtimes' own keys."""
        return self._redis

    # Reads

    def versions(self, scopes: Sequence[Scope]) -> list[Version | None]:
        """The version of each scope, None where there is none. One round trip a thousand.

        One that can't be read counts as none: it must not hide the others.
        """
        versions: list[Version | None] = []
        for chunk in _chunks(scopes, 1000):
            pipeline = self._redis.pipeline(transaction=False)
            for scope in chunk:
                pipeline.hmget(scope.meta, *_VERSION)
            answers = pipeline.execute(raise_on_error=False)
            versions += [
                None if isinstance(held, redis.ResponseError) else _version(held)
                for held in answers
            ]
        return versions

    def read(self, scope: Scope, *, look: bool = False) -> StoredScope:
        """What a scope holds; with `look`, also which documents of its index are gone."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hmget(scope.meta, *_VERSION, "status", "count", "digest")
        pipeline.hgetall(scope.index)
        if not scope.is_platform:
            pipeline.smembers(scope.active)
            pipeline.sismember(TENANTS, scope.id)
        (*held, status, count, digest), index, *of_tenant = pipeline.execute()
        active, listed = of_tenant or (set(), True)
        hashes = {field: entry.partition(":")[2] for field, entry in index.items()}
        return StoredScope(
            scope=scope,
            version=_version(held),
            status=status or "",
            index=index,
            active=frozenset(active),
            missing=self.missing(scope, index) if look else frozenset(),
            intact=(
                digest == digest_of(hashes, active)
                and count == str(len(index if scope.is_platform else active))
                and bool(listed) == (status != _DELETED)
            ),
        )

    def missing(self, scope: Scope, fields: Iterable[str]) -> frozenset[str]:
        """Those of `fields` whose document isn't there."""
        listed = list(fields)
        gone: set[str] = set()
        for chunk in _chunks(listed, 1000):
            # One question for all of them; which ones, only where the answer is not "all".
            if self._redis.exists(*map(scope.document, chunk)) == len(chunk):
                continue
            pipeline = self._redis.pipeline(transaction=False)
            for field in chunk:
                pipeline.exists(scope.document(field))
            gone |= {
                field for field, there in zip(chunk, pipeline.execute(), strict=True) if not there
            }
        return frozenset(gone)

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

    def tenants(self) -> set[str]:
        return cast(set[str], self._redis.smembers(TENANTS))

    def ready(self) -> dict[str, str]:
        return cast(dict[str, str], self._redis.hgetall(READY))

    # Writes

    def apply(self, change: Change, *, now: datetime) -> Result:
        """Apply a change if Redis still holds `change.expected`; else nothing of it.

        Returns OK, STALE or CONFLICT. Raises `MissingReference`.
        """
        size = sum(map(len, change.puts.values()))
        large = len(change.puts) > MAX_CALL_DOCUMENTS or size > MAX_CALL_BYTES
        stage = self._stage(change) if large else ""
        answer = cast(
            str,
            self._apply(
                keys=[
                    change.scope.meta,
                    change.scope.index,
                    change.scope.active,
                    TENANTS,
                    CHANGES,
                    PLATFORM.index,
                ],
                args=_arguments(change, stage=stage, now=now),
            ),
        )
        if stage and answer != Result.OK:
            self._unstage(change, stage)
        if answer.startswith("missing:"):
            raise MissingReference(answer.removeprefix("missing:"))
        # Unstaged: the bodies expired before the call, as if somebody had come between.
        return Result.CONFLICT if answer == "unstaged" else Result(answer)

    def drop_tenant(self, scope: Scope) -> None:
        """Take a tenant that Postgres doesn't know off the list, with everything that it has."""
        fields = list(cast(dict[str, str], self._redis.hgetall(scope.index)))
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.srem(TENANTS, scope.id)
        pipeline.delete(scope.active, scope.index, scope.meta)
        for field in fields:
            pipeline.expire(scope.document(field), settings.PROJECTION_REMOVAL_GRACE_S)
        pipeline.execute()

    def set_ready(self, *, epoch: int, tenants: int, now: datetime) -> None:
        fields = {
            "epoch": epoch,
            "schema": SCHEMA_VERSION,
            "completed_at": now.isoformat(),
            "tenants": tenants,
        }
        self._redis.hset(READY, mapping=cast(Any, fields))

    def set_heartbeat(self, now: datetime) -> None:
        self._redis.set(HEARTBEAT, now.isoformat())

    def _stage(self, change: Change) -> str:
        """Put bodies where no reader looks, in calls of bounded size, to expire by themselves.

        Returns the prefix of their keys.
        """
        prefix = change.scope.stage(change.version.rev, secrets.token_hex(4))
        batch: list[tuple[str, bytes]] = []
        size = 0
        for field, body in change.puts.items():
            batch.append((prefix + field, body))
            size += len(body)
            if len(batch) >= MAX_CALL_DOCUMENTS or size >= MAX_CALL_BYTES:
                self._set_all(batch)
                batch, size = [], 0
        self._set_all(batch)
        return prefix

    def _unstage(self, change: Change, prefix: str) -> None:
        for chunk in _chunks(list(change.puts), 1000):
            self._redis.unlink(*(prefix + field for field in chunk))

    def _set_all(self, batch: list[tuple[str, bytes]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for key, body in batch:
            pipeline.set(key, body, ex=STAGING_SECONDS)
        pipeline.execute()


_VERSION = ("rev", "epoch", "token", "render_version")
_DELETED = "deleted"
_NUMBER = re.compile(r"[0-9]+")


def _version(held: Sequence[str | None]) -> Version | None:
    """The version that a meta holds. One that isn't whole is none, as for `apply.lua`."""
    rev, epoch, token, render_version = (value or "" for value in held)
    if not token or not all(map(_NUMBER.fullmatch, (rev, epoch, render_version))):
        return None
    return Version(int(rev), int(epoch), token, int(render_version))


def _arguments(change: Change, *, stage: str, now: datetime) -> list[Any]:
    """The flat list that `apply.lua` takes apart, in its order."""
    scope, expected, version = change.scope, change.expected, change.version
    held: list[Any] = ["", "", "", ""]
    if expected is not None:
        held = [expected.rev, expected.epoch, expected.token, expected.render_version]
    arguments: list[Any] = [
        *held,
        *(version.rev, version.epoch, version.token, version.render_version),
        *(SCHEMA_VERSION, change.status, change.digest, now.isoformat()),
        *(scope.id, scope.channel),
        settings.PROJECTION_REMOVAL_GRACE_S,
        stage,
        scope.document(""),
        *_counted(sorted(change.requires)),
        len(change.puts),
    ]
    for field, body in change.puts.items():
        arguments += [field, change.hashes[field], "" if stage else body]
    arguments += _counted(sorted(change.activate))
    arguments += _counted(sorted(change.deactivate))
    arguments += _counted(sorted(change.removals))
    ids = change.touched
    arguments += [json.dumps(ids) if len(ids) <= MAX_NAMED_IDS else "", MAX_STREAM_LENGTH]
    return arguments + _counted(_hints(change, now))


def _hints(change: Change, now: datetime) -> list[str]:
    """Messages for readers that cannot follow a stream; a lost one costs nothing but time."""
    fields = change.touched
    if not fields:
        return []
    if len(fields) > MAX_NAMED_IDS:
        return [_hint(change, now, "invalidate", "tenant", change.scope.id)]
    return [
        _hint(
            change,
            now,
            "delete" if field in change.removals else "update",
            *_resource(change.scope, field),
        )
        for field in fields
    ]


def _resource(scope: Scope, field: str) -> tuple[str, str]:
    if not scope.is_platform:
        return "monitor", field
    kind, _, name = field.partition(":")
    return ("network" if kind == "networks" else "filter"), name


def _hint(change: Change, now: datetime, event: str, resource: str, resource_id: str) -> str:
    scope = change.scope
    if scope.is_platform and resource == "tenant":
        resource = "platform"
    message = {
        "event_type": event,
        "resource_type": resource,
        "resource_id": resource_id,
        "tenant_id": None if scope.is_platform else scope.id,
        "timestamp": now.isoformat(),
        "metadata": {"rev": change.version.rev},
    }
    return json.dumps(message, separators=(",", ":"))


def _counted(items: Sequence[str]) -> list[Any]:
    return [len(items), *items]


def _chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

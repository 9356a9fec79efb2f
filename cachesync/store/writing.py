"""The one call that changes the projection's Redis, and the few keys beside the scopes.

Writers never set a key that a reader may see outside `apply`.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings

from cachesync.contracts import SCHEMA_VERSION, Change, Result
from cachesync.keys import CHANGES, HEARTBEAT, PLATFORM, READY, TENANTS, Scope
from cachesync.store.calls import apply_arguments
from cachesync.store.reading import StoreReads, chunks

MAX_CALL_DOCUMENTS = 200
MAX_CALL_BYTES = 4 * 1024 * 1024
STAGING_SECONDS = 120

_APPLY = (Path(__file__).parents[1] / "lua" / "apply.lua").read_text(encoding="utf-8")


class MissingReference(Exception):
    """A document names a catalogue key that Redis doesn't hold: project the platform first."""


class Store(StoreReads):
    """All access of this process to the projection's Redis. Raises `redis.RedisError`."""

    def __init__(self, *, timeout_s: float | None = None, url: str | None = None) -> None:
        super().__init__(timeout_s=timeout_s, url=url)
        self._apply = self._redis.register_script(f"#!lua\n{_APPLY}")
        self._stop = self._redis.register_script(f"#!lua flags=allow-oom\n{_APPLY}")

    def apply(self, change: Change, *, now: datetime) -> Result:
        """Apply a change if Redis still holds `change.expected`; else nothing of it.

        Returns OK, STALE or CONFLICT. Raises `MissingReference`, and `redis.OutOfMemoryError`
        where Redis is full.
        """
        size = sum(map(len, change.puts.values()))
        large = len(change.puts) > MAX_CALL_DOCUMENTS or size > MAX_CALL_BYTES
        stage = self._stage(change) if large else ""
        # A full Redis takes nothing new, and still lets a monitor be stopped.
        stops = (change.deactivate or change.removals) and not change.activate
        script = self._stop if stops else self._apply
        answer = cast(
            str,
            script(
                keys=[
                    change.scope.meta,
                    change.scope.index,
                    change.scope.active,
                    TENANTS,
                    CHANGES,
                    PLATFORM.index,
                ],
                args=apply_arguments(change, stage=stage, now=now),
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
        for chunk in chunks(list(change.puts), 1000):
            self._redis.unlink(*(prefix + field for field in chunk))

    def _set_all(self, batch: list[tuple[str, bytes]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for key, body in batch:
            pipeline.set(key, body, ex=STAGING_SECONDS)
        pipeline.execute()

"""What a runtime says of itself: that it is there, and which version of each scope it runs."""

from __future__ import annotations

import time
from collections.abc import Mapping

import redis

from cachesync.reader.copies import Position

INSTANCES = "runtime:instances"
ACK_TTL_S = 90
"""Three safety polls: who hasn't been seen for longer doesn't count any more."""
FORGET_S = 86_400
MAX_REASONS = 20
MAX_REASON = 200


class Acks:
    """The entries of one instance; without a name nothing is written."""

    def __init__(self, client: redis.Redis, instance: str) -> None:
        self._client = client
        self._instance = instance
        self._texts: dict[str, str] = {}
        self._unsaid: set[str] = set()

    def take(self, scope: str, at: Position, refused: Mapping[str, str]) -> bool:
        """Note what became of a version, to be written next. Returns whether that is news.

        `refused` maps documents to reasons; "" stands for the whole scope.
        """
        text = f"{at[0]}:{at[1]}"
        if refused:
            parts = [
                f"{name}: {why[:MAX_REASON]}" if name else why[:MAX_REASON]
                for name, why in sorted(refused.items())[:MAX_REASONS]
            ]
            more = "; …" if len(refused) > MAX_REASONS else ""
            text = f"NACK {text} {'; '.join(parts)}{more}"
        if self._texts.get(scope) == text:
            return False
        self._texts[scope] = text
        self._unsaid.add(scope)
        return True

    def drop(self, scope: str) -> None:
        """A tenant is gone: there is nothing to say about it."""
        self._texts.pop(scope, None)
        self._unsaid.add(scope)

    def is_refused(self, scope: str) -> bool:
        return self._texts.get(scope, "").startswith("NACK ")

    def write(self, *, everything: bool) -> None:
        """Say what is new; with `everything`, all of it and that we are there."""
        if not self._instance or not (everything or self._unsaid):
            return
        name, now = self._key, time.time()
        pipeline = self._client.pipeline(transaction=True)
        pipeline.zadd(INSTANCES, {self._instance: now})
        if everything:
            # Whoever died without a word is forgotten by the others, in the end.
            pipeline.zremrangebyscore(INSTANCES, "-inf", now - FORGET_S)
            pipeline.delete(name)
        said = self._texts if everything else self._unsaid & self._texts.keys()
        if said:
            pipeline.hset(name, mapping={scope: self._texts[scope] for scope in said})
        if gone := self._unsaid - self._texts.keys():
            pipeline.hdel(name, *gone)
        pipeline.expire(name, ACK_TTL_S)
        pipeline.execute()
        self._unsaid.clear()

    def leave(self) -> None:
        """Take the instance off the list."""
        if self._instance:
            pipeline = self._client.pipeline(transaction=True)
            pipeline.zrem(INSTANCES, self._instance)
            pipeline.delete(self._key)
            pipeline.execute()

    @property
    def _key(self) -> str:
        return f"runtime:{self._instance}:ack"

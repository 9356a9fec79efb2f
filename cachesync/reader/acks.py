"""What a runtime says of itself: that it is there, and which version of each scope it runs.

`Acks` writes it, for one runtime; `read_acks` is for whoever wants to know about all of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import redis

from cachesync.reader.copies import Position

INSTANCES = "runtime:instances"
ACK_TTL_S = 90
"""Three safety polls: who hasn't been seen for longer doesn't count any more."""
FORGET_S = 86_400
MAX_REASONS = 20
MAX_REASON = 200
_AND_MORE = "; …"
_ACK = re.compile(r"(?:(NACK) )?(\d+):(\d+)(?: (.*))?", re.DOTALL)
_OF_A_DOCUMENT = re.compile(r"([0-9a-f-]{36}|(?:networks|filters):[a-z0-9_]+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Ack:
    """An acknowledgement of a scope: everything up to `at` runs, but what was refused.

    `refused` maps documents to reasons; "" stands for the whole scope. There may be `more` than
    these.
    """

    at: Position
    refused: Mapping[str, str] = field(default_factory=dict)
    more: bool = False

    @property
    def reason(self) -> str:
        """Of a refusal, as one text; "" for none."""
        parts = [
            f"{name}: {why[:MAX_REASON]}" if name else why[:MAX_REASON]
            for name, why in sorted(self.refused.items())[:MAX_REASONS]
        ]
        more = self.more or len(self.refused) > MAX_REASONS
        return "; ".join(parts) + (_AND_MORE if more else "")

    def text(self) -> str:
        """As it stands in Redis."""
        at = f"{self.at[0]}:{self.at[1]}"
        return f"NACK {at} {self.reason}" if self.refused else at

    @classmethod
    def parse(cls, text: str) -> Ack | None:
        """None for text that is no acknowledgement."""
        match = _ACK.fullmatch(text)
        if match is None or (match[4] and not match[1]):
            return None
        at, reason = (int(match[2]), int(match[3])), match[4] or ""
        if not match[1]:
            return cls(at)
        refused: dict[str, str] = {}
        name = ""
        for part in reason.removesuffix(_AND_MORE).split("; "):
            named = _OF_A_DOCUMENT.fullmatch(part)
            name, why = named.groups() if named else (name, part)
            refused[name] = f"{refused[name]}; {why}" if name in refused else why
        return cls(at, refused, more=reason.endswith(_AND_MORE))


def read_acks(
    client: redis.Redis, *, scope: str = "", seen_since: float = 0
) -> dict[str, tuple[float, dict[str, Ack]]]:
    """By instance: when it was last seen (Unix seconds), and its acknowledgements by scope.

    Only that of `scope`, if one is given. Two round trips, for any number of instances.
    """
    listed = client.zrangebyscore(INSTANCES, seen_since, "+inf", withscores=True)
    instances = cast(list[tuple[str, float]], listed)
    pipeline = client.pipeline(transaction=False)
    for name, _ in instances:
        if scope:
            pipeline.hget(_key(name), scope)
        else:
            pipeline.hgetall(_key(name))
    answers: list[Any] = pipeline.execute() if instances else []
    found = {}
    for (name, seen), answer in zip(instances, answers, strict=True):
        texts: dict[str, str] = {scope: answer or ""} if scope else answer
        found[name] = seen, {of: ack for of, text in texts.items() if (ack := Ack.parse(text))}
    return found


def _key(instance: str) -> str:
    return f"runtime:{instance}:ack"


class Acks:
    """The entries of one instance; without a name nothing is written."""

    def __init__(self, client: redis.Redis, instance: str) -> None:
        self._client = client
        self._instance = instance
        self._texts: dict[str, str] = {}
        self._unsaid: set[str] = set()

    def take(self, scope: str, at: Position, refused: Mapping[str, str]) -> bool:
        """Note what became of a version, to be written next. Returns whether that is news."""
        text = Ack(at, refused).text()
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
        """Whether anything of the scope's last version was."""
        return self._texts.get(scope, "").startswith("NACK ")

    def write(self, *, everything: bool) -> None:
        """Say what is new; with `everything`, all of it and that we are there."""
        if not self._instance or not (everything or self._unsaid):
            return
        name, now = _key(self._instance), time.time()
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
            pipeline.delete(_key(self._instance))
            pipeline.execute()

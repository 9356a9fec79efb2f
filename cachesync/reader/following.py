"""Start, follow, poll, acknowledge: the loop of a runtime.

What Redis doesn't say is unknown and never empty: after a FLUSHALL, with Redis away, or where
something can't be read as a whole, a follower keeps what it has.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import redis

from cachesync.reader.acks import Acks
from cachesync.reader.copies import (
    CHANGES,
    PLATFORM,
    READY,
    SCHEMA,
    TENANTS,
    Configuration,
    NotReady,
    Position,
    key,
)
from cachesync.reader.holding import Change, Holder
from cachesync.reader.reading import answers

OLDER_GRACE_S = 10.0
"""A Redis that restarted with old data is brought forward within two sweeps of five seconds."""
BACK_OFF_S = 5.0
MAX_ENTRIES = 500
MAX_NAMED = 100
BEGINNING = "0-0"


@dataclass(frozen=True)
class Started:
    """The first whole configuration."""

    configuration: Configuration


@dataclass(frozen=True)
class Status:
    """Why the configuration isn't kept up to date just now; "" once it is again."""

    problem: str


Event: TypeAlias = Started | Change | Status
_Wanted: TypeAlias = dict[str, tuple[set[str] | None, Position]]


def read_all(client: redis.Redis) -> Configuration:
    """A start-up read. `client` decodes responses, as that of `connect`. Raises `NotReady`."""
    return Follower(client).start()


class Follower:
    """Keeps `configuration` as Redis has it, and says so.

    `instance` is this runtime's name; without one nothing is acknowledged. With `keys` (see
    `sealing_keys`) a document with a secret that doesn't open is refused. `poll_s` bounds the
    time between two safety polls. The client's socket timeout must be longer than a second.

    Each method may raise `redis.RedisError`; what is held stays, and the next `poll` goes on.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        instance: str = "",
        keys: Mapping[str, bytes] | None = None,
        poll_s: tuple[float, float] = (15.0, 30.0),
        older_grace_s: float = OLDER_GRACE_S,
    ) -> None:
        self.problem = ""
        self._client = client
        self._poll_s = poll_s
        self._acks = Acks(client, instance)
        self._held = Holder(client, self._acks, keys=keys, older_grace_s=older_grace_s)
        self._started = False
        self._cursor = BEGINNING

    @property
    def configuration(self) -> Configuration | None:
        """What to run; None before the first start."""
        return self._held.configuration if self._started else None

    def run(self, stop: threading.Event) -> Iterator[Event]:
        """Start, follow, poll and acknowledge until `stop`. Backs off while Redis is away."""
        failures, told, next_poll = 0, "", 0.0
        while not stop.is_set():
            polls = failures > 0 or time.monotonic() >= next_poll
            try:
                if not self._started:
                    yield Started(self.start())
                elif polls:
                    yield from self.poll()
                else:
                    yield from self.follow(min(1.0, next_poll - time.monotonic()))
                self.acknowledge(everything=polls)
                problem, failures = self.problem, 0
            except (NotReady, redis.RedisError) as error:
                problem, failures = str(error) or type(error).__name__, failures + 1
            if polls:
                pause = _jittered(*self._poll_s)
                next_poll = time.monotonic() + (min(pause, BACK_OFF_S) if problem else pause)
            if problem != told:
                told = problem
                yield Status(problem)
            if failures:
                stop.wait(_jittered(0.5, 1.0) * min(BACK_OFF_S, 0.1 * 2 ** min(failures, 6)))

    def start(self) -> Configuration:
        """Read everything. Raises `NotReady`, and then keeps what was held before."""
        ready, listed, newest, _ = self._overview([])
        if problem := _not_ready(ready):
            raise NotReady(problem)
        # Before all else: what is written from here on will be in the stream.
        self._cursor = newest
        self._held.configuration.ready = ready
        self._held.refresh([PLATFORM])
        if PLATFORM not in self._held.copies:
            raise NotReady("the platform's scope can't be read as a whole")
        self._held.refresh(sorted(listed))
        self._held.news.clear()
        self._started = True
        return self._held.configuration

    def follow(self, timeout_s: float = 1.0) -> list[Change]:
        """Wait for entries of the stream, and read again what they name.

        An entry that continues what is held costs one round trip, a gap two for the whole scope.
        Where the cursor's own entry was trimmed away, any scope may have been missed: all of them
        are looked at, as by `poll`.
        """
        block = max(1, int(timeout_s * 1000))
        stream = cast(Any, self._client.xread({CHANGES: self._cursor}, MAX_ENTRIES, block))
        if not stream:
            return self._drained()
        [(_, entries)] = stream
        oldest = cast(Any, self._client.xrange(CHANGES, count=1))
        wanted = self._wanted(fields for _, fields in entries)
        # The platform first: what monitors name is there before they are.
        for scope in sorted(wanted, key=lambda scope: (scope != PLATFORM, scope)):
            documents, to = wanted[scope]
            if documents is not None:
                self._held.forward(scope, documents, to)
            elif scope == PLATFORM:
                self._held.refresh([PLATFORM])
        self._held.refresh(
            [scope for scope, (named, _) in wanted.items() if named is None and scope != PLATFORM]
        )
        trimmed = not oldest or _id(oldest[0][0]) > _id(self._cursor)
        self._cursor = entries[-1][0]
        return self.poll() if trimmed else self._drained()

    def poll(self) -> list[Change]:
        """Compare the meta of every scope with what is held: finds what the stream has lost.

        One round trip where nothing has changed. Afterwards `problem` says whether it could.
        """
        scopes = list(self._held.copies)
        ready, listed, newest, metas = self._overview(scopes)
        if _id(newest) < _id(self._cursor):
            self._cursor = newest  # another stream than the one that we followed
        self.problem = _not_ready(ready)
        if self.problem:
            return self._drained()
        self._held.configuration.ready = ready
        differing = []
        for scope, meta in zip(scopes, metas, strict=True):
            if self._held.differs(scope, meta):
                differing.append(scope)
            elif not meta and listed and scope != PLATFORM and scope not in listed:
                # Off the list, and no tombstone either: dropped. A lost list would be empty.
                self._held.remove(scope)
        self._held.refresh(differing + sorted(listed - set(scopes)))
        return self._drained()

    def acknowledge(self, *, everything: bool = True) -> None:
        """Say which versions run here: once they do, and all of them at least every 30 s."""
        self._acks.write(everything=everything)

    def leave(self) -> None:
        """Say that this instance is no more. With Redis away, it is forgotten by itself."""
        with contextlib.suppress(redis.RedisError):
            self._acks.leave()

    def _overview(
        self, scopes: Sequence[str]
    ) -> tuple[dict[str, str], set[str], str, list[dict[str, str]]]:
        """Ready, tenants, the newest id of the stream and these metas, as of one instant."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.hgetall(READY)
        pipeline.smembers(TENANTS)
        pipeline.xrevrange(CHANGES, count=1)
        for scope in scopes:
            pipeline.hgetall(key(scope, "projection:meta"))
        ready, listed, newest, *metas = answers(pipeline)
        newest_id = newest[0][0] if newest else BEGINNING
        return ready or {}, listed or set(), newest_id, [meta or {} for meta in metas]

    def _wanted(self, entries: Iterable[Mapping[str, str]]) -> _Wanted:
        """What to read again by scope, and where that then is: documents, or None for all of it."""
        wanted: _Wanted = {}
        for fields in entries:
            scope, step = fields.get("scope", ""), _step(fields)
            held = self._held.copies.get(scope)
            if held is None or step is None:
                wanted[scope] = None, (0, 0)
                continue
            before, after, named = step
            documents, here = wanted.get(scope, (set(), held.position))
            if after < here or (after == here and before != here):
                continue  # somebody listed the scope since: it is in there
            continues = before == here and named and documents is not None
            together = documents | named if continues and documents is not None else None
            if together is not None and len(together) > MAX_NAMED:
                together = None
            wanted[scope] = together, after
        if PLATFORM in wanted:
            # Perhaps it brings what some document lacked.
            wanted |= {
                scope: (None, (0, 0))
                for scope, copy in self._held.configuration.tenants.items()
                if copy.refused
            }
        return wanted

    def _drained(self) -> list[Change]:
        news = self._held.news
        self._held.news = []
        return news


def _not_ready(ready: Mapping[str, str]) -> str:
    schema = ready.get("schema", "")
    if schema.isdecimal() and int(schema) <= SCHEMA:
        return ""
    return f"{READY} is {dict(ready) or 'missing'}"


def _step(fields: Mapping[str, str]) -> tuple[Position, Position, set[str]] | None:
    """From where to where an entry leads, and what it names; None if it is no such entry."""
    try:
        epoch, rev, before = (int(fields[name]) for name in ("epoch", "rev", "prev_rev"))
        named = set(json.loads(fields["ids"] or "[]"))
    except (KeyError, ValueError, TypeError):
        return None
    return (epoch, before), (epoch, rev), named


def _id(text: str) -> tuple[int, int]:
    """An id of the stream, to be compared."""
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number)


def _jittered(low: float, high: float) -> float:
    return random.uniform(low, high)  # noqa: S311 - so that readers don't come all at once

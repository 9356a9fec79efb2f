"""Facts that credentials stand on, kept for seconds so that a request needs no query.

One key a fact, and exact: whoever changes a row puts a *gravestone* over its key, before the commit
and after it. While one lies there nobody can put a fact back (`SET NX`), so a reader that asked
Postgres before the change can't bring the old state to life afterwards. Gravestones outlive every
such reader; facts live shorter than gravestones.

Where this Redis is away, Postgres is asked. A process that sees it fail trusts nothing in it for as
long as a fact may live: a change that couldn't be told is then old enough. What a process can't see
(a change made by another that alone was cut off from Redis) holds after `KEPT_S` at the latest.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
import redis
import structlog

from blip0.common.cache_outages import count_outage
from tenants.store.client import cache_redis

Fact: TypeAlias = Mapping[str, Any]

KEPT_S = 10
FILLED_WITHIN_S = 5
"""How old an answer of Postgres may be to be kept."""
GRAVESTONE_S = KEPT_S + 2 * FILLED_WITHIN_S
_PREFIX = "blip0:identity:"
_ALL = f"{_PREFIX}all"
_GRAVESTONE = b""

logger = structlog.get_logger(__name__)


@dataclass
class _Trust:
    """Until when this process asks Postgres instead, by the monotonic clock."""

    withheld_until: float = 0.0

    def withhold(self, error: redis.RedisError) -> None:
        count_outage("identity")
        now = time.monotonic()
        if now >= self.withheld_until:
            logger.warning("identity.cache_unavailable", error=type(error).__name__)
        self.withheld_until = now + GRAVESTONE_S


_trust = _Trust()


def trust_again() -> None:
    """Forget failures of this Redis; for tests, which take it away and bring it back."""
    _trust.withheld_until = 0.0


def facts_read(keys: Sequence[str]) -> dict[str, Fact] | None:
    """The facts that are there. None: ask Postgres, and keep nothing. One round trip."""
    if time.monotonic() < _trust.withheld_until:
        return None
    try:
        all_gone, *found = cache_redis().mget([_ALL, *(_PREFIX + key for key in keys)])
    except redis.RedisError as error:
        _trust.withhold(error)
        return None
    if all_gone is not None:
        return None
    return {key: orjson.loads(value) for key, value in zip(keys, found, strict=True) if value}


def facts_keep(facts: Mapping[str, Fact], *, asked_at: float) -> None:
    """Keep what Postgres said at `asked_at` (monotonic) unless it changed. One round trip."""
    if time.monotonic() - asked_at > FILLED_WITHIN_S:
        return
    try:
        with cache_redis().pipeline(transaction=False) as pipeline:
            for key, fact in facts.items():
                pipeline.set(_PREFIX + key, orjson.dumps(fact), nx=True, ex=KEPT_S)
            pipeline.execute()
    except redis.RedisError as error:
        _trust.withhold(error)


def facts_forget(keys: Collection[str]) -> None:
    """Bury these facts: the next request asks Postgres. One round trip."""
    _bury([_PREFIX + key for key in keys])


def facts_forget_all() -> None:
    """The same for all, where it isn't known which."""
    _bury([_ALL])


def _bury(keys: Collection[str]) -> None:
    try:
        with cache_redis().pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.set(key, _GRAVESTONE, ex=GRAVESTONE_S)
            pipeline.execute()
    except redis.RedisError as error:
        _trust.withhold(error)

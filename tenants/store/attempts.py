"""Failed sign-ins, counted in the cache's Redis by account and by address.

An attempt is counted before the password is looked at and taken back if it was right, so that
parallel guesses can't all pass. Nobody can lock somebody else out: an account's count makes other
addresses wait sooner, but the first attempts of an address that hasn't failed are always looked at.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final

import redis
import structlog

from blip0.common.cache_outages import count_outage
from tenants.store.client import cache_redis

FREE_FAILURES: Final = 5
"""Of one account from one address; each further one doubles the wait, from `FIRST_WAIT_S`."""
FREE_FAILURES_UNDER_ATTACK: Final = 2
"""The same for an account that `ATTACKED_AT` attempts from anywhere have failed for."""
ATTACKED_AT: Final = 30
FREE_FAILURES_OF_ADDRESS: Final = 50
FIRST_WAIT_S: Final = 1
LONGEST_WAIT_S: Final = 900
REMEMBERED_S: Final = 3600
"""After the last failure."""

_PREFIX = "blip0:attempts:"

# Waits are kept as the time at which the next attempt is looked at, by Redis' clock.
_COUNT = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local free, free_attacked, attacked_at, free_address, first, longest, kept = unpack(ARGV)
local function wait_of(key)
    return math.max(0, tonumber(redis.call('HGET', key, 'next') or '0') - now)
end
local function count(key, allowed)
    local failures = redis.call('HINCRBY', key, 'failures', 1)
    local beyond = failures - allowed
    if beyond >= 0 then
        local wait = tonumber(first) * 2 ^ math.min(beyond, 20)
        redis.call('HSET', key, 'next', now + math.min(tonumber(longest), wait))
    end
    redis.call('EXPIRE', key, kept)
    return failures
end
local pair, account, address = unpack(KEYS)
local wait = math.max(wait_of(pair), wait_of(address))
if wait > 0 then
    return math.ceil(wait)
end
redis.call('INCR', account)
redis.call('EXPIRE', account, kept)
local attacked = tonumber(redis.call('GET', account)) > tonumber(attacked_at)
count(pair, tonumber(attacked and free_attacked or free))
count(address, tonumber(free_address))
return 0
"""
_FORGIVE = """
local pair, account, address = unpack(KEYS)
redis.call('DEL', pair)
if tonumber(redis.call('GET', account) or '0') > 0 then
    redis.call('DECR', account)
end
if tonumber(redis.call('HGET', address, 'failures') or '0') > 0 then
    redis.call('HINCRBY', address, 'failures', -1)
end
"""

logger = structlog.get_logger(__name__)


def attempt_count(*, account: str, address: str) -> int:
    """Seconds to wait before the next attempt; 0: go on, and it is counted as a failure for now.

    0 too where Redis is away: people sign in, and the log says that nobody counts.
    """
    limits = [
        FREE_FAILURES, FREE_FAILURES_UNDER_ATTACK, ATTACKED_AT,
        FREE_FAILURES_OF_ADDRESS, FIRST_WAIT_S, LONGEST_WAIT_S, REMEMBERED_S,
    ]  # fmt: skip
    try:
        return int(cache_redis().eval(_COUNT, 3, *_keys(account, address), *limits))
    except redis.RedisError as error:
        _uncounted(error)
        return 0


def attempt_forgive(*, account: str, address: str) -> None:
    """The attempt that was just counted had the right password."""
    try:
        cache_redis().eval(_FORGIVE, 3, *_keys(account, address))
    except redis.RedisError as error:
        _uncounted(error)


def _uncounted(error: redis.RedisError) -> None:
    count_outage("sign_in")
    logger.warning("sign_in.attempts_uncounted", error=type(error).__name__)


def _keys(account: str, address: str) -> tuple[str, str, str]:
    """Hashed: neither who signs in nor from where stands in Redis."""
    who, where = account.strip().lower(), _neighbourhood(address)
    parts = (f"pair:{who}:{where}", f"account:{who}", f"address:{where}")
    pair, account_key, address_key = (
        _PREFIX + hashlib.sha256(part.encode()).hexdigest() for part in parts
    )
    return pair, account_key, address_key


def _neighbourhood(address: str) -> str:
    """An IPv6 client owns a /64: all of it counts as one address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network(f"{parsed}/64", strict=False))

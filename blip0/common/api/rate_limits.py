"""How often a tenant, and each of its credentials, may call: counted in Redis, at once and exactly.

A window slides in steps of a sixtieth of it. A call is counted until it is a whole window old, and
at most a step longer: no window of that length, wherever it begins, ever holds more calls than the
quota. A fixed window would let twice as many pass around its turn, and a token bucket as many in
its first hour; a list of every call's time would cost a tenant of a million calls 60 MB.

All policies are judged and charged by one script in one round trip. A refused call costs nothing.
Without that Redis every call is served: it is counted and logged, and for a second nobody asks it
again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry
from rest_framework.exceptions import APIException

from blip0.common.api.principals import Principal
from blip0.common.metrics import METRICS, harmless

HOUR_S: Final = 3600
MINUTE_S: Final = 60
STEPS: Final = 60
"""In how many steps a window slides."""
BURST_SHARE: Final = 10
MIN_BURST: Final = 600
"""A credential may use a tenth of its tenant's hour in one minute, and never less than these
calls: a script that runs wild leaves the rest to its colleagues."""
TIMEOUT_S: Final = 0.2
PAUSE_S: Final = 1.0

_SPEND: Final = """
local now = tonumber(redis.call('TIME')[1])
local steps = tonumber(ARGV[1])
local allowed, standings = 1, {}
for i, key in ipairs(KEYS) do
    local quota, width = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local current = math.floor(now / width)
    local used, marks, counts = 0, {}, {}
    local row = redis.call('HGETALL', key)
    for at = 1, #row, 2 do
        local mark, count = tonumber(row[at]), tonumber(row[at + 1])
        if mark < current - steps then
            redis.call('HDEL', key, row[at])
        else
            used = used + count
            counts[mark] = count
            marks[#marks + 1] = mark
        end
    end
    table.sort(marks)
    local left, wait = used, (current + steps + 1) * width - now
    for _, mark in ipairs(marks) do
        left, wait = left - counts[mark], (mark + steps + 1) * width - now
        if left < quota then break end
    end
    if used >= quota then allowed = 0 end
    standings[i] = {used, wait, current, width}
end
local answer = {allowed}
for i, key in ipairs(KEYS) do
    local used, wait, current, width = unpack(standings[i])
    if allowed == 1 then
        redis.call('HINCRBY', key, current, 1)
        redis.call('EXPIRE', key, (steps + 2) * width)
    end
    answer[#answer + 1] = used + allowed
    answer[#answer + 1] = wait
end
return answer
"""

UNMETERED: Final = Counter(
    "blip0_api_calls_unmetered",
    "Calls that were served without being counted: the cache's Redis was away.",
    registry=METRICS,
)

logger = structlog.get_logger(__name__)


class RateLimited(APIException):
    """The tenant, or this credential, has no call left. `wait` is in seconds."""

    status_code = 429
    default_code = "rate_limited"

    def __init__(self, standing: Standing) -> None:
        policy = standing.policy
        super().__init__(
            f"This {policy.subject} may make {policy.quota} calls in {policy.window_s} seconds, "
            f"and has made them. Try again in {standing.wait_s} seconds."
        )
        self.wait = standing.wait_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`quota` calls in any `window_s` seconds, counted under `key`; a window is whole minutes."""

    name: str
    subject: str
    key: str
    quota: int
    window_s: int

    @property
    def step_s(self) -> int:
        return self.window_s // STEPS


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is left of a policy, and in how many seconds there will be more."""

    policy: Policy
    remaining: int
    wait_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """The outcome of one call: where it stands with each policy."""

    allowed: bool
    standings: Sequence[Standing]

    @property
    def tightest(self) -> Standing:
        """Of which there is least, and among equals the one that takes longest."""
        return min(self.standings, key=lambda each: (each.remaining, -each.wait_s))

    def headers(self, now: float) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them.

        `X-RateLimit-*` are what most clients look for: of the tightest policy, and the reset as
        Unix time.
        """
        policies = [standing.policy for standing in self.standings]
        tightest = self.tightest
        return {
            "RateLimit-Policy": ", ".join(
                f'"{policy.name}";q={policy.quota};w={policy.window_s}' for policy in policies
            ),
            "RateLimit": ", ".join(
                f'"{standing.policy.name}";r={standing.remaining};t={standing.wait_s}'
                for standing in self.standings
            ),
            "X-RateLimit-Limit": str(tightest.policy.quota),
            "X-RateLimit-Remaining": str(tightest.remaining),
            "X-RateLimit-Reset": str(int(now) + tightest.wait_s),
        }


def policies_of(principal: Principal) -> tuple[Policy, Policy]:
    """The tenant's hour, which its plan gives, and this credential's minute."""
    hourly = principal.calls_per_hour
    tenant_key = f"rate:{{{principal.tenant_id}}}"
    return (
        Policy(
            name="tenant",
            subject="organisation",
            key=tenant_key,
            quota=hourly,
            window_s=HOUR_S,
        ),
        Policy(
            name="key",
            subject="credential",
            key=f"{tenant_key}:{principal.actor.kind}:{principal.actor.id}",
            quota=max(hourly // BURST_SHARE, MIN_BURST),
            window_s=MINUTE_S,
        ),
    )


@harmless
def _count_unmetered() -> None:
    UNMETERED.inc()


class RateLimiter:
    """Counts calls in the cache's Redis; those that are served without it, as a metric."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # The caller waits: one attempt, and no second one behind it.
            retry=Retry(NoBackoff(), 0),
        )
        self._spend: Script = client.register_script(_SPEND)
        self._paused_until = 0.0

    def spend(self, policies: Sequence[Policy]) -> Allowance | None:
        """Charge one call to all policies, or to none where one is used up.

        None where Redis doesn't answer. One round trip.
        """
        if time.monotonic() < self._paused_until:
            _count_unmetered()
            return None
        try:
            allowed, *numbers = self._spend(
                keys=[policy.key for policy in policies],
                args=[STEPS, *(part for each in policies for part in (each.quota, each.step_s))],
            )
        except RedisError as error:
            self._paused_until = time.monotonic() + PAUSE_S
            _count_unmetered()
            logger.warning("rate_limit.unavailable", error=repr(error))
            return None
        return Allowance(
            allowed=bool(allowed),
            standings=tuple(
                Standing(policy=policy, remaining=max(policy.quota - used, 0), wait_s=wait)
                for policy, used, wait in zip(policies, numbers[::2], numbers[1::2], strict=True)
            ),
        )


@cache
def rate_limiter() -> RateLimiter:
    """This process' own."""
    caches: dict[str, Any] = settings.CACHES
    return RateLimiter(caches["default"]["LOCATION"])

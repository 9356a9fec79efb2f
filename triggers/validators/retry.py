"""The retry policy of a trigger."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import (
    U32,
    U64,
    Choice,
    Field,
    Integer,
    Struct,
    defaulted,
    refuse,
)

NANOS = 1_000_000_000
DEFAULT_INITIAL_BACKOFF = 250_000_000
DEFAULT_MAX_BACKOFF = 10 * NANOS
"""Nanoseconds, as the runtime fills them in."""
MAX_BACKOFF_S = 24 * 3600
"""Far beyond any use. [inferred] The runtime adds a pause to its clock, which overflows."""

DURATION = Struct("a duration", {"secs": Integer(U64), "nanos": Integer(U32)})


class Duration:
    """`{"secs", "nanos"}`; nanoseconds beyond a second carry over."""

    noun = 'a duration like {"secs": 1, "nanos": 0}'

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, dict | list):
            return refuse(self.noun, value, at, out)
        if not DURATION.check(value, at, out):
            return False
        if nanoseconds(value) // NANOS > U64:
            return out.parse_error("retry.overflow", at, f"{label(at)} is too long a duration.")
        return True


def nanoseconds(value: object) -> int:
    """The length of a duration that `Duration` accepts."""
    parts = DURATION.named(value)
    return int(str(parts["secs"])) * NANOS + int(str(parts["nanos"]))


RETRY_POLICY = Struct(
    "a retry policy",
    {
        "max_retries": defaulted(Integer(U32)),
        "base_for_backoff": defaulted(Integer(U32)),
        "initial_backoff": defaulted(Duration()),
        "max_backoff": defaulted(Duration()),
        "jitter": defaulted(Choice(("full", "none"))),
    },
    unknown="warn",
)
RETRY_FIELD: Mapping[str, Field] = {"retry_policy": defaulted(RETRY_POLICY)}


def check_backoff(value: object, at: Path, out: Findings) -> None:
    """Refuse what stops the whole runtime at a notification; `value` must parse."""
    policy = RETRY_POLICY.named(value)
    initial = (
        nanoseconds(policy["initial_backoff"])
        if "initial_backoff" in policy
        else DEFAULT_INITIAL_BACKOFF
    )
    longest = nanoseconds(policy["max_backoff"]) if "max_backoff" in policy else DEFAULT_MAX_BACKOFF
    for field in ("initial_backoff", "max_backoff"):
        if field in policy and nanoseconds(policy[field]) > MAX_BACKOFF_S * NANOS:
            out.policy(
                "retry.range",
                (at, field),
                f"`{field}` may be {MAX_BACKOFF_S} seconds, a day, at most: the runtime's "
                "arithmetic overflows on huge numbers. Lower it.",
            )
    if initial > longest:
        out.policy(
            "retry.backoff",
            (at, "initial_backoff" if "initial_backoff" in policy else "max_backoff"),
            "`initial_backoff` (0.25 s if left out) must not exceed `max_backoff` (10 s if left "
            "out): the runtime stops on such a policy. Lower the one or raise the other.",
        )


def check_retry(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `retry`."""
    if RETRY_POLICY.check(value, at, out):
        check_backoff(value, at, out)

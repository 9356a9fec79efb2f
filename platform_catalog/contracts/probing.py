"""What probing the catalogue's endpoints asks for and finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    WRONG_CHAIN = "wrong chain"
    UNREACHABLE = "unreachable"
    """Does not answer in time, or not as a node does."""
    NOT_PROBED = "not probed"


@dataclass(frozen=True)
class ProbeTarget:
    """An endpoint of a network, and what says which network it is.

    `expected` is a chain id in decimal, a passphrase or the start of a genesis hash. Where it is
    empty nothing is asked, and `why_not` says why.
    """

    network: str
    network_type: str
    endpoint: str
    """A URL; or the kind and name of a secret of the runtime."""
    expected: str
    why_not: str = ""


@dataclass(frozen=True)
class Probe:
    """What an endpoint answered. `latency_ms` is None where it was not asked, `height` (a block, a
    ledger or a slot) where it isn't known."""

    network: str
    endpoint: str
    outcome: Outcome
    detail: str = ""
    latency_ms: int | None = None
    height: int | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "network": self.network,
            "endpoint": self.endpoint,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "latency_ms": self.latency_ms,
            "height": self.height,
        }

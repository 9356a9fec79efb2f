"""Answers to repeatable requests: kept by an app above, so that a request has one effect.

`tenants` registers the one store in its `AppConfig.ready()`. Whatever a request writes, its kept
answer is written in the same transaction: either both are there or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from blip0.common.exceptions import Conflict, DomainError
from blip0.common.registry import Registry


class InFlight(Conflict):
    """The first request with this key isn't over yet."""

    code = "idempotency_in_flight"
    wait_s = 1


class KeyReused(DomainError):
    """The key has been used for another request."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """Where a key is unique. `principal` names a credential's owner within the tenant."""

    tenant_id: UUID
    principal: str
    method: str
    path: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What was answered, and to what: `fingerprint` is of the request's payload."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: str


class AnswerStore(Protocol):
    """Keeps answers for a day."""

    def claim(self, occasion: Occasion) -> Kept | None:
        """What was answered already; None gives the caller the occasion, until its transaction
        ends. Raises `InFlight` where somebody else has it."""

    def keep(self, occasion: Occasion, answer: Kept) -> None:
        """The answer to a claimed occasion, true if the transaction commits."""


ANSWER_STORES: Registry[AnswerStore] = Registry("store of answers")
STORE: Final = "tenants"


def answer_store() -> AnswerStore:
    return ANSWER_STORES.get(STORE)

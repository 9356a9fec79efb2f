"""Who uses an object that must not vanish under them: asked before it is deleted.

An app above registers a finder in its `AppConfig.ready()`; the service below asks, and knows
nothing of the app. A finder looks across all tenants with a few statements
(`blip0.common.db.schemas`) and answers in words, such as "monitor large-transfers of acme". It
counts all of them, and names as many as are wanted.

A counter is for pages: it answers at once at any size, from what was projected last.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from blip0.common.exceptions import InUse
from blip0.common.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    """Who uses an object now: how many there are, and some of them in words."""

    number: int
    named: Sequence[str]

    @property
    def unnamed(self) -> int:
        """Not below 0: they are named a moment after they were counted."""
        return max(self.number - len(self.named), 0)


Finder: TypeAlias = Callable[[Collection[str], int], Users]
"""Takes ids and how many of their users to name at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantUse:
    """How many monitors of a tenant have an object in their documents.

    `running` are those that the runtimes watch now, `alone` those of them that have no other
    object of its kind.
    """

    tenant_id: UUID
    monitors: int
    running: int
    alone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Who uses an object, tenant by tenant, the most first; and the sums."""

    tenants: Sequence[TenantUse] = ()

    @property
    def monitors(self) -> int:
        return sum(use.monitors for use in self.tenants)

    @property
    def running(self) -> int:
        return sum(use.running for use in self.tenants)

    @property
    def alone(self) -> int:
        return sum(use.alone for use in self.tenants)


Counter: TypeAlias = Callable[[str], Sequence[TenantUse]]
"""Takes an id and returns its users by tenant, the most first."""

SHOWN = 5

COUNTERS: Registry[Counter] = Registry("counter of users")
"""By kind, as in `register_usage`."""

_finders: dict[str, list[Finder]] = defaultdict(list)


def register_usage(kind: str, finder: Finder) -> None:
    """Ask `finder` whenever objects of `kind`, such as `network`, may go."""
    if finder not in _finders[kind]:
        _finders[kind].append(finder)


def users_of(kind: str, ids: Collection[str], *, named: int = sys.maxsize) -> Users:
    """Who uses any of these objects, exactly; up to `named` of them in words.

    None where nobody does, or nobody registered.
    """
    found = [finder(ids, named) for finder in _finders[kind]] if ids else []
    return Users(
        number=sum(users.number for users in found),
        named=[user for users in found for user in users.named][:named],
    )


def usage_of(kind: str, object_id: str) -> Usage:
    """Who has an object in the documents that were projected last. One query at any size."""
    return Usage(tenants=COUNTERS.get(kind)(object_id)) if kind in COUNTERS else Usage()


def require_unused(kind: str, object_id: str) -> None:
    """Raises `InUse`, which names some of the users, if there are any."""
    users = users_of(kind, [object_id], named=SHOWN)
    if users.number:
        told = [", ".join(users.named)] if users.named else []
        told += [f"{users.unnamed:,} more"] if users.unnamed else []
        raise InUse(
            f"The {kind} {object_id} is in use by {' and '.join(told)}. "
            "Take it out of these first.",
            users=users.named,
        )

"""Who uses an object that must not vanish under them: asked before it is deleted.

An app above registers a finder in its `AppConfig.ready()`; the service below asks, and knows
nothing of the app. A finder looks across all tenants with a few statements
(`blip0.common.db.schemas`) and answers in words, such as "monitor large-transfers of acme".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from blip0.common.exceptions import InUse

Finder: TypeAlias = Callable[[Collection[str]], Sequence[str]]
"""Takes ids and returns their users, in words."""

SHOWN = 5

_finders: dict[str, list[Finder]] = defaultdict(list)


def register_usage(kind: str, finder: Finder) -> None:
    """Ask `finder` whenever objects of `kind` (`network`, `filter_script`, `trigger`) may go."""
    if finder not in _finders[kind]:
        _finders[kind].append(finder)


def users_of(kind: str, ids: Collection[str]) -> list[str]:
    """Who uses any of these objects. Empty where nobody does, or nobody registered."""
    if not ids:
        return []
    return [user for finder in _finders[kind] for user in finder(ids)]


def require_unused(kind: str, object_id: str) -> None:
    """Raises `InUse`, which lists the users, if there are any."""
    if users := users_of(kind, [object_id]):
        more = f" and {len(users) - SHOWN} more" if len(users) > SHOWN else ""
        raise InUse(
            f"The {kind} {object_id} is in use by {', '.join(users[:SHOWN])}{more}. "
            "Take it out of these first.",
            users=users,
        )

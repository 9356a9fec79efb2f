"""What an operator starts: rendering everything anew, also against another history."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from blip0.common.actors import Actor
from cachesync.contracts import Look
from cachesync.keys import PLATFORM, Scope
from cachesync.selectors.scopes import known_scopes, wanted_versions
from cachesync.services.conditions import scopes_verified
from cachesync.services.rounds import Round, in_fresh_sessions
from cachesync.services.sweep import declare_ready
from cachesync.store import Store
from tenants.services.versions import epoch_begin

FAILED: Final = "failed"


@dataclass(frozen=True)
class Progress:
    """After one scope: how many of how many are done, and what became of this one."""

    done: int
    of: int
    scope: Scope
    result: str
    """A `Result`, an `Outcome` of a comparison, or `FAILED`."""


def rebuild(*, store: Store, only: Collection[Scope] | None = None) -> Iterator[Progress]:
    """Render and compare every byte of these scopes, or of all, and write what differs.

    Documents that are as they should be aren't written again. Safe beside everything else that
    runs. What fails is remembered as in a sweep, and tried again there. Raises `redis.RedisError`
    and `django.db.Error` where one of them can't be asked.
    """
    wanted = wanted_versions()
    scopes = [scope for scope in wanted if only is None or scope in only]
    done = Round(store=store, known=known_scopes(), scopes=len(scopes), impatient=True)
    for number, scope in enumerate(in_fresh_sessions(scopes), start=1):
        result = done.project(scope, wanted[scope], look=Look.BYTES)
        if result is not None and not done.is_troubled(scope):
            scopes_verified([scope], timezone.now())
        yield Progress(number, len(scopes), scope, result or FAILED)
    done.finish()
    if only is None and done.complete_enough:
        declare_ready(store, wanted)


def epoch_begin_above(
    *, store: Store, only: Collection[Scope] | None, actor: Actor, reason: str
) -> int:
    """Begin an epoch above every one that Postgres or Redis holds. Returns it.

    After it, whatever Redis holds of another history counts for nothing, and is overwritten.
    Raises `redis.RedisError`: without Redis nobody knows how high it must be.
    """
    asked = list(only) if only else [PLATFORM, *wanted_versions()]
    held = [version.epoch for version in store.versions(asked) if version is not None]
    return epoch_begin(
        scopes=[scope.id for scope in only] if only else None,
        after=max(held, default=0),
        actor=actor,
        reason=reason,
    )

"""Writing an object's document in Redis anew, for apps above the one that owns the projection."""

from __future__ import annotations

from typing import Final, Protocol

from blip0.common.actors import Actor
from blip0.common.registry import Registry


class Resync(Protocol):
    """Raises `DomainError` where it can't be done."""

    def __call__(
        self, *, scope: str, kind: str, object_id: str, actor: Actor, reason: str
    ) -> None: ...


PROVIDER: Final = "cachesync"
RESYNC: Registry[Resync] = Registry("provider of resyncs")


def resync(*, scope: str, kind: str, object_id: str, actor: Actor, reason: str) -> None:
    """Render a document, compare its bytes in Redis, and write it where they differ. Audited.

    `scope` is a tenant's id as text, or `platform`. Raises `DomainError`, also where Redis doesn't
    answer.
    """
    RESYNC.get(PROVIDER)(scope=scope, kind=kind, object_id=object_id, actor=actor, reason=reason)

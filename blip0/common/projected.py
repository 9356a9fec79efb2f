"""Which models a renderer reads: each must have a version trigger, and wakes the projection.

Apps register theirs in `AppConfig.ready()`; guards, system checks and receivers read the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Model

from blip0.common.registry import Registry


@dataclass(frozen=True)
class Projected:
    """A projected model. `kind` and `owner_column` are those of its version trigger."""

    model: type[Model]
    kind: str
    owner_column: str

    @property
    def table(self) -> str:
        return self.model._meta.db_table


_registry: Registry[Projected] = Registry("projected model")


def register_projected(model: type[Model], *, kind: str, owner_column: str) -> None:
    """Say that documents hold something of `model`. Once a model, from `ready()`."""
    _registry.register(model._meta.label, Projected(model, kind, owner_column))


def projected() -> tuple[Projected, ...]:
    return tuple(_registry.values())

"""What undoes a change, by the kind of object in the audit log; `AppConfig.ready()` fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from blip0.common.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Undo:
    """`run(record=…, actor=…, reason=…)` puts back what that audit record says was replaced.

    It is one service: a transaction that leaves at most one audit record of the object. `model` is
    the one whose history offers it; `actions` those of records that replaced something, or any for
    none; `asks` what else `run` takes by name, of `secrets`, `contract_specs` (both mappings) and
    `lower_anyway`.
    """

    model: type[models.Model]
    run: Callable[..., object]
    actions: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()

    def is_of(self, record: Any) -> bool:
        """Whether the record replaced something that can be put back."""
        replaced = record.before is not None and record.after is not None
        return replaced and (not self.actions or record.action in self.actions)


UNDOS: Registry[Undo] = Registry("undo")

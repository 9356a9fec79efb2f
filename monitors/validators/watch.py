"""What a monitor watches, as far as it could be read: what the rules about its meaning look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from blip0.common.validation.findings import Path
from monitors.expressions.tree import Expression
from monitors.validators.items import Index, Item

ConditionList: TypeAlias = Literal["functions", "events", "transactions"]


@dataclass(frozen=True, slots=True)
class WatchedAddress:
    """`spec` is the contract's spec if it parses, and `form` the chain that it is for."""

    at: Path
    text: str
    form: str | None
    spec: Any = None


@dataclass(slots=True)
class WatchedCondition:
    """`signature` is None for transactions, `expression` where there is none that we take.

    `items` are what the signature names, by chain; filled in when it is looked up.
    """

    group: ConditionList
    at: Path
    signature: str | None
    has_expression: bool
    expression: Expression | None
    items: dict[str, list[Item]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """`chains` are the types of the monitor's networks, as far as they are known."""

    chains: frozenset[str]
    networks: tuple[tuple[Path, str], ...]
    addresses: tuple[WatchedAddress, ...]
    conditions: tuple[WatchedCondition, ...]
    indexes: Mapping[str, Index]

    def of(self, *groups: ConditionList) -> list[WatchedCondition]:
        """The conditions of these lists."""
        return [condition for condition in self.conditions if condition.group in groups]

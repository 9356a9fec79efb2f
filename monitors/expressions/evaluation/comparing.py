"""What the chains share: comparers by family, each for one value and one literal.

A comparer is called with an operator that the kind knows and a literal that `literal_problem`
accepts. It raises `UnreadableValue`, or `NotAnInteger`, where the chain's value isn't what its
kind promises.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from monitors.expressions.json_values import JsonTexts
from monitors.expressions.kinds import Chain, Kind, read_integer
from monitors.expressions.tree import Comparison

_OPERATIONS: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


class UnreadableValue(ValueError):
    """A value isn't what its kind promises. The message says why: "it …"."""


@dataclass(frozen=True, slots=True)
class Operands:
    """A value of `kind`, whose name on its chain is `kind_name`, and a literal's text."""

    chain: Chain
    kind: Kind
    kind_name: str
    text: str
    operator: Comparison
    literal: str
    json: JsonTexts


Comparer: TypeAlias = Callable[[Operands], bool]


def compared(left: object, comparison: Comparison, right: object) -> bool:
    return _OPERATIONS[comparison](left, right)


def is_as_wanted(equal: bool, comparison: Comparison) -> bool:
    """The result of `==` or `!=`."""
    return equal is (comparison == "==")


def compare_integers(it: Operands) -> bool:
    left = read_integer(it.chain, it.kind, it.text)
    return compared(left, it.operator, read_integer(it.chain, it.kind, it.literal))


def compare_booleans(it: Operands) -> bool:
    if it.text not in {"true", "false"}:
        raise UnreadableValue("it is neither true nor false")
    return compared(it.text, it.operator, it.literal)


def compare_any_case(it: Operands) -> bool:
    return compared(it.text.lower(), it.operator, it.literal.lower())


def compare_exactly(it: Operands) -> bool:
    return compared(it.text, it.operator, it.literal)

"""The syntax tree of an expression.

Offsets count characters from 0; `end` is exclusive. A chain of one operator is one `Combination`,
so that 256 conditions in a row need no recursion; only parentheses nest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Comparison: TypeAlias = Literal[
    "==", "!=", ">", ">=", "<", "<=", "contains", "starts_with", "ends_with"
]
ValueKind: TypeAlias = Literal["number", "string", "boolean"]

_LETTERS: dict[ValueKind, str] = {"number": "N", "string": "S", "boolean": "B"}


@dataclass(frozen=True, slots=True)
class Value:
    """The right-hand side. `text` is as written, without quotes; escapes are kept as they are.

    A hexadecimal literal and a bare word are strings. `quote` is the mark around it, or "".
    """

    kind: ValueKind
    text: str
    start: int
    end: int
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """`name path operator value`. In `path` an index is an int, a key is a str."""

    name: str
    path: tuple[int | str, ...]
    operator: Comparison
    value: Value
    start: int
    end: int

    def as_vector(self) -> list[Any]:
        value = [_LETTERS[self.value.kind], self.value.text]
        return [self.name, list(self.path), self.operator, value]


@dataclass(frozen=True, slots=True)
class Combination:
    """Two or more terms joined by one operator, evaluated from the left."""

    operator: Literal["and", "or"]
    terms: tuple[Expression, ...]
    start: int
    end: int

    def as_vector(self) -> list[Any]:
        """Binary and left-associative, as the runtime builds it."""
        vector = self.terms[0].as_vector()
        for term in self.terms[1:]:
            vector = [self.operator, vector, term.as_vector()]
        return vector


Expression: TypeAlias = Condition | Combination


def conditions(expression: Expression) -> Iterator[Condition]:
    """Every condition, from left to right."""
    if isinstance(expression, Condition):
        yield expression
        return
    for term in expression.terms:
        yield from conditions(term)

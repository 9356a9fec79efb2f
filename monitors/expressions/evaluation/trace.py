"""What an evaluation saw: a tree that mirrors the expression.

Texts of values are kept whole in memory and cut where a trace is written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from monitors.expressions.tree import Condition

Outcome: TypeAlias = Literal["true", "false", "error", "not_evaluated", "ignored"]
"""`ignored`: the runtime doesn't read expressions here, and matches as if there were none."""

Trouble: TypeAlias = Literal["unknown_variable", "path", "kind", "operator", "literal", "value"]
"""What an error is about. `value`: what the chain delivered isn't what its kind promises."""

MAX_TEXT = 1000
"""Characters of a value that `as_dict` writes."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value as the runtime holds it: `kind` is its name for the type, `text` the rendered value.

    What a path ends in has a kind too, such as `number` or `Map`.
    """

    kind: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        cut = len(self.text) > MAX_TEXT
        return {
            "kind": self.kind,
            "text": f"{self.text[:MAX_TEXT]}…" if cut else self.text,
            "truncated": cut,
        }


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """One condition. `saw` is what its path led to; None if it led nowhere or wasn't followed."""

    condition: Condition
    outcome: Outcome
    why: str
    saw: Variable | None = None
    trouble: Trouble | None = None

    @property
    def matches(self) -> bool:
        return self.outcome in {"true", "ignored"}

    def as_dict(self) -> dict[str, Any]:
        return {
            "condition": self.condition.as_vector(),
            "start": self.condition.start,
            "end": self.condition.end,
            "outcome": self.outcome,
            "why": self.why,
            "value": self.saw.as_dict() if self.saw else None,
            "trouble": self.trouble,
        }


@dataclass(frozen=True, slots=True)
class CombinationTrace:
    """Terms joined by one operator, as far as the runtime reads them."""

    operator: Literal["and", "or"]
    outcome: Outcome
    terms: tuple[Trace, ...]

    @property
    def matches(self) -> bool:
        return self.outcome in {"true", "ignored"}

    def as_dict(self) -> dict[str, Any]:
        return {
            "operator": self.operator,
            "outcome": self.outcome,
            "terms": [term.as_dict() for term in self.terms],
        }


Trace: TypeAlias = ConditionTrace | CombinationTrace

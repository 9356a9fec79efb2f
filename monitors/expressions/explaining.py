"""An expression in plain words: an outline of its conditions, of its trace, and of a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitors.expressions.evaluation.trace import CombinationTrace, Outcome, Trace, Variable
from monitors.expressions.formatting import VERBS, format_left
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.parsing import ExpressionError
from monitors.expressions.tree import Combination, Condition, Expression, Value

SHOWN_BEFORE, SHOWN_AFTER = 60, 30
"""Characters of a long expression that are shown around what is wrong."""
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an outline. `condition` is None for that of a group, "all of these:"."""

    depth: int
    text: str
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class TracedLine:
    """A line of a trace's outline. `why` and `saw` are of conditions only."""

    depth: int
    text: str
    outcome: Outcome
    why: str = ""
    saw: Variable | None = None


def explain(expression: Expression, chain: Chain | None = None) -> list[str]:
    """A line for each condition, below a line for each group. `chain` names the kinds it knows."""
    if chain == "Midnight":
        return ["Midnight ignores expressions: this one changes nothing."]
    known = transaction_variables(chain) if chain else {}
    kinds = {name: f"{kind}, of a transaction" for name, kind in known.items()}
    return [indented(line) for line in outline(expression, kinds)]


def outline(expression: Expression, kinds: Mapping[str, str], depth: int = 0) -> list[Line]:
    """The same as lines. `kinds` are what to say of variables, by name."""
    if isinstance(expression, Condition):
        return [Line(depth, _sentence(expression, kinds), expression)]
    lines = [Line(depth, _heading(expression), None)]
    for term in expression.terms:
        lines += outline(term, kinds, depth + 1)
    return lines


def traced(trace: Trace, depth: int = 0) -> list[TracedLine]:
    """An evaluation's outline: what each condition came to, and why."""
    if isinstance(trace, CombinationTrace):
        lines = [TracedLine(depth, _heading(trace), trace.outcome)]
        for term in trace.terms:
            lines += traced(term, depth + 1)
        return lines
    sentence = _sentence(trace.condition, {})
    return [TracedLine(depth, sentence, trace.outcome, trace.why, trace.saw)]


def indented(line: Line | TracedLine) -> str:
    """The line for a terminal."""
    return f"{_INDENT * line.depth}{line.text}"


def pointed_out(text: str, error: ExpressionError) -> str:
    """Two lines: the expression where it is wrong, and carets below that."""
    first = max(0, error.start - SHOWN_BEFORE)
    last = error.start + SHOWN_AFTER
    # One column a character, so that the carets are where they should be.
    shown = "".join(char if char.isprintable() else "·" for char in text[first:last])
    carets = max(1, min(error.end, last) - error.start)
    return f"{shown}\n{' ' * (error.start - first)}{'^' * carets}"


def _heading(group: Combination | CombinationTrace) -> str:
    return "all of these:" if group.operator == "and" else "any of these:"


def _sentence(condition: Condition, kinds: Mapping[str, str]) -> str:
    kind = kinds.get(condition.name)
    known = f" ({kind})" if kind else ""
    verb, noun = VERBS[condition.operator], _noun(condition.value)
    return f"`{format_left(condition)}`{known} {verb} {noun}"


def _noun(value: Value) -> str:
    if value.kind == "number":
        return f"the number {value.text}"
    if value.kind == "boolean":
        return value.text
    text = value.text if value.text.isprintable() else value.text.encode("unicode_escape").decode()
    if value.quote or value.text[:2] in ("0x", "0X"):
        return f'the text "{text}"'
    return f'the text "{text}" (a word on the right is never a variable)'

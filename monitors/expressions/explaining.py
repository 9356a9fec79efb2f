"""An expression in plain words, an outline of its conditions."""

from __future__ import annotations

from monitors.expressions.formatting import VERBS, format_left
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.tree import Condition, Expression, Value

_INDENT = "  "


def explain(expression: Expression, chain: Chain | None = None) -> list[str]:
    """A line for each condition, below a line for each group. `chain` names the kinds it knows."""
    if chain == "Midnight":
        return ["Midnight ignores expressions: this one changes nothing."]
    return _outlined(expression, chain, "")


def _outlined(expression: Expression, chain: Chain | None, indent: str) -> list[str]:
    if isinstance(expression, Condition):
        return [f"{indent}{_sentence(expression, chain)}"]
    lines = [f"{indent}{'all' if expression.operator == 'and' else 'any'} of these:"]
    for term in expression.terms:
        lines += _outlined(term, chain, indent + _INDENT)
    return lines


def _sentence(condition: Condition, chain: Chain | None) -> str:
    left = format_left(condition)
    kind = transaction_variables(chain).get(condition.name) if chain else None
    known = f" ({kind}, of a transaction)" if kind else ""
    return f"`{left}`{known} {VERBS[condition.operator]} {_noun(condition.value)}"


def _noun(value: Value) -> str:
    if value.kind == "number":
        return f"the number {value.text}"
    if value.kind == "boolean":
        return value.text
    text = value.text if value.text.isprintable() else value.text.encode("unicode_escape").decode()
    if value.quote or value.text[:2] in ("0x", "0X"):
        return f'the text "{text}"'
    return f'the text "{text}" (a word on the right is never a variable)'

"""From tree to text: one canonical spelling, with no parenthesis that the meaning doesn't need."""

from __future__ import annotations

from collections.abc import Mapping

from monitors.expressions.tree import Comparison, Condition, Expression

VERBS: Mapping[Comparison, str] = {
    "==": "is",
    "!=": "is not",
    ">": "is greater than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
}
"""Every operator in words, in the order in which people are told of them."""


def format_expression(expression: Expression) -> str:
    """The text of `expression`: `parse` makes the same tree of it, but for the offsets.

    Operators are in lower case with one blank around them. Values stay as they are written, quotes
    and escapes included: the runtime compares them so.
    """
    if isinstance(expression, Condition):
        return _format_condition(expression)
    written = []
    for term in expression.terms:
        text = format_expression(term)
        # `and` binds tighter, so it needs none inside `or`.
        bare = isinstance(term, Condition) or (term.operator, expression.operator) == ("and", "or")
        written.append(text if bare else f"({text})")
    return f" {expression.operator} ".join(written)


def format_left(condition: Condition) -> str:
    """The variable with its path, as in `args[0].owner`."""
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in condition.path)
    return f"{condition.name}{path}"


def _format_condition(condition: Condition) -> str:
    value = condition.value
    return f"{format_left(condition)} {condition.operator} {value.quote}{value.text}{value.quote}"

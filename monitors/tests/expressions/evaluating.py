"""Shared by the tests of the evaluator: one condition over one variable `x`."""

from __future__ import annotations

from monitors.expressions.evaluation import ConditionTrace, Variable, evaluate
from monitors.expressions.kinds import KINDS, Chain
from monitors.expressions.parsing import parse
from monitors.expressions.tree import Comparison

ALL_OPERATORS: tuple[Comparison, ...] = (
    *("==", "!=", ">", ">=", "<", "<="),
    *("contains", "starts_with", "ends_with"),
)

Cell = tuple[str, str, str]
"""What follows `x` in an expression, the text of `x`, and the outcome."""
Row = tuple[str, str, str, str]
"""The kind of `x`, its text, an expression, and the outcome."""


def trace(chain: Chain, kind: str, text: str, expression: str) -> ConditionTrace:
    """Of an expression that is one condition."""
    found = evaluate(parse(expression), {"x": Variable(kind, text)}, chain)
    assert isinstance(found, ConditionTrace)
    return found


def rows(families: dict[str, list[Cell]]) -> list[Row]:
    """Every cell for each of the kinds that stand, with blanks between, as its family's key."""
    return [
        (kind, text, f"x {rest}", outcome)
        for kinds, cells in families.items()
        for kind in kinds.split()
        for rest, text, outcome in cells
    ]


def untested_cells(chain: Chain, tested: list[Row]) -> set[tuple[str, str, str]]:
    """(kind, operator, outcome) of the chain's table without a row."""
    found = {(kind, expression.split()[1], outcome) for kind, _, expression, outcome in tested}
    wanted: set[tuple[str, str, str]] = {
        (kind, operator, outcome)
        for kind, known in KINDS[chain].items()
        for operator in known.operators
        for outcome in ("true", "false", "error")
    }
    return wanted - found


def foreign_cells(chain: Chain, tested: list[Row]) -> set[tuple[str, str]]:
    """(kind, operator) that the chain's table has not, with a row that isn't an error."""
    return {
        (kind, operator)
        for kind, _, expression, outcome in tested
        if outcome != "error"
        and (operator := expression.split()[1]) in ALL_OPERATORS
        and operator not in KINDS[chain][kind].operators
    }


def refused(families: dict[str, tuple[str, str, tuple[Comparison, ...]]]) -> list[Row]:
    """An error for each operator that a kind doesn't know.

    By kinds: the text of `x`, a literal that fits it, and the operators that the kinds know.
    """
    return [
        (kind, text, f"x {operator} {literal}", "error")
        for kinds, (text, literal, known) in families.items()
        for kind in kinds.split()
        for operator in ALL_OPERATORS
        if operator not in known
    ]

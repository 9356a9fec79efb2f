"""Conditions and their outcomes in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.findings import shorten
from monitors.expressions.formatting import VERBS, format_left
from monitors.expressions.kinds import Kind
from monitors.expressions.tree import Comparison, Condition, Value

_HOLDS: Mapping[Comparison, tuple[str, str]] = {
    "==": ("equals", "does not equal"),
    "!=": ("differs from", "does not differ from"),
    ">": ("is >", "is not >"),
    ">=": ("is >=", "is not >="),
    "<": ("is <", "is not <"),
    "<=": ("is <=", "is not <="),
    "contains": ("contains", "does not contain"),
    "starts_with": ("starts with", "does not start with"),
    "ends_with": ("ends with", "does not end with"),
}


def left_hand_side(condition: Condition) -> str:
    """`name.key[0]` as its author writes it, in backticks."""
    return f"`{shorten(format_left(condition))}`"


def in_words(condition: Condition, kind: str | None = None) -> str:
    """The condition for people: "`value` is greater than 1000". `kind` is of its left-hand side."""
    literal = _literal(condition.value, bare=(kind or "").lower() == "address")
    return f"{left_hand_side(condition)} {VERBS[condition.operator]} {literal}"


def verdict(condition: Condition, text: str, *, holds: bool) -> str:
    """Why a condition is true or false for a value: "`value` is 900, which is not > 1000."."""
    relation = _HOLDS[condition.operator][0 if holds else 1]
    return f"{it_is(condition, text)}, which {relation} {_literal(condition.value)}."


def it_is(condition: Condition, text: str) -> str:
    """What stands on the left-hand side: "`value` is 900"."""
    return f"{left_hand_side(condition)} is {shorten(text) or 'empty'}"


def operator_problem(kind: str, known: Kind, comparison: Comparison) -> str:
    """That `comparison` isn't known for `kind`, and which ones are."""
    allowed = ", ".join(one for one in VERBS if one in known.operators)
    return f"A value of type {kind} knows no `{comparison}`, only {allowed}."


def _literal(value: Value, *, bare: bool = False) -> str:
    text = shorten(value.text)
    return text if bare or value.kind != "string" else f"'{text}'"

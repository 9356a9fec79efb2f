"""Match conditions: signatures, and the bounds of expressions.

The runtime takes any text for both when it loads a monitor, so all of this is policy. What an
expression means is checked elsewhere; here it is only kept to a size that can't harm the runtime.
"""

from __future__ import annotations

from collections.abc import Collection

from blip0.common.validation.findings import Findings, Path, label, shorten
from blip0.common.validation.text import WHITESPACE, byte_length, is_blank

MAX_EXPRESSION_BYTES = 4096
MAX_NESTING = 32
"""A few hundred levels overflow the stack of the runtime's parser and end the process."""

WITH_PARENTHESES = frozenset({"EVM", "Stellar", "Midnight"})
"""Network types on which the runtime's reference check wants `name(types)`."""


def check_signature(signature: str, chains: Collection[str], at: Path, out: Findings) -> None:
    """`chains` are the types of the monitor's networks, as far as they are known."""
    if is_blank(signature):
        out.policy("signature.blank", at, "`signature` is blank; write one.")
        return
    wanting = sorted(WITH_PARENTHESES.intersection(chains))
    text = signature.strip(WHITESPACE)
    if wanting and not (text.endswith(")") and "(" in text):
        out.policy(
            "signature.form",
            at,
            f"On {', '.join(wanting)} a signature has the form `name(type,type)`; "
            f"`{shorten(signature)}` has not.",
        )


def check_expression(expression: str, at: Path, out: Findings) -> None:
    if is_blank(expression):
        out.policy(
            "expression.blank",
            at,
            f"{label(at)} is blank and would never match; write null or leave it out.",
        )
        return
    size = byte_length(expression)
    if size > MAX_EXPRESSION_BYTES:
        out.policy(
            "expression.size",
            at,
            f"{label(at)} has {size} bytes; {MAX_EXPRESSION_BYTES} are allowed. "
            "Split it over several conditions.",
        )
    elif nesting(expression) > MAX_NESTING:
        out.policy(
            "expression.nesting",
            at,
            f"{label(at)} has parentheses within each other more than {MAX_NESTING} deep; "
            "flatten it.",
        )


def nesting(expression: str) -> int:
    """How deep parentheses are nested; those in quotes count too, to be on the safe side."""
    depth = deepest = 0
    for character in expression:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth = max(0, depth - 1)
    return deepest

"""Expressions: their syntax and limits.

The runtime loads a monitor whatever its expressions say; it logs their errors each time that one
should have matched. So inside a monitor all of this is policy. Of an expression by itself the
runtime's parser is the judge.
"""

from __future__ import annotations

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.shapes import Text
from monitors.expressions.parsing import ExpressionError, parse
from monitors.expressions.tree import Expression


def check_expression(text: str, at: Path, out: Findings) -> Expression | None:
    """Check an expression of a monitor; returns its tree, if we take it."""
    try:
        return parse(text)
    except ExpressionError as error:
        out.policy(error.code, at, sentence(error))
        return None


def check_lone_expression(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `expression`."""
    if not isinstance(value, str):
        Text().check(value, at, out)
        return
    try:
        parse(value, limits=None)
    except ExpressionError as error:
        out.parse_error(error.code, at, sentence(error))
    else:
        check_expression(value, at, out)


def sentence(error: ExpressionError) -> str:
    """The message of a finding, as in "Column 14: expected a value after `>`, found the end."."""
    return f"{error.message}."

"""An expression tried against values that somebody typed: `name: kind = value`, one a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from blip0.common.validation.findings import shorten
from monitors.expressions.checking import UNKNOWN_KIND, problems
from monitors.expressions.evaluation.evaluator import evaluate
from monitors.expressions.evaluation.trace import Outcome, Variable
from monitors.expressions.explaining import TracedLine, pointed_out, traced
from monitors.expressions.formatting import format_expression
from monitors.expressions.kinds import Chain
from monitors.expressions.parsing import ExpressionError, parse
from monitors.expressions.samples import sample

MAX_VALUES: Final = 100
MAX_VALUES_SIZE: Final = 65_536
"""Characters of all lines."""
UNKNOWN: Final = "?"
"""Stands for a kind that only the author of the values knows."""

VERDICTS: Final[Mapping[Outcome, str]] = {
    "true": "It matches.",
    "false": "It does not match.",
    "error": "It does not match: the runtime would log an error and go on.",
    "ignored": "It matches: on this chain the runtime reads no expressions.",
}


class BadValues(ValueError):
    """Lines of values that can't be read. The message names the line, the rule and the fix."""


class BadExpression(ValueError):
    """An expression that doesn't parse: what is wrong, and two lines that point at it."""

    def __init__(self, error: ExpressionError, text: str) -> None:
        super().__init__(error.message)
        self.pointed_out = pointed_out(text, error)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it. `warnings` are what never holds for these kinds, whatever the values."""

    canonical: str
    outcome: Outcome
    lines: tuple[TracedLine, ...]
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return VERDICTS[self.outcome]


def attempt(text: str, chain: Chain, values: Mapping[str, Variable]) -> Attempt:
    """Evaluate `text` as the runtime does on `chain`. Raises `BadExpression`."""
    try:
        tree = parse(text)
    except ExpressionError as error:
        raise BadExpression(error, text) from error
    kinds = {name: value.kind for name, value in values.items()}
    found = [] if chain == "Midnight" else problems(tree, chain, kinds)
    trace = evaluate(tree, values, chain)
    return Attempt(
        canonical=format_expression(tree),
        outcome=trace.outcome,
        lines=tuple(traced(trace)),
        warnings=tuple(problem.message for problem in found),
    )


def read_values(text: str) -> dict[str, Variable]:
    """The values of lines like `value: uint256 = 900`; blank lines don't count.

    Raises `BadValues`.
    """
    if len(text) > MAX_VALUES_SIZE:
        raise BadValues(
            f"The values have {len(text)} characters; {MAX_VALUES_SIZE} are allowed. Shorten them."
        )
    found: dict[str, Variable] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        declared, equals, value = line.partition("=")
        name, colon, kind = (part.strip() for part in declared.partition(":"))
        if not (name and colon and kind and equals):
            raise BadValues(
                f"Line {number}: `{shorten(line)}` is no value; write `name: kind = value`, "
                "such as `value: uint256 = 900`."
            )
        if kind == UNKNOWN:
            raise BadValues(
                f"Line {number}: the kind of `{shorten(name)}` isn't known; write it for the "
                f"`{UNKNOWN}`, such as i128 or address, or remove the line."
            )
        if name in found:
            raise BadValues(f"Line {number}: `{shorten(name)}` has a value already; remove one.")
        # One blank after `=` is ours; what the value begins or ends with may matter.
        found[name] = Variable(kind, value.removeprefix(" "))
    if len(found) > MAX_VALUES:
        raise BadValues(f"There are {len(found)} values; {MAX_VALUES} are allowed. Remove some.")
    return found


def sample_lines(chain: Chain, kinds: Mapping[str, str]) -> str:
    """Lines to begin with: a sample for each variable, up to `MAX_VALUES`."""
    return "\n".join(
        f"{name}: {UNKNOWN} = "
        if kind == UNKNOWN_KIND
        else f"{name}: {kind} = {sample(chain, kind, name).text}"
        for name, kind in list(kinds.items())[:MAX_VALUES]
    )

"""From text to tree, with the runtime's own verdicts.

The runtime parses by recursion and without limits: a few hundred parentheses or some thousand
conditions overflow its stack, which ends the process for everybody. Hence `LIMITS`. This parser
keeps its own stack and takes linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from monitors.expressions.grammar import ACCESSOR, JOINT, MAX_INDEX, TERM, after_blanks
from monitors.expressions.mistakes import Mistake, mistake_in_condition, mistake_in_joint
from monitors.expressions.tree import (
    Combination,
    Comparison,
    Condition,
    Expression,
    Value,
    ValueKind,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth` counts parentheses within each other, `size` the bytes of UTF-8 (None: any)."""

    depth: int
    conditions: int
    size: int | None


LIMITS = Limits(depth=32, conditions=256, size=4096)
"""What we take, far from what harms the runtime."""

_RUNTIME_LIMITS = Limits(depth=500, conditions=5_000, size=None)
"""What the runtime survives at most: as shipped it overflows at 200 parentheses."""


class ExpressionError(ValueError):
    """An expression that doesn't parse, or is beyond the limits.

    `start` and `end` are 0-based offsets of the characters that `message` is about; the message
    itself counts columns from 1.
    """

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end


def parse(text: str, limits: Limits | None = LIMITS) -> Expression:
    """The tree of an expression. Without `limits`, of anything that the runtime parses.

    Raises `ExpressionError`, and nothing else.
    """
    if not text.strip():
        says = "the expression is blank and would never match: leave it out"
        raise ExpressionError("expression.blank", says, 0, len(text))
    if limits is None:
        limits = _RUNTIME_LIMITS
    size = len(text.encode(errors="surrogatepass"))
    if limits.size is not None and size > limits.size:
        says = f"the expression has {size} bytes; {limits.size} are allowed: split it"
        raise ExpressionError("expression.size", says, 0, len(text))
    return _Parser(text, limits).parse()


_Term: TypeAlias = tuple[Expression, int, int]
"""An expression with its extent, parentheses included."""


class _Group:
    """What stands in one pair of parentheses, or outside all of them."""

    __slots__ = ("alternatives", "factors", "opened_at")

    def __init__(self, opened_at: int | None) -> None:
        self.opened_at = opened_at
        self.alternatives: list[_Term] = []
        self.factors: list[_Term] = []

    def next_alternative(self) -> None:
        self.alternatives.append(_joined("and", self.factors))
        self.factors = []

    def close(self) -> Expression:
        self.next_alternative()
        return _joined("or", self.alternatives)[0]


def _joined(operator: Literal["and", "or"], terms: list[_Term]) -> _Term:
    if len(terms) == 1:
        return terms[0]
    first, start, _ = terms[0]
    end = terms[-1][2]
    expressions = tuple([term[0] for term in terms])
    if isinstance(first, Combination) and first.operator == operator:
        # `(a or b) or c` is `a or b or c`; `a or (b or c)` is another tree to the runtime.
        expressions = (*first.terms, *expressions[1:])
    return Combination(operator, expressions, start, end), start, end


class _Parser:
    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._conditions = 0
        self._group = _Group(None)
        self._around: list[_Group] = []

    def parse(self) -> Expression:
        position = 0
        while True:
            term = TERM.match(self._text, position)
            if term is None:
                start = after_blanks(self._text, position)
                raise _syntax_error(mistake_in_condition(self._text, start))
            if term["open"]:
                position = self._open(term)
                continue
            condition = self._condition(term)
            self._group.factors.append((condition, condition.start, condition.end))
            joint = self._joint(condition)
            if joint.lastgroup == "end":
                return self._group.close()
            if joint.lastgroup == "or":
                self._group.next_alternative()
            position = joint.end()

    def _open(self, parenthesis: re.Match[str]) -> int:
        start, end = parenthesis.span("open")
        if len(self._around) == self._limits.depth:
            says = f"parentheses are nested more than {self._limits.depth} deep: flatten them"
            raise ExpressionError("expression.nesting", _at_column(start, says), start, end)
        self._around.append(self._group)
        self._group = _Group(start)
        return end

    def _joint(self, condition: Condition) -> re.Match[str]:
        """The `and`, `or` or end after a condition and the parentheses that close there."""
        position = condition.end
        while joint := JOINT.match(self._text, position):
            opened_at = self._group.opened_at
            if joint.lastgroup in ("and", "or") or (joint.lastgroup == "end" and opened_at is None):
                return joint
            if joint.lastgroup == "end" or opened_at is None:
                break
            closed, self._group = self._group, self._around.pop()
            position = joint.end()
            self._group.factors.append((closed.close(), opened_at, position))
        mistake = mistake_in_joint(self._text, position, condition, self._group.opened_at)
        raise _syntax_error(mistake)

    def _condition(self, match: re.Match[str]) -> Condition:
        start, end = match.start("name"), match.end()
        if self._conditions == self._limits.conditions:
            says = f"more than {self._conditions} conditions: split the expression"
            raise ExpressionError("expression.conditions", _at_column(start, says), start, end)
        self._conditions += 1
        path = self._path(match) if match["path"] else ()
        operator = _OPERATORS[match["operator"].lower()]
        return Condition(match["name"], path, operator, _value(match), start, end)

    def _path(self, match: re.Match[str]) -> tuple[int | str, ...]:
        path: list[int | str] = []
        for accessor in ACCESSOR.finditer(match["path"]):
            written = accessor[0]
            if written[0] == ".":
                path.append(written[1:])
                continue
            digits = written[1:-1].lstrip("0") or "0"
            if len(digits) > len(str(MAX_INDEX)) or int(digits) > MAX_INDEX:
                start = match.start("path") + accessor.start()
                says = f"an index is at most {MAX_INDEX}"
                raise _syntax_error(Mistake(start, start + len(written), says))
            path.append(int(digits))
        return tuple(path)


_OPERATORS: dict[str, Comparison] = {operator: operator for operator in get_args(Comparison)}
_VALUE_KINDS: dict[str, tuple[ValueKind, str]] = {
    "single": ("string", "'"),
    "double": ("string", '"'),
    "boolean": ("boolean", ""),
    "hexadecimal": ("string", ""),
    "number": ("number", ""),
    "bare": ("string", ""),
}


def _value(match: re.Match[str]) -> Value:
    group = match.lastgroup or ""
    kind, quote = _VALUE_KINDS[group]
    start, end = match.span(group)
    return Value(kind, match[group], start - len(quote), end + len(quote), quote)


def _at_column(start: int, says: str) -> str:
    return f"column {start + 1}: {says}"


def _syntax_error(mistake: Mistake) -> ExpressionError:
    start, end, says = mistake
    return ExpressionError("expression.syntax", _at_column(start, says), start, end)

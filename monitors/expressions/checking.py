"""What an expression can't mean: each condition typed against the variables of its chain.

The runtime evaluates an expression when a transaction comes along, and where that fails it writes a
line to its log and takes the condition for false. So all that is found here is dead or idle, and
none of it is refused by the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from blip0.common.validation.findings import shorten
from blip0.common.validation.similar import closest
from monitors.expressions.evaluation.words import left_hand_side, operator_problem
from monitors.expressions.kinds import (
    Chain,
    declared_range,
    kind_of,
    literal_problem,
    read_integer,
    transaction_variables,
)
from monitors.expressions.tree import Comparison, Condition, Expression, conditions

UNKNOWN_KIND = ""
"""The kind of a variable that is there and of which no more is known: it is not typed."""
MAX_LISTED = 12
MAX_SUGGESTING, MAX_COMPARED = 3, 50
"""Looking for what was meant takes time: so many conditions of an expression, so many names."""

_OBJECTS = frozenset(
    {"transaction", "tx", "event", "events", "log", "function", "functions", "args"}
)
"""What people write before a dot; variables have bare names."""
_ADDRESS = re.compile(r"[0-9a-f]{40}")
_BYTES32 = re.compile(r"0x[0-9a-f]{64}", re.IGNORECASE)
_DIMENSION = re.compile(r"\[([0-9]*)\]\Z")


Possible: TypeAlias = Literal["true", "false", "error"]


@dataclass(frozen=True, slots=True)
class Problem:
    """`message` is a sentence; `start` and `end` are 0-based offsets in the expression's text.

    `always` is what the condition comes to, whatever the values; None: to an error.
    """

    code: str
    message: str
    start: int
    end: int
    always: bool | None = None


class _NoPath(Exception):
    """A path leads nowhere. The message is a sentence."""


def problems(
    expression: Expression, chain: Chain, variables: Mapping[str, str]
) -> Iterator[Problem]:
    """The first problem of each condition. `variables` are the kinds by name (`UNKNOWN_KIND`
    where a kind isn't known). Linear in the expression, raises nothing.
    """
    unknown = 0
    for condition in conditions(expression):
        if condition.name not in variables:
            unknown += 1
            similar = list(variables)[:MAX_COMPARED] if unknown <= MAX_SUGGESTING else []
            says = _unknown(condition, chain, variables, similar)
            yield _found(condition, "expression.unknown_variable", says)
        elif found := _problem(condition, chain, variables[condition.name]):
            yield found


def possible_outcomes(expression: Expression, found: Iterable[Problem]) -> frozenset[Possible]:
    """What an evaluation can come to, whatever the values. `found` are the expression's problems.

    Without "true" it never matches.
    """
    return _possible(expression, {problem.start: problem for problem in found})


def _possible(expression: Expression, by_start: Mapping[int, Problem]) -> frozenset[Possible]:
    if isinstance(expression, Condition):
        problem = by_start.get(expression.start)
        if problem is None:
            return frozenset({"true", "false"})
        if problem.always is None:
            return frozenset({"error"})
        return frozenset({"true"} if problem.always else {"false"})
    undecided: Literal["true", "false"] = "true" if expression.operator == "and" else "false"
    possible: frozenset[Possible] = frozenset({undecided})
    for term in expression.terms:
        if undecided in possible:
            possible = (possible - {undecided}) | _possible(term, by_start)
    return possible


def _problem(condition: Condition, chain: Chain, declared: str) -> Problem | None:
    try:
        kind = _after_path(condition, chain, declared)
    except _NoPath as error:
        return _found(condition, "expression.path", str(error))
    if kind == UNKNOWN_KIND:
        return None
    known = kind_of(chain, kind)
    if known is None or (chain == "EVM" and kind == "tuple[]"):
        return _found(
            condition,
            "expression.kind",
            f"{left_hand_side(condition)} is of type {shorten(kind)}, which the runtime compares "
            "with nothing: this never matches. Use another parameter, or a script.",
        )
    if condition.operator not in known.operators:
        says = operator_problem(kind, known, condition.operator)
        return _found(condition, "expression.operator", says)
    if says_no := literal_problem(chain, kind, condition.operator, condition.value):
        return _found(condition, "expression.literal", says_no)
    constant = _constant(condition, chain, kind)
    if constant is None:
        return None
    return _found(
        condition,
        "expression.constant",
        f"This is {'always' if constant else 'never'} true, whatever {left_hand_side(condition)} "
        f"of type {kind} is. Correct the literal.",
        always=constant,
    )


def _found(condition: Condition, code: str, says: str, *, always: bool | None = None) -> Problem:
    start, end = condition.start, condition.end
    return Problem(code, f"Column {start + 1}: {says}", start, end, always)


def _unknown(
    condition: Condition, chain: Chain, variables: Mapping[str, str], similar: list[str]
) -> str:
    name, path = condition.name, condition.path
    says = f"There is no variable `{shorten(name)}` here."
    of_transaction = transaction_variables(chain)
    member = next((step for step in path if isinstance(step, str)), None)
    if name in _OBJECTS and member is not None:
        if member in variables:
            return f"{says} Variables have bare names: write `{shorten(member)}`."
        name = member
    if name == "block":
        return f"{says} Expressions see nothing of the block; use a script for that."
    if name in ("receipt", "status"):
        return f"{says} Choose the `status` of a transaction condition instead."
    if guess := closest(name, similar):
        return f"{says} Did you mean `{shorten(guess)}`?"
    if name in of_transaction and name not in variables:
        return (
            f"{says} `{name}` is one of the transaction: put it into a condition of `transactions`."
        )
    return f"{says} {_listed(variables)}"


def _listed(variables: Mapping[str, str]) -> str:
    if not variables:
        return "There are no variables at all: the parameters have no names."
    shown = ", ".join(f"`{shorten(name)}`" for name in list(variables)[:MAX_LISTED])
    more = len(variables) - MAX_LISTED
    return f"There are {shown}{f' and {more} more' if more > 0 else ''}."


# -- paths ---------------------------------------------------------------------------------------


def _after_path(condition: Condition, chain: Chain, kind: str) -> str:
    """The kind of what the path leads to. Raises `_NoPath`.

    The runtime reads the value's text as JSON, and goes on from there.
    """
    if not condition.path or kind == UNKNOWN_KIND:
        return kind
    if chain == "EVM":
        return _after_evm_path(condition, kind)
    base = kind.partition("<")[0].lower()
    if chain == "Stellar" and base in ("string", "symbol", "vec", "map"):
        return UNKNOWN_KIND
    raise _NoPath(_nothing_inside(condition, kind))


def _after_evm_path(condition: Condition, kind: str) -> str:
    if kind.startswith("tuple"):
        raise _NoPath(
            f"`{shorten(condition.name)}` is a tuple, and the runtime finds no path into one: this "
            "never matches. Compare the whole with `contains`, or use a script."
        )
    if kind == "string":  # its content may be JSON
        return UNKNOWN_KIND
    inner = kind
    for step in condition.path:
        dimension = _DIMENSION.search(inner)
        if dimension is None:
            raise _NoPath(_nothing_inside(condition, kind))
        if isinstance(step, str):
            raise _NoPath(
                f"`{shorten(condition.name)}` is of type {shorten(kind)}, a list: write an index "
                f"like `[0]` instead of `.{shorten(step)}`."
            )
        size = dimension[1]
        if size and step >= int(size[:20]):
            raise _NoPath(
                f"`{shorten(condition.name)}` is of type {shorten(kind)}, which has no [{step}]; "
                "count from 0."
            )
        inner = inner[: dimension.start()]
    return _kind_in_json(inner)


def _kind_in_json(kind: str) -> str:
    """How a value of this EVM type looks as a member of a JSON array."""
    if kind.endswith("]"):
        return "array"
    if kind.startswith("uint"):
        return "number"
    if kind.startswith("int"):
        return "int64"
    if kind in ("bool", "string", "address", "bytes32"):
        return kind
    if kind == "bytes20":
        return "address"
    return "bytes" if kind.startswith("bytes") else UNKNOWN_KIND


def _nothing_inside(condition: Condition, kind: str) -> str:
    name = shorten(condition.name)
    return f"`{name}` is of type {shorten(kind)}, and no path leads into it. Write `{name}` alone."


# -- literals that decide ------------------------------------------------------------------------


def _constant(condition: Condition, chain: Chain, kind: str) -> bool | None:
    """Whether the comparison is the same for every value: True, False, or None if it isn't."""
    text, operator = condition.value.text, condition.operator
    if chain == "EVM" and kind in ("address", "bytes32") and operator in ("==", "!="):
        plain = text.removeprefix("0x").replace(" ", "").lower()
        fits = _ADDRESS.fullmatch(plain) if kind == "address" else _BYTES32.fullmatch(text)
        return None if fits else operator == "!="
    known, limits = kind_of(chain, kind), declared_range(chain, kind)
    if known is None or limits is None or condition.path:
        return None
    return _by_range(operator, read_integer(chain, known, text), *limits)


def _by_range(operator: Comparison, number: int, low: int, high: int) -> bool | None:
    always, never = {
        ">": (number < low, number >= high),
        ">=": (number <= low, number > high),
        "<": (number > high, number <= low),
        "<=": (number >= high, number < low),
        "==": (False, not low <= number <= high),
        "!=": (not low <= number <= high, False),
    }[operator]
    return True if always else False if never else None

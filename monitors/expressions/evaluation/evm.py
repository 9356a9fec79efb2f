"""Values of EVM chains. Text and addresses are compared in any case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from blip0.common.strict_json import NotStrictJSON
from monitors.expressions.evaluation.comparing import (
    Comparer,
    Operands,
    UnreadableValue,
    compare_any_case,
    compare_booleans,
    compare_integers,
    is_as_wanted,
)
from monitors.expressions.integers import BLANKS
from monitors.expressions.json_values import JsonTexts, same, written
from monitors.expressions.kinds import Family

_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]*")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_QUOTES = "\"'"
_MARKS = re.compile(r"""["'(){}\[\],]""")
_BLANK_OR_QUOTED = re.compile(rf"""[{BLANKS}]+|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)""")


def kind_of_json(value: object) -> str:
    """The kind of what a path ends in."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int64" if value < 0 else "number"
        case float():
            return "number"
        case str():
            return _kind_of_text(value)
        case list():
            return "array"
    return "map"


def _kind_of_text(text: str) -> str:
    if not _HEXADECIMAL.fullmatch(text):
        return "string"
    return {42: "address", 66: "bytes32"}.get(len(text), "bytes")


def _address(text: str) -> str:
    # Only the lower-case prefix goes, and only from the very beginning.
    return text.removeprefix("0x").replace(" ", "").lower()


def _compare_addresses(it: Operands) -> bool:
    return is_as_wanted(_address(it.text) == _address(it.literal), it.operator)


def _compare_arrays(it: Operands) -> bool:
    values = it.json.read_list(it.text)
    if values is None:
        # So is every `tuple[]`, which is rendered as [(…)].
        raise UnreadableValue("it is not a JSON array")
    if it.operator == "contains":
        return any(_is_or_holds(value, it.literal) for value in values)
    return is_as_wanted(same(values, it.json.read(it.literal)), it.operator)


def _is_or_holds(value: object, wanted: str) -> bool:
    """Whether a JSON value, or any one inside it, is what the literal says."""
    match value:
        case None:
            return wanted == "null"
        case bool():
            return written(value) == wanted.lower()
        case int() | float():
            return _is_number(written(value), wanted)
        case str():
            if _kind_of_text(value) == "address":
                return _address(value) == _address(wanted)
            return value.lower() == wanted.lower()
        case list():
            return any(_is_or_holds(one, wanted) for one in value)
        case dict():
            return any(_is_or_holds(one, wanted) for one in value.values())
    raise TypeError(type(value))


def _is_number(text: str, wanted: str) -> bool:
    """[inferred] By value where both are plain numbers, else by their text."""
    if _PLAIN_NUMBER.fullmatch(text) and _PLAIN_NUMBER.fullmatch(wanted):
        return Decimal(text) == Decimal(wanted)
    return text == wanted


def _compare_tuples(it: Operands) -> bool:
    if it.operator == "contains":
        # All of it is read before anything is looked for.
        leaves = list(tuple_leaves(it.text, it.json))
        return any(_is_or_holds(leaf, it.literal) for leaf in leaves)
    return is_as_wanted(_without_blanks(it.text) == _without_blanks(it.literal), it.operator)


def _without_blanks(text: str) -> str:
    """`text` without the blanks outside its quotes."""
    return _BLANK_OR_QUOTED.sub(lambda found: found[0] if found[0][0] in _QUOTES else "", text)


def tuple_leaves(text: str, json: JsonTexts) -> Iterator[object]:
    """The values in `(1,"a",(2,[3]))`, inner tuples dissolved; what isn't JSON is a text.

    Raises `UnreadableValue`. [inferred] The runtime takes some malformed texts, which it never
    makes itself, for text elements; here they are errors.
    """
    end = len(text) - 1
    if end < 1 or text[0] != "(" or text[end] != ")":
        raise UnreadableValue("it is not a tuple")
    start = 1  # of the element
    tuples = brackets = 0
    quote = ""
    for mark in _MARKS.finditer(text, 1, end):
        at, char = mark.start(), mark[0]
        if quote:
            # A backslash doesn't protect the quote after it.
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char == "(" and at == start:
            tuples, start = tuples + 1, at + 1
        elif char in "([{":
            brackets += 1
        elif brackets and char in ")]}":
            brackets -= 1
        elif not brackets and char in "),":
            yield from _leaf(text[start:at], json)
            start = at + 1
            if char == ")":
                tuples -= 1
                # A comma, the end of the tuple around it or nothing follows.
                if tuples < 0 or text[at + 1] not in "),":
                    raise UnreadableValue("it has brackets that don't match")
    if tuples or brackets:
        raise UnreadableValue("it has brackets that don't match")
    yield from _leaf(text[start:end], json)


def _leaf(text: str, json: JsonTexts) -> Iterator[object]:
    if text.startswith(("[", "{")):
        try:
            yield json.read(text)
        except NotStrictJSON as error:
            # A list of tuples inside a tuple, for example.
            raise UnreadableValue("it holds a list or object that is not JSON") from error
    elif text:
        yield json.read(text) if json.has(text) else text


COMPARERS: Mapping[Family, Comparer] = {
    "unsigned": compare_integers,
    "signed": compare_integers,
    "address": _compare_addresses,
    "text": compare_any_case,
    "bool": compare_booleans,
    "array": _compare_arrays,
    "tuple": _compare_tuples,
}

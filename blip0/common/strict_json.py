"""JSON as the runtime's parser reads it, and nothing more lenient.

Python's own parser accepts `NaN`, keeps integers of any size and drops repeated keys without a
word. Here an object with a repeated key becomes a `RepeatedKeys`, an integer beyond 64 bits a
float (so it does in the runtime), and the rest of the leniencies are errors with a position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

MAX_DEPTH = 127
"""Levels of lists and objects that the runtime's parser follows."""

_LOW, _HIGH = -(2**63), 2**64 - 1
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class RepeatedKeys(dict[str, object]):
    """An object in which a key stands more than once; as a mapping, the last value counts.

    `occurrences` holds all values of each repeated key, in order.
    """

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        by_key: dict[str, list[object]] = {}
        for key, value in pairs:
            by_key.setdefault(key, []).append(value)
        self.occurrences = {key: values for key, values in by_key.items() if len(values) > 1}


class NotStrictJSON(ValueError):
    """The text is not JSON for the runtime. `line` and `column` count from 1."""

    def __init__(self, code: str, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column


def loads(text: str) -> object:
    """The value of `text`: dict (or `RepeatedKeys`), list, str, int, float, bool or None.

    Raises `NotStrictJSON`, with the code `json.syntax`, `json.number`, `json.text` or
    `json.depth`.
    """
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise NotStrictJSON(
            "json.syntax",
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            error.lineno,
            error.colno,
        ) from error
    except RecursionError as error:
        raise NotStrictJSON(
            "json.depth",
            f"Lists and objects are nested deeper than {MAX_DEPTH} levels; flatten them.",
        ) from error
    if _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value)
    return value


def repeated_keys(value: Mapping[str, object]) -> Mapping[str, list[object]]:
    """All values of each key that stands more than once; empty for an ordinary dict."""
    return value.occurrences if isinstance(value, RepeatedKeys) else {}


def is_encodable(text: str) -> bool:
    """Whether UTF-8 can hold `text`, that is: whether it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else RepeatedKeys(pairs)


def _integer(text: str) -> int | float:
    # 20 characters hold any 64-bit integer; a longer text could cost quadratic time.
    number = int(text) if len(text) <= 20 else None
    if number is not None and _LOW <= number <= _HIGH and text != "-0":
        return number
    return _float(text)


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotStrictJSON("json.number", f"The number {text[:20]}… is out of range.")
    return number


def _constant(name: str) -> object:
    raise NotStrictJSON("json.number", f"{name} is not JSON; write a number or null.")


def _refuse_lone_surrogates(value: object) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str) and not is_encodable(item):
            raise NotStrictJSON("json.text", "A text holds half of a \\u surrogate pair.")
        if isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)

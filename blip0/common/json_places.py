"""Where in a JSON text a pointer leads to, for people who look at the text."""

from __future__ import annotations

import json
from typing import Final

_BLANKS: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()


def line_of(text: str, pointer: str) -> int:
    """The line, from 1, of the value that an RFC 6901 pointer names.

    Where there is no such value, the line of the last one on the way: a key that is missing is
    missing there. `text` is JSON.
    """
    at = _value(text, 0)
    for part in pointer.split("/")[1:]:
        found = _member(text, at, part.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, name: str) -> int | None:
    """Where the member of the object or list at `at` begins; None where it has none so called."""
    opening = text[at]
    if opening not in "{[":
        return None
    at, number = _value(text, at + 1), 0
    while text[at] not in "}]":
        key = str(number)
        if opening == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _value(text, _value(text, at) + 1)
        if key == name:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at, number = _value(text, at), number + 1
        if text[at] == ",":
            at = _value(text, at + 1)
    return None


def _value(text: str, at: int) -> int:
    """The next place that isn't blank."""
    while text[at] in _BLANKS:
        at += 1
    return at

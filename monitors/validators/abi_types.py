"""The grammar of type names in an EVM ABI, as the runtime's library reads it.

    type  = ( name [ "." [ name ] ] | [ "tuple" ] "(" [ type { "," type } [ "," ] ] ")" ) { size }
    size  = "[" [ number from 1 ] "]"

Blanks may stand after `(`, after a comma and before `)`. Which names exist is not checked.
"""

from __future__ import annotations

import re
from functools import lru_cache

from blip0.common.validation.shapes import U64

MAX_NESTING = 80
"""Types within each other's parentheses, from which on the library gives up."""

NAME = re.compile(r"[A-Za-z_$][0-9A-Za-z_$]*")
_ROOT = re.compile(r"[A-Za-z_$][0-9A-Za-z_$]*(?:\.(?:[A-Za-z_$][0-9A-Za-z_$]*)?)?")
_SIZES = re.compile(r"(?:\[[0-9]*\])*")
_BLANKS = re.compile(r"[ \t]*")


@lru_cache(maxsize=4096)
def is_type(text: str) -> bool:
    """Whether `text` is a type name by the grammar above."""
    return _end_of_type(text, 0, 1) == len(text)


def _end_of_type(text: str, start: int, depth: int) -> int | None:
    """Where the type that begins at `start` ends; None if there is none."""
    if text.startswith(("(", "tuple("), start):
        end = _end_of_tuple(text, text.index("(", start) + 1, depth)
        if end is None:
            return None
    else:
        root = _ROOT.match(text, start)
        if root is None:
            return None
        end = root.end()
    sizes = _SIZES.match(text, end)
    if sizes is None:
        return end
    for size in sizes.group()[1:-1].split("]["):
        if size and not 1 <= int(size[:40]) <= U64:
            return None
    return sizes.end()


def _end_of_tuple(text: str, start: int, depth: int) -> int | None:
    """Where the tuple ends whose types begin at `start`; None if it is none."""
    place = _after_blanks(text, start)
    if text.startswith(")", place):
        return place + 1
    if depth >= MAX_NESTING or (end := _end_of_type(text, place, depth + 1)) is None:
        return None
    while text.startswith(",", end):
        place = _after_blanks(text, end + 1)
        another = _end_of_type(text, place, depth + 1)
        if another is None:  # a comma may stand after the last type
            end = place
            break
        end = another
    place = _after_blanks(text, end)
    return place + 1 if text.startswith(")", place) else None


def _after_blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start

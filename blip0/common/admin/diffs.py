"""Two texts side by side: which lines differ, and which words of them. Pure, and never slow.

What both have in common at the beginning and at the end is set aside first, so that the time goes
by what changed; where too much did, whole blocks are marked instead of words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, TypeAlias

from django.utils.html import format_html, format_html_join

MAX_LINES: Final = 2_000
MAX_WORDS: Final = 4_000
"""On one side, beyond what both have in common: more is one change as a whole."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_INDENT = re.compile(r"(\s*\n\s*|^\s+)")
"""Line ends with what is blank around them: marking it would draw lines through nothing."""

Run: TypeAlias = tuple[bool, str]
"""Whether a piece of text differs from the other side, and the piece."""
Block: TypeAlias = tuple[bool, int, int, int, int]


@dataclass(frozen=True)
class Hunk:
    """Lines that are equal on both sides, or that differ. One of `left` and `right` may be empty.

    Of equal ones `left` and `right` are the same single run.
    """

    equal: bool
    left: Sequence[Run]
    right: Sequence[Run]

    @property
    def text(self) -> str:
        """Of the left side."""
        return "".join(piece for _, piece in self.left)

    @property
    def lines(self) -> int:
        """Of the left side."""
        return len(self.text.splitlines())

    @property
    def left_html(self) -> str:
        """With what the right side lacks as `<ins>`."""
        return _html(self.left, _inserted)

    @property
    def right_html(self) -> str:
        """With what the left side lacks as `<del>`."""
        return _html(self.right, _deleted)


def hunks(left: str, right: str) -> list[Hunk]:
    """Both texts from the beginning to the end, cut into what is equal and what differs."""
    left_lines, right_lines = left.splitlines(keepends=True), right.splitlines(keepends=True)
    found = []
    for equal, i, j, m, n in _blocks(left_lines, right_lines, MAX_LINES):
        here, there = "".join(left_lines[i:j]), "".join(right_lines[m:n])
        if equal:
            found.append(Hunk(True, [(False, here)], [(False, here)]))
        else:
            found.append(Hunk(False, *_words(here, there)))
    return found


def _words(left: str, right: str) -> tuple[list[Run], list[Run]]:
    left_words, right_words = _WORDS.findall(left), _WORDS.findall(right)
    here: list[Run] = []
    there: list[Run] = []
    for equal, i, j, m, n in _blocks(left_words, right_words, MAX_WORDS):
        if i < j:
            here.append((not equal, "".join(left_words[i:j])))
        if m < n:
            there.append((not equal, "".join(right_words[m:n])))
    return here, there


def _blocks(left: Sequence[str], right: Sequence[str], limit: int) -> Iterator[Block]:
    """In order: equal or not, and the slices of both sides."""
    shorter = min(len(left), len(right))
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    if start:
        yield True, 0, start, 0, start
    middle, other = left[start : len(left) - end], right[start : len(right) - end]
    if max(len(middle), len(other)) > limit:
        yield False, start, len(left) - end, start, len(right) - end
    else:
        for tag, i, j, m, n in SequenceMatcher(None, middle, other).get_opcodes():
            yield tag == "equal", start + i, start + j, start + m, start + n
    if end:
        yield True, len(left) - end, len(left), len(right) - end, len(right)


def _html(runs: Sequence[Run], mark: Callable[[str], str]) -> str:
    pieces = (
        (mark(part) if differs and part.strip() else part,)
        for differs, piece in runs
        for part in (_INDENT.split(piece) if differs else (piece,))
    )
    return format_html_join("", "{}", pieces)


def _inserted(piece: str) -> str:
    return format_html('<ins class="bg-green-100 dark:bg-green-500/20">{}</ins>', piece)


def _deleted(piece: str) -> str:
    return format_html('<del class="bg-red-100 dark:bg-red-500/20">{}</del>', piece)

"""Two texts side by side: which lines differ, and which words of them. Pure, and never slow.

What both have in common at the beginning and at the end is set aside first, so that the time goes
by what changed. Between changes that lie far apart, lines that occur once on each side are the
landmarks; where there are none, whole blocks are marked instead of words.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias

from django.utils.html import format_html, format_html_join

MAX_LINES: Final = 2_000
MAX_WORDS: Final = 4_000
"""On one side, between what both have in common: of more, landmarks are looked for first."""
CONTEXT_LINES: Final = 3
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
    for equal, i, j, m, n in _joined(left_lines, right_lines, MAX_LINES):
        here, there = "".join(left_lines[i:j]), "".join(right_lines[m:n])
        if equal:
            found.append(Hunk(True, [(False, here)], [(False, here)]))
        else:
            found.append(Hunk(False, *_words(here, there)))
    return found


def folded(found: Sequence[Hunk]) -> Iterator[dict[str, object]]:
    """What `admin/includes/diff.html` shows: of equal lines only those around a difference."""
    for number, hunk in enumerate(found):
        if not hunk.equal:
            yield {"left": hunk.left_html, "right": hunk.right_html}
            continue
        lines = hunk.text.splitlines(keepends=True)
        head = CONTEXT_LINES if number else 0
        tail = CONTEXT_LINES if number < len(found) - 1 else 0
        if len(lines) <= head + tail + 1:
            yield {"text": hunk.text}
            continue
        middle = lines[head : len(lines) - tail]
        if head:
            yield {"text": "".join(lines[:head])}
        yield {"folded": "".join(middle), "count": len(middle)}
        if tail:
            yield {"text": "".join(lines[-tail:])}


def _words(left: str, right: str) -> tuple[list[Run], list[Run]]:
    left_words, right_words = _WORDS.findall(left), _WORDS.findall(right)
    here: list[Run] = []
    there: list[Run] = []
    for equal, i, j, m, n in _joined(left_words, right_words, MAX_WORDS):
        if i < j:
            here.append((not equal, "".join(left_words[i:j])))
        if m < n:
            there.append((not equal, "".join(right_words[m:n])))
    return here, there


def _joined(left: Sequence[str], right: Sequence[str], limit: int) -> Iterator[Block]:
    """In order: equal or not, and the slices of both sides. No two of a kind follow each other."""
    for equal, some in groupby(_blocks(left, right, limit), key=itemgetter(0)):
        blocks = list(some)
        yield equal, blocks[0][1], blocks[-1][2], blocks[0][3], blocks[-1][4]


def _blocks(left: Sequence[str], right: Sequence[str], limit: int) -> Iterator[Block]:
    shorter = min(len(left), len(right))
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    if start:
        yield True, 0, start, 0, start
    here, there = left[start : len(left) - end], right[start : len(right) - end]
    for equal, i, j, m, n in _middle(here, there, limit):
        yield equal, start + i, start + j, start + m, start + n
    if end:
        yield True, len(left) - end, len(left), len(right) - end, len(right)


def _middle(left: Sequence[str], right: Sequence[str], limit: int) -> Iterator[Block]:
    """Of what begins and ends with a difference."""
    if not (left and right) or len(left) == len(right) == 1:
        if left or right:
            yield False, 0, len(left), 0, len(right)
        return
    if max(len(left), len(right)) <= limit:
        for tag, i, j, m, n in SequenceMatcher(None, left, right).get_opcodes():
            yield tag == "equal", i, j, m, n
        return
    anchors = _anchors(left, right)
    if not anchors:
        yield False, 0, len(left), 0, len(right)
        return
    at, to = 0, 0
    for i, m in [*anchors, (len(left), len(right))]:
        for equal, *block in _blocks(left[at:i], right[to:m], limit):
            yield equal, at + block[0], at + block[1], to + block[2], to + block[3]
        if i < len(left):
            yield True, i, i + 1, m, m + 1
        at, to = i + 1, m + 1


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places of what occurs once on each side, as many as come in the same order on both."""
    once = Counter(left), Counter(right)
    places = {item: at for at, item in enumerate(right) if once[0][item] == once[1][item] == 1}
    # The longest rising run, as cards are laid in patience: each knows the top of the pile before.
    tops: list[int] = []
    piles: list[tuple[int, int, int | None]] = []
    heads: list[int] = []
    for at, item in enumerate(left):
        if item not in places:
            continue
        pile = bisect(tops, places[item])
        before = heads[pile - 1] if pile else None
        piles.append((at, places[item], before))
        tops[pile : pile + 1], heads[pile : pile + 1] = [places[item]], [len(piles) - 1]
    found = []
    card = heads[-1] if heads else None
    while card is not None:
        at, to, card = piles[card]
        found.append((at, to))
    return found[::-1]


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

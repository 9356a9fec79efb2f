"""What was probably meant by a misspelt word. Looking for it takes time, so it is bounded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

MAX_WORD = 64
"""Characters of a word that is looked for: a comparison costs the square of the length."""
MAX_COMPARED = 100
"""Words that it is compared with."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is probably a misspelling of."""
    if len(word) > MAX_WORD:
        return None
    by_fold = {name.lower(): name for name in islice(known, MAX_COMPARED)}
    match = difflib.get_close_matches(word.lower(), by_fold, n=1, cutoff=0.6)
    return by_fold[match[0]] if match else None

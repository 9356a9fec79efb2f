"""Shared by the tests of parser and formatter and by their fuzzer; needs no pytest."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from monitors.expressions.parsing import LIMITS, ExpressionError, Limits, parse
from monitors.expressions.tree import Combination, Expression

VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "expressions.jsonl").read_text().splitlines()
]
"""Inputs with the verdict and the tree of the runtime's own parser."""


def without_offsets(tree: Expression) -> Expression:
    if isinstance(tree, Combination):
        terms = tuple(without_offsets(term) for term in tree.terms)
        return dataclasses.replace(tree, terms=terms, start=0, end=0)
    value = dataclasses.replace(tree.value, start=0, end=0)
    return dataclasses.replace(tree, value=value, start=0, end=0)


def parsed_or_refused(text: str, limits: Limits | None = LIMITS) -> Expression | ExpressionError:
    try:
        return parse(text, limits)
    except ExpressionError as error:
        return error

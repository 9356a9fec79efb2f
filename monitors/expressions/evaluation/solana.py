"""Values of Solana. Every text is compared as it stands: case matters."""

from __future__ import annotations

from collections.abc import Mapping

from monitors.expressions.evaluation.comparing import (
    Comparer,
    compare_booleans,
    compare_exactly,
    compare_integers,
)
from monitors.expressions.integers import integer_range
from monitors.expressions.kinds import Family

_, _GREATEST_I64 = integer_range(signed=True, bits=64)


def kind_of_json(value: object) -> str:
    """The kind of what a path ends in. All but numbers and booleans are compared as text."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "i64" if value <= _GREATEST_I64 else "u64"
        case float():
            return "f64"
        case str():
            return "string"
        case list():
            return "vec"
    return "object"


COMPARERS: Mapping[Family, Comparer] = {
    "unsigned": compare_integers,
    "signed": compare_integers,
    "text": compare_exactly,
    "bool": compare_booleans,
}

"""Values of Stellar. Text and addresses are compared in any case."""

from __future__ import annotations

import re
from collections.abc import Mapping

from blip0.common.strict_json import NotStrictJSON
from monitors.expressions.evaluation.comparing import (
    Comparer,
    Operands,
    UnreadableValue,
    compare_any_case,
    compare_booleans,
    compare_exactly,
    compare_integers,
    compared,
    is_as_wanted,
)
from monitors.expressions.integers import BLANKS
from monitors.expressions.json_values import same, written
from monitors.expressions.kinds import EQUALITY, Family, base_kind

_ADDRESS = re.compile(r"[GC][A-Z2-7]{55}")


def kind_of_json(value: object) -> str:
    """The kind of what a path ends in."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Bool"
        case int():
            return "I64" if value < 0 else "U64"
        case float():
            return "F64"
        case str():
            # [inferred] by its form; the two kinds differ only in how `==` takes blanks.
            return "Address" if _ADDRESS.fullmatch(value) else "String"
        case list():
            return "Vec"
    return "Map"


def _compare_text(it: Operands) -> bool:
    if base_kind("Stellar", it.kind_name) == "address" and it.operator in EQUALITY:
        return compared(_address(it.text), it.operator, _address(it.literal))
    return compare_any_case(it)


def _address(text: str) -> str:
    return text.strip(BLANKS).replace(" ", "").lower()


def _compare_vecs(it: Operands) -> bool:
    """A vec is a JSON array, or values with commas between them."""
    values = it.json.read_list(it.text)
    if it.operator != "contains":
        return is_as_wanted(_is_same_vec(it, values), it.operator)
    if values is None:
        # [inferred] Here case matters: it doesn't for the texts of a JSON array.
        return it.literal in [part.strip(BLANKS) for part in it.text.split(",")]
    return any(
        any(_is_wanted(member, it.literal) for member in value.values())
        if isinstance(value, dict)
        else _is_wanted(value, it.literal)
        for value in values
    )


def _is_same_vec(it: Operands, values: list[object] | None) -> bool:
    wanted = it.json.read_list(it.literal)
    if values is not None and wanted is not None:
        return same(values, wanted)
    if values is not None or wanted is not None or it.json.has(it.text) != it.json.has(it.literal):
        return False
    return _parts(it.text) == _parts(it.literal)


def _parts(text: str) -> list[str]:
    return [part.strip(BLANKS).lower() for part in text.split(",")]


def _is_wanted(value: object, wanted: str) -> bool:
    """Whether one value, or the member `value` of an object, is what the literal says."""
    if isinstance(value, str):
        return _ascii_lower(value) == _ascii_lower(wanted)
    if isinstance(value, dict):
        if "value" not in value:
            return False
        # [inferred] Here case matters.
        inner = value["value"]
        return (inner if isinstance(inner, str) else written(inner)) == wanted
    return written(value) == wanted


def _ascii_lower(text: str) -> str:
    return text.lower() if text.isascii() else re.sub("[A-Z]+", lambda up: up[0].lower(), text)


def _compare_maps(it: Operands) -> bool:
    try:
        found = it.json.read(it.text)
    except NotStrictJSON:
        found = None
    if not isinstance(found, dict):
        raise UnreadableValue("it is not a JSON object")
    if it.operator == "contains":
        return any(_is_wanted(value, it.literal) for value in found.values())
    return is_as_wanted(same(found, it.json.read(it.literal)), it.operator)


COMPARERS: Mapping[Family, Comparer] = {
    "unsigned": compare_integers,
    "signed": compare_integers,
    "whole_text": compare_exactly,
    "text": _compare_text,
    "bool": compare_booleans,
    "vec": _compare_vecs,
    "map": _compare_maps,
}

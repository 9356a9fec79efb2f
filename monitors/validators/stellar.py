"""Stellar contract specs: a list of spec entries, as the runtime's library reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import (
    U32,
    Choice,
    Integer,
    ListOf,
    Shape,
    Struct,
    refuse,
)
from blip0.common.validation.text import byte_length
from blip0.common.validation.unions import OneKey

MAX_DOC, MAX_LIB, MAX_TYPE_NAME, MAX_FIELD_NAME, MAX_SYMBOL = 1024, 80, 60, 30, 32
MAX_INPUTS, MAX_OUTPUTS, MAX_STRUCT_FIELDS, MAX_CASES = 10, 1, 40, 50
MAX_EVENT_PARAMS, MAX_PREFIX_TOPICS, MAX_TUPLE = 50, 2, 12

WORDS = (
    "val bool void error u32 i32 u64 i64 timepoint duration u128 i128 u256 i256 bytes string "
    "symbol address muxed_address"
)
_ESCAPE = re.compile(r"\\(?:[0tnr\\]|x[0-9a-fA-F]{2})")


class XdrText:
    """Text of a limited number of bytes, in which a backslash begins an escape."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.noun = f"text of at most {most} bytes"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, str):
            return refuse(self.noun, value, at, out)
        plain = _ESCAPE.sub("_", value) if "\\" in value else value
        if "\\" in plain:
            return out.parse_error(
                "stellar.escape",
                at,
                rf"{label(at)} holds a backslash that begins no escape; write `\\` for one.",
            )
        if byte_length(plain) > self._most:
            return out.parse_error(
                "stellar.length", at, f"{label(at)} is longer than {self._most} bytes; shorten it."
            )
        return True


def _entry(noun: str, members: Mapping[str, Shape]) -> Struct:
    """All members of an entry are required, and unknown ones ignored."""
    return Struct(
        noun,
        {"doc": XdrText(MAX_DOC), **members},
        unknown="ignore",
        hints={"type": "type_"},
    )


def _definition(noun: str, members: Mapping[str, Shape]) -> Struct:
    return _entry(noun, {"lib": XdrText(MAX_LIB), "name": XdrText(MAX_TYPE_NAME), **members})


TYPE = OneKey(
    'a type: a word like "u32", or an object like {"vec": {"element_type": "u32"}}',
    {},
    tuple(WORDS.split()),
)


def _compound(**members: Shape) -> Struct:
    return Struct("an object", members, unknown="ignore")


TYPE.add(
    {
        "option": _compound(value_type=TYPE),
        "result": _compound(ok_type=TYPE, error_type=TYPE),
        "vec": _compound(element_type=TYPE),
        "map": _compound(key_type=TYPE, value_type=TYPE),
        "tuple": _compound(value_types=ListOf(TYPE, MAX_TUPLE)),
        "bytes_n": _compound(n=Integer(U32)),
        "udt": _compound(name=XdrText(MAX_TYPE_NAME)),
    }
)

_FIELD = _entry("a field", {"name": XdrText(MAX_FIELD_NAME), "type_": TYPE})
_CASE = _entry("a case", {"name": XdrText(MAX_TYPE_NAME), "value": Integer(U32)})
_UNION_CASE = OneKey(
    "a case",
    {
        "void_v0": _entry("a case", {"name": XdrText(MAX_TYPE_NAME)}),
        "tuple_v0": _entry(
            "a case", {"name": XdrText(MAX_TYPE_NAME), "type_": ListOf(TYPE, MAX_TUPLE)}
        ),
    },
)
_EVENT_PARAM = _entry(
    "a parameter",
    {
        "name": XdrText(MAX_FIELD_NAME),
        "type_": TYPE,
        "location": Choice(("data", "topic_list")),
    },
)

ENTRIES: Mapping[str, Shape] = {
    "function_v0": _entry(
        "a function",
        {
            "name": XdrText(MAX_SYMBOL),
            "inputs": ListOf(_FIELD, MAX_INPUTS),
            "outputs": ListOf(TYPE, MAX_OUTPUTS),
        },
    ),
    "udt_struct_v0": _definition("a struct", {"fields": ListOf(_FIELD, MAX_STRUCT_FIELDS)}),
    "udt_union_v0": _definition("a union", {"cases": ListOf(_UNION_CASE, MAX_CASES)}),
    "udt_enum_v0": _definition("an enum", {"cases": ListOf(_CASE, MAX_CASES)}),
    "udt_error_enum_v0": _definition("an enum of errors", {"cases": ListOf(_CASE, MAX_CASES)}),
    "event_v0": _entry(
        "an event",
        {
            "lib": XdrText(MAX_LIB),
            "name": XdrText(MAX_SYMBOL),
            "prefix_topics": ListOf(XdrText(MAX_SYMBOL), MAX_PREFIX_TOPICS),
            "params": ListOf(_EVENT_PARAM, MAX_EVENT_PARAMS),
            "data_format": Choice(("single_value", "vec", "map")),
        },
    ),
}
STELLAR_SPEC = ListOf(OneKey("a spec entry", ENTRIES))

"""What each chain can compare: kinds of values, their operators and literals, as data.

A *kind* is the runtime's name for a value's type: the ABI's type on EVM, the spec's on Stellar.
A kind without an entry here parses and never matches. On Solana every kind has one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from blip0.common.strict_json import NotStrictJSON
from blip0.common.validation.findings import shorten
from monitors.expressions.integers import (
    NotAnInteger,
    alloy_integer,
    integer_range,
    rust_integer,
)
from monitors.expressions.json_values import read_json
from monitors.expressions.tree import Comparison, Value, ValueKind

Chain: TypeAlias = Literal["EVM", "Stellar", "Solana", "Midnight"]
Family: TypeAlias = Literal[
    "unsigned", "signed", "whole_text", "bool", "address", "text", "array", "tuple", "vec", "map"
]

EQUALITY: frozenset[Comparison] = frozenset({"==", "!="})
ORDER: frozenset[Comparison] = EQUALITY | {">", ">=", "<", "<="}
MEMBERSHIP: frozenset[Comparison] = EQUALITY | {"contains"}
TEXT: frozenset[Comparison] = MEMBERSHIP | {"starts_with", "ends_with"}

_NUMBER: frozenset[ValueKind] = frozenset({"number"})
_STRING: frozenset[ValueKind] = frozenset({"string"})
_BOOLEAN: frozenset[ValueKind] = frozenset({"boolean"})
_NUMBER_OR_STRING = _NUMBER | _STRING


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are compared.

    `literals` fit every operator of the kind but `==` and `!=`, for which `equality_literals` do.
    `bits` bounds the integers that the runtime reads here, which may be more than the name says.
    """

    family: Family
    operators: frozenset[Comparison]
    literals: frozenset[ValueKind]
    equality_literals: frozenset[ValueKind]
    bits: int = 0

    def literals_for(self, operator: Comparison) -> frozenset[ValueKind]:
        return self.equality_literals if operator in EQUALITY else self.literals


def _kind(
    family: Family,
    operators: frozenset[Comparison],
    literals: frozenset[ValueKind],
    *,
    equality_literals: frozenset[ValueKind] | None = None,
    bits: int = 0,
) -> Kind:
    return Kind(family, operators, literals, equality_literals or literals, bits)


_BOOL = _kind("bool", EQUALITY, _BOOLEAN)
_TEXT = _kind("text", TEXT, _STRING)

# EVM: every integer is read as one of 256 bits, whatever its name.
_UNSIGNED = _kind("unsigned", ORDER, _NUMBER_OR_STRING, bits=256)
_SIGNED = _kind("signed", ORDER, _NUMBER_OR_STRING, bits=256)
_ARRAY = _kind("array", MEMBERSHIP, _NUMBER_OR_STRING, equality_literals=_STRING)
_TUPLE = _kind("tuple", MEMBERSHIP, _NUMBER_OR_STRING, equality_literals=_STRING)
_EVM_SIZES = (8, 16, 32, 64, 128, 256)
_EVM_SINGLE: dict[str, Kind] = {
    **{f"uint{size}": _UNSIGNED for size in _EVM_SIZES},
    **{f"int{size}": _SIGNED for size in _EVM_SIZES},
    "address": _kind("address", EQUALITY, _STRING),
    **dict.fromkeys(("string", "bytes", "bytes32"), _TEXT),
    "bool": _BOOL,
    "tuple": _TUPLE,
}
_EVM: dict[str, Kind] = {
    **_EVM_SINGLE,
    **{f"{name}[]": _ARRAY for name in _EVM_SINGLE},
    # Not types of an ABI: what a path ends in.
    "number": _UNSIGNED,
    "array": _ARRAY,
}

_STELLAR: dict[str, Kind] = {
    "bool": _BOOL,
    **{f"u{size}": _kind("unsigned", ORDER, _NUMBER, bits=size) for size in (32, 64, 128)},
    **{f"i{size}": _kind("signed", ORDER, _NUMBER, bits=size) for size in (32, 64, 128)},
    **dict.fromkeys(("timepoint", "duration"), _kind("unsigned", ORDER, _NUMBER, bits=64)),
    **dict.fromkeys(("u256", "i256"), _kind("whole_text", EQUALITY, _NUMBER_OR_STRING)),
    **dict.fromkeys(("string", "symbol", "address", "bytes"), _TEXT),
    "vec": _kind("vec", MEMBERSHIP, _NUMBER_OR_STRING),
    "map": _kind("map", MEMBERSHIP, _NUMBER_OR_STRING, equality_literals=_STRING),
}

# Solana: every integer is read as one of 128 bits; what has no entry is text.
_SOLANA_TEXT = _kind("text", MEMBERSHIP, _NUMBER_OR_STRING)
_SOLANA: dict[str, Kind] = {
    **{
        f"u{size}": _kind("unsigned", ORDER, _NUMBER_OR_STRING, bits=128)
        for size in (8, 16, 32, 64, 128)
    },
    **{
        f"i{size}": _kind("signed", ORDER, _NUMBER_OR_STRING, bits=128)
        for size in (8, 16, 32, 64, 128)
    },
    "bool": _kind("bool", EQUALITY, _BOOLEAN | _STRING),
    **dict.fromkeys(("pubkey", "string", "bytes"), _SOLANA_TEXT),
}

KINDS: Mapping[Chain, Mapping[str, Kind]] = MappingProxyType(
    {
        "EVM": MappingProxyType(_EVM),
        "Stellar": MappingProxyType(_STELLAR),
        "Solana": MappingProxyType(_SOLANA),
        "Midnight": MappingProxyType({}),
    }
)

_TRANSACTION: Mapping[Chain, Mapping[str, str]] = MappingProxyType(
    {
        "EVM": MappingProxyType(
            {
                "value": "uint256",
                "from": "address",
                "to": "address",
                "hash": "string",
                "gas_price": "uint256",
                "max_fee_per_gas": "uint256",
                "max_priority_fee_per_gas": "uint256",
                "gas_limit": "uint256",
                "nonce": "uint256",
                "input": "string",
                "gas_used": "uint256",
                "transaction_index": "uint64",
            }
        ),
        "Stellar": MappingProxyType(
            {
                "hash": "string",
                "ledger": "i64",
                "value": "i64",
                "from": "address",
                "to": "address",
            }
        ),
        "Solana": MappingProxyType(
            {
                "signature": "string",
                "slot": "u64",
                "fee": "u64",
                "is_success": "bool",
                "fee_payer": "pubkey",
                "accounts": "string",
            }
        ),
        "Midnight": MappingProxyType({}),
    }
)


def transaction_variables(chain: Chain) -> Mapping[str, str]:
    """The variables of a transaction condition with their kinds; not every transaction has all."""
    return _TRANSACTION[chain]


def base_kind(chain: Chain, kind: str) -> str:
    """`kind` as the tables name it: lower-cased, on Stellar without its `<…>`."""
    return (kind.partition("<")[0] if chain == "Stellar" else kind).lower()


def kind_of(chain: Chain, kind: str) -> Kind | None:
    """How values of `kind` are compared; None if the runtime never matches one."""
    found = KINDS[chain].get(base_kind(chain, kind))
    return _SOLANA_TEXT if found is None and chain == "Solana" else found


def allowed_operators(chain: Chain, kind: str) -> frozenset[Comparison]:
    """The operators that the runtime knows for `kind`; none if it never matches one."""
    found = kind_of(chain, kind)
    return found.operators if found else frozenset()


_LITERAL_NOUNS: dict[ValueKind, str] = {
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
}


def read_integer(chain: Chain, kind: Kind, text: str) -> int:
    """The integer that the runtime reads in `text`, for a kind with `bits`.

    Raises `NotAnInteger`.
    """
    read = alloy_integer if chain == "EVM" else rust_integer
    return read(text, signed=kind.family == "signed", bits=kind.bits)


def declared_range(chain: Chain, kind: str) -> tuple[int, int] | None:
    """The least and the greatest integer that a value of `kind` can have; None for others.

    The runtime compares with a literal beyond it all the same: always true, or always false.
    """
    name = base_kind(chain, kind)
    known = KINDS[chain].get(name)
    if known is None or not known.bits or name == "number":
        return None
    size = re.search(r"[0-9]+\Z", name)
    return integer_range(
        signed=known.family == "signed", bits=int(size.group()) if size else known.bits
    )


def literal_problem(chain: Chain, kind: str, operator: Comparison, value: Value) -> str | None:
    """Why the runtime can't compare a value of `kind` with this literal; None if it can.

    A sentence. Whether the operator is known for `kind` is a matter of `allowed_operators`.
    """
    known = kind_of(chain, kind)
    if known is None:
        return f"The runtime compares no value of type {kind} with anything."
    wanted = known.literals_for(operator)
    if value.kind not in wanted:
        nouns = " or ".join(_LITERAL_NOUNS[one] for one in _LITERAL_NOUNS if one in wanted)
        return f"A value of type {kind} is compared with {nouns}, not with {_written(value)}."
    if known.bits:
        try:
            read_integer(chain, known, value.text)
        except NotAnInteger as error:
            return f"{_written(value)} is not an integer for {kind}: {error}."
    if known.family == "bool" and value.text not in {"true", "false"}:
        return f"{_written(value)} is neither true nor false."
    if operator in EQUALITY and known.family in {"array", "map"}:
        return _json_problem(known, value)
    return None


def _json_problem(known: Kind, value: Value) -> str | None:
    wanted, noun = (list, "array") if known.family == "array" else (dict, "object")
    try:
        found = read_json(value.text)
    except NotStrictJSON:
        found = None
    return None if isinstance(found, wanted) else f"{_written(value)} is not a JSON {noun}."


def _written(value: Value) -> str:
    """The literal as its author sees it, shortened; a bare word gets quotes."""
    text = shorten(value.text)
    return f"'{text}'" if value.kind == "string" else text

"""Solana contract specs: an Anchor IDL in its legacy form, as the runtime's own model reads it.

Anchor 0.30 and later write another form (`metadata.name`, `defined: {name}`), which is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.shapes import (
    U8,
    U32,
    U64,
    Anything,
    Field,
    Flag,
    Integer,
    ListOf,
    Nullable,
    Shape,
    Struct,
    Text,
    defaulted,
    refuse,
)
from blip0.common.validation.unions import OneKey, Tagged

_DOCS = defaulted(ListOf(Text()))
_DISCRIMINATOR = defaulted(Nullable(ListOf(Integer(U8))))


class IdlType(OneKey):
    """A type: any text is taken for a primitive one."""

    def check(self, value: object, at: Path, out: Findings) -> bool:
        return isinstance(value, str) or super().check(value, at, out)


class _Array:
    noun = 'a list of type and length, like ["u8", 32]'

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, list) or len(value) != 2:
            return refuse(self.noun, value, at, out)
        parses = TYPE.check(value[0], (at, 0), out)
        return Integer(U64).check(value[1], (at, 1), out) and parses


class _DefinedName:
    noun = "the name of a type as text"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if isinstance(value, str):
            return True
        newer = isinstance(value, dict) and "name" in value
        fix = "This is the form of Anchor 0.30; convert the IDL to the legacy form."
        return refuse(self.noun, value, at, out, fix if newer else "")


TYPE = IdlType('a type: text like "u64", or an object like {"vec": "u8"}', {})
TYPE.add(
    {
        "array": _Array(),
        "vec": TYPE,
        "option": TYPE,
        "defined": _DefinedName(),
        "tuple": ListOf(TYPE),
    }
)


def _open(noun: str, fields: Mapping[str, Field | Shape]) -> Struct:
    """An object whose unknown members are ignored."""
    return Struct(noun, fields, unknown="ignore")


_FIELD = _open("a field", {"name": Text(), "type": TYPE, "docs": _DOCS})
_EVENT_FIELD = _open("a field", {"name": Text(), "type": TYPE, "index": defaulted(Flag())})
_SEED = Tagged(
    "a seed",
    "kind",
    {
        "const": _open("a constant", {"value": Anything()}),
        "account": _open("an account", {"path": Text()}),
        "arg": _open("an argument", {"path": Text()}),
    },
    buffered=True,
)
_PDA = _open(
    "a derived address", {"seeds": ListOf(_SEED), "program_id": defaulted(Nullable(Text()))}
)
_ACCOUNT = _open(
    "an account",
    {
        "name": Text(),
        "is_mut": defaulted(Flag()),
        "is_signer": defaulted(Flag()),
        "is_optional": defaulted(Flag()),
        "docs": _DOCS,
        "pda": defaulted(Nullable(_PDA)),
    },
)


class _AccountItem:
    """A single account, or a named group of them."""

    noun = "an account or a group of accounts"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        trial = Findings()
        if _ACCOUNT.check(value, at, trial):
            out.absorb(trial)
            return True
        group = Findings()
        if isinstance(value, dict | list) and _GROUP.check(value, at, group):
            out.absorb(group)
            return True
        out.absorb(trial)
        return False


_GROUP = _open("a group of accounts", {"name": Text(), "accounts": ListOf(_AccountItem())})
_VARIANT = _open("a variant", {"name": Text(), "fields": defaulted(Nullable(ListOf(_FIELD)))})
_DEFINITION: Shape = Tagged(
    "a definition",
    "kind",
    {
        "struct": _open("a struct", {"fields": ListOf(_FIELD)}),
        "enum": _open("an enum", {"variants": ListOf(_VARIANT)}),
    },
    buffered=True,
)

SOLANA_SPEC = _open(
    "a Solana IDL",
    {
        "version": Text(),
        "name": Text(),
        "instructions": ListOf(
            _open(
                "an instruction",
                {
                    "name": Text(),
                    "discriminator": _DISCRIMINATOR,
                    "accounts": defaulted(ListOf(_AccountItem())),
                    "args": defaulted(ListOf(_FIELD)),
                    "docs": _DOCS,
                },
            )
        ),
        "accounts": defaulted(
            ListOf(
                _open(
                    "an account", {"name": Text(), "discriminator": _DISCRIMINATOR, "docs": _DOCS}
                )
            )
        ),
        "events": defaulted(
            ListOf(
                _open(
                    "an event",
                    {
                        "name": Text(),
                        "discriminator": _DISCRIMINATOR,
                        "fields": defaulted(ListOf(_EVENT_FIELD)),
                    },
                )
            )
        ),
        "types": defaulted(
            ListOf(_open("a type", {"name": Text(), "type": _DEFINITION, "docs": _DOCS}))
        ),
        "errors": defaulted(
            ListOf(
                _open("an error", {"code": Integer(U32), "name": Text(), "msg": defaulted(Text())})
            )
        ),
        "metadata": defaulted(Nullable(_open("metadata", {"address": defaulted(Text())}))),
    },
)

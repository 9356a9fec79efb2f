"""EVM contract specs: a JSON ABI, item by item, as the runtime's library reads it."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label, shorten
from blip0.common.validation.shapes import (
    Choice,
    Field,
    Flag,
    ListOf,
    Nullable,
    Struct,
    Text,
    defaulted,
    refuse,
)
from blip0.common.validation.unions import Tagged
from monitors.validators.abi_types import NAME, is_type

MUTABILITIES = ("pure", "view", "nonpayable", "payable")


class Identifier:
    """A Solidity name, or empty."""

    noun = "a name: letters, digits, `_` and `$`, without a digit first"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, str):
            return refuse(self.noun, value, at, out)
        if value and not NAME.fullmatch(value):
            return out.parse_error(
                "abi.name", at, f"{label(at)} `{shorten(value)}` must be {self.noun}."
            )
        return True


class Parameter:
    """A parameter of a function, error, constructor or event, with its components."""

    noun = 'a parameter like {"name": "to", "type": "address"}'

    def __init__(self, *, of_event: bool) -> None:
        self._of_event = of_event

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not _MEMBERS.check(value, at, out):
            return False
        members = _MEMBERS.named(value)
        if not self._of_event and members.get("indexed") is not None:
            return out.parse_error(
                "abi.indexed",
                (at, "indexed"),
                "`indexed` belongs to the parameters of events only; remove it.",
            )
        return _check_type(members, at, out)


def _check_type(members: Mapping[str, object], at: Path, out: Findings) -> bool:
    name, place = str(members["type"]), (at, "type")
    if members.get("components"):
        # With components the runtime looks no further than at the word `tuple`.
        if name.startswith("tuple"):
            return True
        return out.parse_error(
            "abi.tuple",
            place,
            f"A type with components must be `tuple`, `tuple[]` or `tuple[n]`, "
            f"not `{shorten(name)}`.",
        )
    if is_type(name):
        return True
    return out.parse_error(
        "abi.type",
        place,
        f"`{shorten(name)}` is not the name of a type; write one like `uint256`, `address[]` or "
        "`bytes32[2]`, without blanks.",
    )


PARAMETER = Parameter(of_event=False)
EVENT_PARAMETER = Parameter(of_event=True)
_MEMBERS = Struct(
    Parameter.noun,
    {
        "name": defaulted(Identifier()),
        "type": Text(),
        "indexed": defaulted(Nullable(Flag())),
        "internalType": defaulted(Nullable(Text())),
        "components": defaulted(ListOf(PARAMETER)),
    },
    unknown="ignore",
)

_MUTABILITY: Mapping[str, Field] = {
    "stateMutability": defaulted(Nullable(Choice(MUTABILITIES, buffered=True))),
    "payable": defaulted(Nullable(Flag())),
    "constant": defaulted(Nullable(Flag())),
}
"""The last two are how old compilers wrote it. The runtime reads them out of the whole object,
so an item with these can't be a list."""

_PARAMETERS = ListOf(PARAMETER)
_ITEMS: Mapping[str, Struct] = {
    "constructor": Struct(
        "a constructor",
        {"inputs": _PARAMETERS, **_MUTABILITY},
        unknown="ignore",
        positional=False,
    ),
    "fallback": Struct("a fallback", _MUTABILITY, unknown="ignore", positional=False),
    "receive": Struct("a receive function", _MUTABILITY, unknown="ignore", positional=False),
    "function": Struct(
        "a function",
        {
            "name": Identifier(),
            "inputs": _PARAMETERS,
            "outputs": _PARAMETERS,
            **_MUTABILITY,
        },
        unknown="ignore",
        positional=False,
    ),
    "event": Struct(
        "an event",
        {"name": Identifier(), "inputs": ListOf(EVENT_PARAMETER), "anonymous": Flag()},
        unknown="ignore",
    ),
    "error": Struct("an error", {"name": Identifier(), "inputs": _PARAMETERS}, unknown="ignore"),
}
SINGLE = ("constructor", "fallback", "receive")
WITH_MUTABILITY = (*SINGLE, "function")


class Abi:
    """A shape: the list of a contract's functions, events and errors.

    `buffered`: it is one of the forms that the runtime tries for a contract's spec.
    """

    noun = "an ABI: a list of functions, events and errors"

    def __init__(self, *, buffered: bool = False) -> None:
        noun = "an item of an ABI: an object with a `type`"
        self._item = Tagged(noun, "type", _ITEMS, buffered=buffered)

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, list):
            return refuse(self.noun, value, at, out, _hint(value))
        if value and all(isinstance(item, str) for item in value):
            return refuse(
                "a list of objects", value, at, out, "Signatures as text are not understood."
            )
        parses, seen = True, set()
        for index, item in enumerate(value):
            place: Path = (at, index)
            if out.settled:
                break
            if not self._item.check(item, place, out):
                parses = False
            elif isinstance(item, dict) and (kind := self._item.word(item)) is not None:
                if kind in SINGLE and kind in seen:
                    parses = out.parse_error(
                        "abi.repeated", place, f"This is a second `{kind}`; an ABI has one."
                    )
                seen.add(kind)
                parses = _check_mutability(item, kind, place, out) and parses
        return parses


def _check_mutability(item: Mapping[str, object], kind: str, at: Path, out: Findings) -> bool:
    if (
        kind in WITH_MUTABILITY
        and item.get("stateMutability") is None
        and item.get("payable") is True
        and item.get("constant") is True
    ):
        return out.parse_error(
            "abi.mutability", at, "`payable` and `constant` exclude each other; remove one."
        )
    return True


def _hint(value: object) -> str:
    if isinstance(value, dict) and "abi" in value:
        return "This is a compiler's artifact: give the list that stands under its `abi`."
    if isinstance(value, str):
        return "Give the JSON itself, not text that holds it."
    return ""


def check_abi(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `abi`."""
    Abi().check(value, at, out)

"""A small toolkit for the shapes of JSON documents, with the semantics of the runtime's parser.

A shape checks a value at a place, reports *every* problem with its pointer, and returns whether
the value parses. Shapes hold no state, so they are built once, as module constants.

The runtime's parser has habits that a reader wouldn't guess; the shapes know them:
an object may also be written as a list of its members in order, a choice `x` as `{"x": null}`.
We tell authors to write the ordinary form instead, as policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from blip0.common.strict_json import repeated_keys
from blip0.common.validation.findings import MAX_SUGGESTIONS, Findings, Path, label, shorten
from blip0.common.validation.similar import closest

U8, U16, U32, U64 = 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1


class Shape(Protocol):
    """What a value must look like. `noun` completes "must be …"."""

    @property
    def noun(self) -> str: ...

    def check(self, value: object, at: Path, out: Findings, /) -> bool:
        """Report every problem of `value` at `at`; True if the runtime can parse it."""
        ...


def describe(value: object) -> str:
    """What a value is, without its content: it may be a secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "an integer"
        case float():
            return "a number with a decimal point, an exponent or too many digits"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
    return "something else"


def refuse(noun: str, value: object, at: Path, out: Findings, fix: str = "") -> Literal[False]:
    message = f"{label(at)} must be {noun}, but is {describe(value)}."
    return out.parse_error("shape.type", at, f"{message} {fix}".rstrip())


@dataclass(frozen=True)
class Anything:
    noun: str = "anything"

    def check(self, _value: object, _at: Path, _out: Findings, /) -> bool:
        return True


@dataclass(frozen=True)
class Text:
    noun: str = "text"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        return isinstance(value, str) or refuse(self.noun, value, at, out)


@dataclass(frozen=True)
class Flag:
    noun: str = "true or false"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        return isinstance(value, bool) or refuse(self.noun, value, at, out)


@dataclass(frozen=True)
class Integer:
    """An unsigned integer of the runtime: no decimal point, no text, no true or false."""

    high: int

    @property
    def noun(self) -> str:
        return f"an integer from 0 to {self.high}"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if isinstance(value, bool) or not isinstance(value, int):
            fix = "Write digits only, without quotes." if isinstance(value, str | float) else ""
            return refuse(self.noun, value, at, out, fix)
        if not 0 <= value <= self.high:
            return out.parse_error("shape.range", at, f"{label(at)} must be {self.noun}.")
        return True


@dataclass(frozen=True)
class Choice:
    """One of some words, whose case counts.

    `buffered`: the runtime reads it out of a buffer, where `{}` is as good as null.
    """

    words: tuple[str, ...]
    buffered: bool = False

    @property
    def noun(self) -> str:
        return f"one of {listed(self.words)}"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if isinstance(value, str):
            return value in self.words or unknown_word(value, self.words, at, out)
        if isinstance(value, dict) and len(value) == 1:
            [(word, content)] = value.items()
            is_empty = content is None or (self.buffered and content == {})
            if word in self.words and is_empty and not repeated_keys(value):
                out.policy("shape.spelling", at, f'Write {label(at)} as the text "{word}".')
                return True
        return refuse(self.noun, value, at, out)


@dataclass(frozen=True)
class Nullable:
    inner: Shape

    @property
    def noun(self) -> str:
        return f"{self.inner.noun} or null"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        return value is None or self.inner.check(value, at, out)


@dataclass(frozen=True)
class ListOf:
    """A list; `most` is the runtime's limit of its entries."""

    inner: Shape
    most: int | None = None

    @property
    def noun(self) -> str:
        return "a list"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, list):
            fix = "Put it into [ ]." if value is not None else "Write [] for none."
            return refuse(self.noun, value, at, out, fix)
        parses = True
        if self.most is not None and len(value) > self.most:
            parses = out.parse_error(
                "shape.length",
                at,
                f"{label(at)} has {len(value)} entries; the runtime takes at most {self.most}.",
            )
        for index, entry in enumerate(value):
            parses = self.inner.check(entry, (at, index), out) and parses
            if out.settled:
                break
        return parses


@dataclass(frozen=True)
class MapOf:
    """An object with keys of the author's choice."""

    inner: Shape

    @property
    def noun(self) -> str:
        return "an object"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, dict):
            return refuse(self.noun, value, at, out)
        parses = True
        for key, entries in repeated_keys(value).items():
            out.policy("json.repeated_key", (at, key), repeated_message(key))
            for entry in entries[:-1]:
                parses = self.inner.check(entry, (at, key), out) and parses
        for key, entry in value.items():
            parses = self.inner.check(entry, (at, key), out) and parses
        return parses


@dataclass(frozen=True)
class Field:
    """A member of an object. `when_absent`: an error, null, or a default (which is never null)."""

    shape: Shape
    when_absent: Literal["error", "null", "default"] = "error"


def optional(shape: Shape) -> Field:
    """May be left out or null."""
    return Field(Nullable(shape), "null")


def defaulted(shape: Shape) -> Field:
    """May be left out; null is an error unless `shape` is nullable."""
    return Field(shape, "default")


class Struct:
    """An object with known members.

    `unknown` keys are refused by the runtime, or ignored by it; with "warn" we tell the author.
    `hints` maps a key that people write by mistake to the right one. `positional` is False where
    the runtime does not take the members as a list.
    """

    def __init__(
        self,
        noun: str,
        fields: Mapping[str, Field | Shape],
        *,
        unknown: Literal["refuse", "warn", "ignore"] = "refuse",
        hints: Mapping[str, str] | None = None,
        positional: bool = True,
    ) -> None:
        self.noun = noun
        self.fields = {
            name: field if isinstance(field, Field) else Field(field)
            for name, field in fields.items()
        }
        self._unknown = unknown
        self._hints = hints or {}
        self.positional = positional
        self._known_fields = f"known are {listed(self.fields)}." if self.fields else "remove it."

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if isinstance(value, list) and self.positional:
            return self.check_positions(value, at, out)
        if not isinstance(value, dict):
            return refuse(self.noun, value, at, out)
        parses = self._check_unknown(value, at, out)
        repeated = repeated_keys(value)
        for name, field in self.fields.items():
            if name in value:
                parses = field.shape.check(value[name], (at, name), out) and parses
                if name in repeated:
                    parses = out.parse_error(
                        "json.repeated_key", (at, name), repeated_message(name)
                    )
            elif field.when_absent == "error":
                parses = out.parse_error(
                    "shape.missing",
                    at,
                    f"The field `{name}` is missing; it must be {field.shape.noun}.",
                )
        return parses

    def check_positions(
        self, values: Sequence[object], at: Path, out: Findings, *, first: int = 0
    ) -> bool:
        """The members as a list in their order, from the entry `first` on."""
        entries = values[first:]
        fields = list(self.fields.items())
        needed = max(
            (n for n, (_, field) in enumerate(fields, 1) if field.when_absent != "default"),
            default=0,
        )
        if not needed <= len(entries) <= len(fields):
            return refuse(self.noun, list(values), at, out)
        parses = True
        for index, (entry, (_, field)) in enumerate(zip(entries, fields, strict=False), first):
            parses = field.shape.check(entry, (at, index), out) and parses
        if parses:
            out.policy(
                "shape.spelling", at, f"Write {label(at)} as {self.noun}, with names, not a list."
            )
        return parses

    def named(self, value: object) -> Mapping[str, object]:
        """The members by name of a value that this shape accepts; absent ones are left out."""
        if isinstance(value, list):
            return dict(zip(self.fields, value, strict=False))
        return value if isinstance(value, dict) else {}

    def _check_unknown(self, value: Mapping[str, object], at: Path, out: Findings) -> bool:
        if self._unknown == "ignore":
            return True
        parses = True
        strangers = [key for key in value if key not in self.fields]
        for number, key in enumerate(strangers):
            if out.settled:
                break
            right = self._hints.get(key)
            if right is None and number < MAX_SUGGESTIONS:
                right = closest(key, (name for name in self.fields if name not in value))
            fix = f"did you mean `{right}`?" if right else self._known_fields
            name = shorten(key)
            if self._unknown == "warn":
                message = f"The runtime ignores the field `{name}`: {fix}"
                out.advise("shape.ignored", (at, key), message)
            else:
                parses = out.parse_error(
                    "shape.unknown", (at, key), f"Unknown field `{name}`: {fix}"
                )
        return parses


def chosen(value: object) -> str:
    """The word of a value that a `Choice` accepts."""
    if isinstance(value, dict):
        return next(iter(value), "")
    return value if isinstance(value, str) else ""


def entries(value: object) -> list[object]:
    """The entries of a value that may be a list."""
    return value if isinstance(value, list) else []


def listed(words: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def repeated_message(key: str) -> str:
    return f"The field `{shorten(key)}` stands here more than once; keep one."


def unknown_word(word: str, words: Sequence[str], at: Path, out: Findings) -> Literal[False]:
    guess = closest(word, words)
    hint = f" Did you mean `{guess}`?" if guess else ""
    if guess is not None and guess.lower() == word.lower():
        hint = f" Write `{guess}`: upper and lower case count."
    return out.parse_error(
        "shape.choice",
        at,
        f"{label(at)} must be one of {listed(words)}, not `{shorten(word)}`.{hint}",
    )

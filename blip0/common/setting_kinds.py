"""Types of system settings: how a value stands in JSON and on a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from blip0.common.exceptions import InvalidField

T_co = TypeVar("T_co", covariant=True)


class Kind(Protocol[T_co]):
    """One type. Both methods raise `InvalidField` with the rule."""

    def read(self, value: object) -> T_co:
        """The typed value of what JSON holds."""

    def parse(self, words: Sequence[str]) -> object:
        """The JSON value that these words stand for."""


@dataclass(frozen=True)
class Switch:
    """On or off."""

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise InvalidField("must be true or false.")
        return value

    def parse(self, words: Sequence[str]) -> object:
        word = _one(words)
        return {"true": True, "false": False}.get(word, word)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def read(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidField(f"must be a whole number from {self.least} to {self.most}.")
        if not self.least <= value <= self.most:
            raise InvalidField(f"is {value}; must be from {self.least} to {self.most}.")
        return value

    def parse(self, words: Sequence[str]) -> object:
        word = _one(words)
        return int(word) if re.fullmatch("-?[0-9]{1,18}", word) else word


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text of at most `longest` characters; empty is allowed."""

    longest: int

    def read(self, value: object) -> str:
        return _text(value, self.longest)

    def parse(self, words: Sequence[str]) -> object:
        return _one(words)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A list of at most `most` texts, each of at most `longest` characters."""

    most: int
    longest: int

    def read(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise InvalidField("must be a list of texts.")
        if len(value) > self.most:
            raise InvalidField(f"has {len(value)} entries; {self.most} are allowed.")
        return tuple(_text(item, self.longest) for item in value)

    def parse(self, words: Sequence[str]) -> object:
        return list(words)


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidField("must be a text.")
    if len(value) > longest:
        raise InvalidField(f"has {len(value)} characters; {longest} are allowed.")
    if "\0" in value:
        raise InvalidField("holds the character U+0000; remove it.")
    return value


def _one(words: Sequence[str]) -> str:
    if len(words) != 1:
        raise InvalidField(f"takes one value; {len(words)} were given.")
    return words[0]

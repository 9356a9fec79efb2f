"""Shapes of values that are one of several variants, told apart by a key or a tag."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.strict_json import repeated_keys
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import (
    Shape,
    Struct,
    listed,
    refuse,
    repeated_message,
    unknown_word,
)


class OneKey:
    """An object with exactly one key that says which variant its value is.

    Where `words` are given, one of these as text will do instead.
    """

    def __init__(
        self, noun: str, variants: Mapping[str, Shape], words: tuple[str, ...] = ()
    ) -> None:
        self.noun = noun
        self._variants = dict(variants)
        self._words = words

    def add(self, variants: Mapping[str, Shape]) -> None:
        """Add variants that refer to this very shape; only while a module is built."""
        self._variants.update(variants)

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if isinstance(value, str) and self._words:
            return value in self._words or unknown_word(
                value, (*self._words, *self._variants), at, out
            )
        if not isinstance(value, dict):
            return refuse(self.noun, value, at, out)
        if len(value) != 1 or repeated_keys(value):
            return out.parse_error(
                "shape.one_key",
                at,
                f"{label(at)} must have exactly one key, one of {listed(self._variants)}.",
            )
        [(key, content)] = value.items()
        if key in self._words and content is None:
            out.policy("shape.spelling", at, f'Write {label(at)} as the text "{key}".')
            return True
        if key not in self._variants:
            return unknown_word(key, tuple(self._variants), (at, key), out)
        return self._variants[key].check(content, (at, key), out)


class Tagged:
    """An object whose member `tag` says which variant it is. Variants ignore unknown keys.

    `buffered`: the runtime reads it while it tries one form after the other, and there it takes a
    variant's number, counted from 0, for its name.
    """

    def __init__(
        self, noun: str, tag: str, variants: Mapping[str, Struct], *, buffered: bool = False
    ) -> None:
        self.noun = noun
        self._tag = tag
        self._variants = dict(variants)
        self._buffered = buffered

    def word(self, value: object) -> str | None:
        """The name of the variant that `value`, which this shape accepts, is of."""
        members = value if isinstance(value, dict) else {}
        tag = value[0] if isinstance(value, list) and value else members.get(self._tag)
        if self._buffered and type(tag) is int and 0 <= tag < len(self._variants):
            return list(self._variants)[tag]
        return tag if isinstance(tag, str) else None

    def check(self, value: object, at: Path, out: Findings) -> bool:
        word = self.word(value)
        if isinstance(value, list):
            variant = self._variants.get(word) if word is not None else None
            if variant is not None and variant.positional:
                return variant.check_positions(value, at, out, first=1)
        if not isinstance(value, dict):
            return refuse(self.noun, value, at, out)
        if self._tag not in value:
            return out.parse_error(
                "shape.missing",
                at,
                f"The field `{self._tag}` is missing; it must be one of {listed(self._variants)}.",
            )
        place: Path = (at, self._tag)
        if self._tag in repeated_keys(value):
            return out.parse_error("json.repeated_key", place, repeated_message(self._tag))
        if word is None:
            return refuse(f"one of {listed(self._variants)}", value[self._tag], place, out)
        if word not in self._variants:
            return unknown_word(word, tuple(self._variants), place, out)
        if word != value[self._tag]:
            out.policy("shape.spelling", place, f'Write {label(place)} as the text "{word}".')
        return self._variants[word].check(value, at, out)

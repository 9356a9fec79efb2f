"""JSON inside values: read as the runtime reads it, walked, compared and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from blip0.common.strict_json import MAX_DEPTH, NotStrictJSON, loads

_EXPONENT = re.compile(r"e([+-][0-9]+)\Z")
_BARE_MEMBER = re.compile(r"(?P<before>[{,] *)(?P<key>\w+)|: *(?P<value>[^,}]*)")
_NUMBER_OF_RUST = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)",
    re.IGNORECASE,
)


class NoSuchPlace(LookupError):
    """A path leads nowhere. The message is a sentence."""


def read_json(text: str) -> object:
    """The value of `text`, nested no deeper than the runtime follows.

    Raises `NotStrictJSON`. Integers beyond 64 bits become floats, and of a repeated key the last
    value counts.
    """
    value = loads(text)
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_depth(value)
    return value


def _refuse_depth(value: object) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise NotStrictJSON("json.depth", f"This is nested deeper than {MAX_DEPTH} levels.")


class JsonTexts:
    """Parses each text once: many conditions look into the same value."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[object] | None] = {}
        self._maps: dict[str, str] = {}

    def read(self, text: str) -> object:
        """As `read_json`. Raises `NotStrictJSON`."""
        if text not in self._values:
            try:
                self._values[text] = (read_json(text),)
            except NotStrictJSON:
                self._values[text] = None
        found = self._values[text]
        if found is None:
            raise NotStrictJSON("json.syntax", "This is not JSON.")
        return found[0]

    def has(self, text: str) -> bool:
        """Whether `text` is JSON."""
        try:
            self.read(text)
        except NotStrictJSON:
            return False
        return True

    def read_list(self, text: str) -> list[object] | None:
        """The list that `text` holds; None if it holds none."""
        value = self.read(text) if self.has(text) else None
        return value if isinstance(value, list) else None

    def quoted_map(self, text: str) -> str:
        """`{a:b}`, as Stellar's maps are rendered, as JSON; what is JSON already stays."""
        if text not in self._maps:
            self._maps[text] = text if self.has(text) else _BARE_MEMBER.sub(_quoted, text)
        return self._maps[text]


def _quoted(match: re.Match[str]) -> str:
    if match["key"] is not None:
        return f'{match["before"]}"{match["key"]}"'
    value = match["value"].strip()
    is_plain = (
        value.startswith('"')
        or value in {"true", "false", "null"}
        or _NUMBER_OF_RUST.fullmatch(value) is not None
    )
    return f":{value}" if is_plain else f':"{value}"'


def walk(value: object, name: str, path: Iterable[int | str]) -> object:
    """What `path` leads to from `value`, the content of the variable `name`.

    Raises `NoSuchPlace`.
    """
    place = name
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list):
                raise NoSuchPlace(f"`{place}` is {noun(value)}, so `[{step}]` leads nowhere.")
            if step >= len(value):
                raise NoSuchPlace(
                    f"`{place}` has {len(value)} elements, counted from 0, so there is no [{step}]."
                )
            value, place = value[step], f"{place}[{step}]"
        else:
            if not isinstance(value, dict):
                raise NoSuchPlace(f"`{place}` is {noun(value)}, so `.{step}` leads nowhere.")
            if step not in value:
                raise NoSuchPlace(f"`{place}` has no member `{step}`.")
            value, place = value[step], f"{place}.{step}"
    return value


def noun(value: object) -> str:
    """What a JSON value is, for a sentence."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
    return "an object"


def same(left: object, right: object) -> bool:
    """Deep equality. `1`, `1.0` and `true` are three different values, as in the runtime."""
    if type(left) is not type(right) and not (isinstance(left, dict) and isinstance(right, dict)):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def text_of(value: object) -> str:
    """A value at the end of a path, as the text that the runtime goes on with."""
    return value if isinstance(value, str) else written(value)


def written(value: object) -> str:
    """JSON without blanks. [inferred] Members stand in the order of their keys."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return float_text(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{','.join(map(written, value))}]"
        case dict():
            members = (f"{written(key)}:{written(value[key])}" for key in sorted(value))
            return f"{{{','.join(members)}}}"
    raise TypeError(type(value))


def float_text(number: float) -> str:
    """[inferred] The shortest text that reads back, as the runtime's JSON library writes it."""
    text = repr(number)
    exponent = _EXPONENT.search(text)
    if exponent is None:
        return text
    if int(exponent[1]) == -5:
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        return f"{sign}0.0000{digits.partition('e')[0].replace('.', '')}"
    return f"{text[: exponent.start()]}e{int(exponent[1])}"

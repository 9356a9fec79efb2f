"""Reading the JSON files of a configuration, and the slugs that their names become."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blip0.common.slugs import OBJECT_SLUG, slug_from
from blip0.common.strict_json import NotStrictJSON, loads, repeated_keys
from blip0.common.validation.scan import MAX_TEXT
from monitors.openzeppelin.report import Note
from monitors.openzeppelin.sources import SourceFile

MAX_SLUG = 63


class BadFile(Exception):
    """A file, or a part of it, can't be used at all."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.message)
        self.note = note


def error(code: str, pointer: str, message: str) -> Note:
    return Note("error", code, pointer, message)


def altered(code: str, pointer: str, message: str) -> Note:
    return Note("changed", code, pointer, message)


def json_object(file: SourceFile) -> dict[str, object]:
    """The object in a file. Raises `BadFile`. Repeated keys inside are left for the caller."""
    text = file_text(file)
    if len(text) > MAX_TEXT:
        raise BadFile(error("limits.text", "", f"The file has more than {MAX_TEXT} characters."))
    try:
        value = loads(text)
    except NotStrictJSON as problem:
        raise BadFile(error(problem.code, "", problem.message)) from problem
    if not isinstance(value, dict):
        raise BadFile(error("shape.type", "", "The file must hold an object: { … }."))
    return value


def file_text(file: SourceFile) -> str:
    """The file as text. Raises `BadFile`."""
    if file.problem:
        raise BadFile(error("file.unreadable", "", file.problem))
    try:
        return file.content.decode()
    except UnicodeDecodeError as problem:
        message = f"The file is not UTF-8 (byte {problem.start}); save it as UTF-8."
        raise BadFile(error("file.encoding", "", message)) from problem


def repeated(value: object, pointer: str = "") -> list[Note]:
    """An error for each key that stands twice in one object, anywhere in `value`.

    Which of the two counts differs from reader to reader, so neither does.
    """
    notes: list[Note] = []
    stack = [(value, pointer)]
    while stack:
        item, at = stack.pop()
        if isinstance(item, dict):
            notes.extend(repeated_note(f"{at}/{escaped(key)}") for key in repeated_keys(item))
            stack.extend((entry, f"{at}/{escaped(key)}") for key, entry in item.items())
        elif isinstance(item, list):
            stack.extend((entry, f"{at}/{index}") for index, entry in enumerate(item))
    return sorted(notes, key=lambda note: note.pointer)


def repeated_note(pointer: str) -> Note:
    return error("json.repeated_key", pointer, "This key stands here more than once; keep one.")


def escaped(key: str) -> str:
    """A key as part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def slugs_for(keys: Iterable[str], fallback: str) -> dict[str, str]:
    """A slug for each key, the same at each import: keys that are slugs keep them."""
    ordered = list(dict.fromkeys(keys))
    slugs = {key: key for key in ordered if re.fullmatch(OBJECT_SLUG, key)}
    taken = set(slugs)
    for key in ordered:
        if key not in slugs:
            slugs[key] = _free(slug_from(key, fallback), taken)
            taken.add(slugs[key])
    return slugs


def renamed(key: str, slug: str, pointer: str) -> list[Note]:
    """What to say where a key could not be kept as the slug."""
    if key == slug:
        return []
    return [altered("slug.normalised", pointer, f"Its slug here is `{slug}`.")]


def _free(base: str, taken: set[str]) -> str:
    slug, number = base, 1
    while slug in taken:
        number += 1
        tail = f"-{number}"
        slug = base[: MAX_SLUG - len(tail)] + tail
    return slug

"""`blip0.json`: what OpenZeppelin Monitor's files can't hold, kept beside them.

Written by an export and read by an import. It holds no secret: a webhook header that is one is
named by its variable. A file of somebody else's making is read as carefully as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from blip0.common.validation.findings import Findings
from blip0.common.validation.secrets import Secret
from blip0.common.validation.shapes import (
    Anything,
    Flag,
    Integer,
    MapOf,
    Struct,
    Text,
    defaulted,
)
from monitors.openzeppelin.documents import BadFile, error, json_object, repeated
from monitors.openzeppelin.report import Note
from monitors.openzeppelin.sources import SourceFile

VERSION: Final = 1

_SNOOZE = Struct("a snooze", {"until": Text(), "reason": defaulted(Text())}, positional=False)
_MONITOR = Struct(
    "the settings of a monitor",
    {
        "description": defaulted(Text()),
        "alerting": defaulted(Anything("alert preferences")),
        "snooze": defaulted(_SNOOZE),
    },
    positional=False,
)
_TRIGGER = Struct(
    "the settings of a trigger",
    {"enabled": defaulted(Flag()), "headers": defaulted(MapOf(Secret()))},
    positional=False,
)
_SIDECAR = Struct(
    "the settings",
    {
        "schema": Integer(VERSION),
        "monitors": defaulted(MapOf(_MONITOR)),
        "triggers": defaulted(MapOf(_TRIGGER)),
    },
    positional=False,
)


@dataclass(frozen=True)
class Sidecar:
    """The settings of monitors and triggers by slug, as an export found them."""

    monitors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    triggers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"schema": VERSION, "monitors": self.monitors, "triggers": self.triggers}


class BadSidecar(Exception):
    def __init__(self, notes: list[Note]) -> None:
        super().__init__("; ".join(note.message for note in notes))
        self.notes = notes


def read_sidecar(file: SourceFile) -> Sidecar:
    """Raises `BadSidecar`."""
    try:
        value: Any = json_object(file)
    except BadFile as problem:
        raise BadSidecar([problem.note]) from problem
    notes = repeated(value)
    out = Findings()
    _SIDECAR.check(value, None, out)
    notes += [Note.of(finding) for finding in out.report("sidecar").errors]
    if not notes and value["schema"] != VERSION:
        notes.append(error("sidecar.schema", "/schema", f"Only version {VERSION} is known."))
    if not notes:
        notes += _bad_times(value.get("monitors", {}))
    if notes:
        raise BadSidecar(notes)
    return Sidecar(value.get("monitors", {}), value.get("triggers", {}))


def snooze_end(settings: Mapping[str, Any]) -> datetime | None:
    """When the snooze of a monitor's settings ends; None without one."""
    return _time(settings["snooze"]["until"]) if "snooze" in settings else None


def _bad_times(monitors: Mapping[str, Mapping[str, Any]]) -> list[Note]:
    return [
        error(
            "sidecar.time",
            f"/monitors/{slug}/snooze/until",
            "`until` must be a time with its zone, such as 2030-01-31T12:00:00+00:00.",
        )
        for slug, settings in monitors.items()
        if "snooze" in settings and snooze_end(settings) is None
    ]


def _time(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None

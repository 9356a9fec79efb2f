"""What the steps of one import share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from blip0.common.actors import Actor
from blip0.common.exceptions import DomainError
from blip0.common.validation import InvalidDocument
from monitors.openzeppelin.catalogue import Networks, Scripts
from monitors.openzeppelin.report import Entry, ImportReport, Note
from monitors.openzeppelin.sidecar import Sidecar
from tenants.models import Tenant


class Stopped(Exception):
    """A strict import met its first refusal."""


@dataclass(kw_only=True)
class Run:
    """One import: what it was given, what it has met, and its report.

    `trigger_slugs` maps the files' keys of triggers to slugs, `refused_triggers` are keys.
    """

    tenant: Tenant
    actor: Actor
    variables: Mapping[str, str]
    now: datetime
    report: ImportReport
    networks: Networks
    scripts: Scripts
    sidecar: Sidecar = field(default_factory=Sidecar)
    trigger_slugs: dict[str, str] = field(default_factory=dict)
    refused_triggers: set[str] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        """Raises `Stopped` for the first refusal of a strict import."""
        self.report.entries.append(entry)
        if self.report.strict and entry.status == "refused":
            raise Stopped


def refusal_notes(refusal: DomainError | InvalidDocument, *, under: str = "") -> list[Note]:
    """What a service refused, with pointers into the part of the file at `under`."""
    if isinstance(refusal, InvalidDocument):
        return [Note.of(finding, under=under) for finding in refusal.findings]
    # The slug comes from the file's name or key: nothing in the document is to blame.
    pointer = "" if refusal.pointer == "/slug" else refusal.pointer
    return [Note("error", refusal.code, under + pointer, refusal.message)]


def updated_note(slug: str, keys: list[str], pointer: str = "") -> Note:
    """What an import changed in something that was there already."""
    what = ", ".join(f"`{key}`" for key in keys) or "a secret"
    return Note("changed", "import.updated", pointer, f"`{slug}` was there; changed {what}.")

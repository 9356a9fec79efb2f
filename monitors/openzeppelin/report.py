"""What an import or export has to say: an entry a file (and a trigger in it), with notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from blip0.common.validation import Finding

Level: TypeAlias = Literal["error", "changed", "warning", "info"]
Kind: TypeAlias = Literal["network", "filter", "trigger", "monitor", "settings", "other"]
Status: TypeAlias = Literal["imported", "changed", "unchanged", "mapped", "ignored", "refused"]

STATUSES: tuple[Status, ...] = ("imported", "changed", "unchanged", "mapped", "ignored", "refused")

_IGNORED_BY_RUNTIME = "shape.ignored"


@dataclass(frozen=True, slots=True)
class Note:
    """One remark. `pointer` is a JSON pointer into the file. No secret is ever in `message`.

    The level `changed` says that something was carried over in another form than the file's.
    """

    level: Level
    code: str
    pointer: str
    message: str

    @classmethod
    def of(cls, finding: Finding, *, under: str = "") -> Note:
        """A validation finding about the part of the file at `under`."""
        # What the runtime ignores is not stored: the import loses it, and says so.
        level: Level = "changed" if finding.code == _IGNORED_BY_RUNTIME else finding.level
        return cls(level, finding.code, under + finding.pointer, finding.message)


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a file, or of one trigger (`key`) of a trigger file. `slug` is its own here.

    `imported` is as the file has it; `changed` is imported or updated, and the notes say how;
    `unchanged` was there already; `mapped` is the catalogue's, which an import never writes, and
    the notes say how the file differs; `ignored` is not needed; `refused` was left out.
    """

    kind: Kind
    path: str
    status: Status
    key: str = ""
    slug: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.path}#{self.key}" if self.key else self.path


@dataclass
class ImportReport:
    """The whole import. `saved` is False after a dry run, and where `strict` stopped it."""

    tenant: str
    dry_run: bool
    strict: bool
    saved: bool = False
    entries: list[Entry] = field(default_factory=list)

    @property
    def refused(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.status == "refused"]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES}

    def as_json(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "dry_run": self.dry_run,
            "strict": self.strict,
            "saved": self.saved,
            "counts": self.counts,
            "entries": [asdict(entry) for entry in self.entries],
        }

    def lines(self) -> Iterator[str]:
        """The report for a person."""
        for entry in self.entries:
            renamed = f" as {entry.slug}" if entry.slug and entry.slug != entry.key else ""
            yield f"{entry.status:<9}  {entry.title}{renamed}"
            yield from note_lines(entry.notes)
        yield ""
        yield ", ".join(f"{count} {status}" for status, count in self.counts.items())
        if self.strict and self.refused:
            yield "Nothing was saved: --strict stops at the first refusal."
        elif not self.saved:
            yield "Nothing was saved: this was a dry run."


def note_lines(notes: Iterable[Note]) -> Iterator[str]:
    for note in notes:
        yield f"             {note.level}: {note.pointer or '/'}: {note.message} [{note.code}]"


def status_of(notes: Iterable[Note]) -> Status:
    """The status of something that was created, after its notes."""
    return "changed" if any(note.level == "changed" for note in notes) else "imported"

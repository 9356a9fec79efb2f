"""Where findings of saved monitors and triggers are kept.

No version trigger is on their table: what we think of an object never moves its document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from blip0.common.validation import Finding
from blip0.common.validation.stored import Subject
from monitors.models import Finding as FindingRow

MAX_POINTER: Final = 300
_ROWS: Final = """
SELECT id, subject_id, level, code, pointer, message, source FROM monitors_finding
WHERE subject = %s AND subject_id = ANY(%s)
"""
_LEVELS: Final = {"error": 0, "warning": 1, "info": 2}


class StoredFindings:
    """The platform's one `FindingStore`. All of it runs inside a tenant."""

    def replace(self, subject: Subject, findings: Mapping[UUID, Sequence[Finding]]) -> int:
        """See `FindingStore`. A finding that is still true keeps its row, and so its age."""
        wanted = {pk: _fitting(listed) for pk, listed in findings.items()}
        differing = _differing(subject, wanted)
        if not differing:
            return 0
        with transaction.atomic():
            _lock(differing)
            # Somebody may have been faster: look again, now that nobody else writes these.
            differing = _differing(subject, differing)
            rows = _rows(subject, differing)
            surplus = [row for row, pk, finding in rows if finding not in differing[pk]]
            kept = {(pk, finding) for _, pk, finding in rows if finding in differing[pk]}
            FindingRow.objects.filter(pk__in=surplus).delete()
            FindingRow.objects.bulk_create(
                _row(subject, pk, finding)
                for pk, listed in differing.items()
                for finding in listed
                if (pk, finding) not in kept
            )
        return len(differing)

    def read(self, subject: Subject, ids: Collection[UUID]) -> dict[UUID, tuple[Finding, ...]]:
        """See `FindingStore`. Errors come first, then places in their order."""
        found: dict[UUID, list[Finding]] = {pk: [] for pk in ids}
        for _, pk, finding in _rows(subject, ids):
            found[pk].append(finding)
        return {pk: _sorted(listed) for pk, listed in found.items()}


def _differing(
    subject: Subject, wanted: Mapping[UUID, tuple[Finding, ...]]
) -> dict[UUID, tuple[Finding, ...]]:
    stored = StoredFindings().read(subject, wanted)
    return {pk: listed for pk, listed in wanted.items() if stored[pk] != listed}


def _lock(ids: Collection[UUID]) -> None:
    """Nobody else replaces the findings of these before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('finding ' || id, 0)) "
            "FROM unnest(%s::text[]) AS id",
            [sorted(map(str, ids))],
        )


def _rows(subject: Subject, ids: Collection[UUID]) -> list[tuple[int, UUID, Finding]]:
    """Id of the row, id of the object, and what was found. Plain SQL: every save asks for it."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [subject, list(ids)])
        return [
            (row, pk, _staged(Finding(level, code, place, message, source, "policy")))
            for row, pk, level, code, place, message, source in cursor.fetchall()
        ]


def _row(subject: Subject, pk: UUID, finding: Finding) -> FindingRow:
    return FindingRow(
        subject=subject,
        subject_id=pk,
        level=finding.level,
        code=finding.code,
        pointer=finding.pointer,
        message=finding.message,
        source=finding.source,
    )


def _fitting(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """As the table holds them: each once, in order, with a pointer of bounded length."""
    fitting = (
        replace(
            _staged(finding),
            pointer=_place(finding.pointer.replace("\0", "�")),
            message=finding.message.replace("\0", "�"),
        )
        for finding in findings
    )
    return _sorted(fitting)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            set(findings),
            key=lambda found: (_LEVELS[found.level], found.pointer, found.code, found.message),
        )
    )


def _staged(finding: Finding) -> Finding:
    """The stage isn't kept: what is stored has been parsed."""
    return replace(finding, stage="validate" if finding.source == "runtime" else "policy")


def _place(pointer: str) -> str:
    """The pointer, or that of the nearest place around it that fits into the column."""
    while len(pointer) > MAX_POINTER:
        pointer = pointer.rpartition("/")[0]
    return pointer

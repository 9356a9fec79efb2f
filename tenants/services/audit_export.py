"""The audit log as a file: streamed, bounded, and itself on record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet

from blip0.common.actors import Actor
from blip0.common.tenancy import in_public
from tenants.choices import ExportFormat
from tenants.models import AuditRecord
from tenants.services.audit import audit_record

MAX_RECORDS: Final = 100_000
"""Of an export from the back office; a command may go on."""
AT_ONCE: Final = 2_000
COLUMNS: Final = (
    "id", "created_at", "tenant_id", "actor_kind", "actor_id", "actor_name", "action",
    "object_kind", "object_id", "object_name", "reason", "request_id", "before", "after",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With what a spreadsheet takes a cell for a formula."""


def audit_export(
    *,
    records: QuerySet[AuditRecord],
    form: ExportFormat,
    filters: Mapping[str, str],
    actor: Actor,
    at_most: int | None = MAX_RECORDS,
) -> Iterator[bytes]:
    """The newest `at_most` of `records`, the newest first, in pieces of a file.

    That it was asked for is recorded at once, with `filters` in words. The pieces are read as they
    are taken, some thousand rows each. Where there is more, the last line says so.
    """
    own = audit_record(
        action="audit_log.exported",
        actor=actor,
        object_kind="audit_log",
        object_id="platform",
        after={"format": form.value, "filters": dict(filters), "at_most": at_most},
    )
    return _pieces(records.filter(pk__lt=own.pk), form, at_most)


def _pieces(
    records: QuerySet[AuditRecord], form: ExportFormat, at_most: int | None
) -> Iterator[bytes]:
    write = _csv if form == ExportFormat.CSV else _json_lines
    if form == ExportFormat.CSV:
        yield _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    written, older_than = 0, None
    while at_most is None or written < at_most:
        size = AT_ONCE if at_most is None else min(AT_ONCE, at_most - written)
        rows = _page(records, older_than, size)
        if rows:
            yield write(rows)
            written, older_than = written + len(rows), rows[-1]["id"]
        if len(rows) < size:
            return
    if _page(records, older_than, 1):
        told = f"Cut after {written} records; go on with those older than id {older_than}."
        yield f"# {told}\n".encode() if form == ExportFormat.CSV else _json_lines([{"cut": told}])


def _page(records: QuerySet[AuditRecord], older_than: int | None, size: int) -> list[Any]:
    older = records if older_than is None else records.filter(pk__lt=older_than)
    # A response is read after its request, where nothing else says which schema it is.
    with in_public():
        return list(older.order_by("-pk").values(*COLUMNS)[:size])


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    lines = (json.dumps(row, default=_plain, ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

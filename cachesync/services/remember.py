"""Keeping the table that people look at in step with Redis. It is never asked what Redis holds.

Redis and Postgres share no transaction, so a writer may die between them, and two writers may
reach the table in another order than Redis. Each therefore only continues where the table stands,
or brings the whole scope; what is left over, the sweep sees by `ProjectedScope`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connection, transaction

from cachesync.contracts import Change, Document, Snapshot, StoredScope, Version
from cachesync.keys import KIND_MONITOR, Scope
from cachesync.models import ProjectedScope

_COLUMNS: Mapping[str, str] = {
    "kind": "varchar",
    "object_id": "varchar",
    "name": "varchar",
    "slug": "varchar",
    "state": "varchar",
    "reason": "varchar",
    "networks": "varchar[]",
    "scripts": "varchar[]",
    "addresses": "varchar[]",
    "rev": "bigint",
    "sha256": "varchar",
    "size": "integer",
}
"""Columns of `ProjectedDocument` that are told, with their types."""


def _listed(form: str) -> str:
    return ", ".join(form.format(name) for name in _COLUMNS)


# A request doesn't wait for another writer, nor for the disk: after a crash of Postgres the row
# tells of less than Redis holds, and the sweep has all of it written again.
_CLAIM = """
SET LOCAL synchronous_commit = off;
SELECT epoch, rev FROM cachesync_projectedscope WHERE scope = %s FOR UPDATE SKIP LOCKED
"""
_GIVEN = f"""
SELECT * FROM json_to_recordset(%(rows)s::json)
AS given ({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
"""
_INSERT = f"""
INSERT INTO cachesync_projecteddocument (scope, updated_at, {_listed("{0}")})
SELECT %(scope)s, now(), {_listed("given.{0}")}
"""
_ON_CONFLICT = f"""
ON CONFLICT (scope, kind, object_id)
DO UPDATE SET updated_at = now(), {_listed("{0} = excluded.{0}")}
"""
# For whoever holds the claim. Rows that are as they should be are left alone: each written one is
# eight index entries.
_TELL = f"""
WITH given AS ({_GIVEN}), gone AS (
    DELETE FROM cachesync_projecteddocument AS held
    WHERE held.scope = %(scope)s AND (
        %(complete)s AND NOT EXISTS (
            SELECT FROM given
            WHERE given.kind = held.kind AND given.object_id = held.object_id
        ) OR held.kind = '{KIND_MONITOR}' AND held.object_id = ANY(%(gone)s)
    )
), told AS (
    UPDATE cachesync_projectedscope SET epoch = %(epoch)s, rev = %(rev)s WHERE scope = %(scope)s
)
{_INSERT}
FROM given LEFT JOIN cachesync_projecteddocument AS held
    ON held.scope = %(scope)s AND held.kind = given.kind AND held.object_id = given.object_id
WHERE ({_listed("given.{0}")}) IS DISTINCT FROM ({_listed("held.{0}")})
{_ON_CONFLICT}
"""
# The usual case of a request in one statement: some documents more, and none that goes. Nothing
# here compares with rows of the statement's snapshot, in which a writer who has just committed
# may be missing: the lock and the conflict both see the newest ones.
_CONTINUE = f"""
SET LOCAL synchronous_commit = off;
WITH told AS (
    UPDATE cachesync_projectedscope SET epoch = %(epoch)s, rev = %(rev)s
    WHERE scope = (
        SELECT scope FROM cachesync_projectedscope
        WHERE scope = %(scope)s AND epoch = %(held_epoch)s AND rev = %(held_rev)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING scope
), given AS ({_GIVEN})
{_INSERT} FROM told, given
{_ON_CONFLICT}
"""


def remember(
    snapshot: Snapshot, stored: StoredScope, change: Change | None, last_good: Mapping[str, str]
) -> None:
    """Write down what `change` made of `stored`, the state of Redis before it.

    Does nothing where another writer is at it, or where rows in between would be left out.
    """
    hashes = change.hashes if change else {}
    rows = [
        _row(snapshot, stored, field, document, hashes.get(field, ""), last_good.get(field))
        for documents in (snapshot.documents, snapshot.unrendered)
        for field, document in documents.items()
    ]
    values: dict[str, Any] = {
        "scope": snapshot.scope.id,
        "epoch": snapshot.version.epoch,
        "rev": snapshot.version.rev,
        "rows": orjson.dumps(rows).decode(),
    }
    held, gone = stored.version, sorted(snapshot.withdrawn - set(snapshot.unrendered))
    if not (snapshot.complete or gone or held is None):
        with connection.cursor() as cursor:
            cursor.execute(_CONTINUE, {**values, "held_epoch": held.epoch, "held_rev": held.rev})
        return
    # Two statements: the second must see what whoever held the claim before has written.
    with transaction.atomic():
        told = _claim(snapshot.scope)
        if told is not None and _continues(told, snapshot, held):
            with connection.cursor() as cursor:
                cursor.execute(_TELL, {**values, "complete": snapshot.complete, "gone": gone})


def _continues(told: tuple[int, int], snapshot: Snapshot, held: Version | None) -> bool:
    """Whether the table, told up to that epoch and version, has nothing to miss in between."""
    if snapshot.complete:
        return told <= (snapshot.version.epoch, snapshot.version.rev)
    return held is not None and told == (held.epoch, held.rev)


def _claim(scope: Scope) -> tuple[int, int] | None:
    """Epoch and version that are told, the row locked; None where somebody else has it."""
    if (told := _locked(scope)) is None:
        ProjectedScope.objects.bulk_create([ProjectedScope(pk=scope.id)], ignore_conflicts=True)
        told = _locked(scope)
    return told


def _locked(scope: Scope) -> tuple[int, int] | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [scope.id])
        cursor.nextset()
        row: tuple[int, int] | None = cursor.fetchone()
        return row


def _row(
    snapshot: Snapshot,
    stored: StoredScope,
    field: str,
    document: Document,
    written: str,
    last_good: str | None,
) -> dict[str, object]:
    rev, _, sha256 = stored.index.get(field, "").partition(":")
    networks, scripts = document.networks, document.scripts
    if last_good is not None:
        # What readers have still names these: their keys must stay.
        networks, scripts = _named(json.loads(last_good)["monitor"])
    return {
        "kind": document.kind,
        "object_id": document.object_id,
        "name": document.name,
        "slug": document.slug,
        "state": document.state,
        "reason": document.reason[:500],
        "networks": networks,
        "scripts": scripts,
        "addresses": document.addresses,
        "rev": snapshot.version.rev if written else int(rev or snapshot.version.rev),
        "sha256": written or sha256,
        "size": len(document.body or (last_good or "").encode()),
    }


def _named(monitor: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The networks and scripts in a stored document of a monitor."""
    scripts = (
        condition["script_path"].removeprefix("filters/").rpartition(".")[0]
        for condition in monitor["trigger_conditions"]
    )
    return tuple(monitor["networks"]), tuple(sorted(set(scripts)))

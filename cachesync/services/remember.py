"""Keeping the table that people look at in step with Redis. It is never asked what Redis holds.

Redis and Postgres share no transaction, so a writer may die between them, and two writers may
reach the table in another order than Redis. Each therefore only continues where the table stands,
or brings the whole scope; what is left over, the sweep sees by `ProjectedScope`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from cachesync.contracts import Change, Document, Snapshot, StoredScope
from cachesync.keys import KIND_MONITOR, Scope
from cachesync.models import ProjectedDocument, ProjectedScope

_FIELDS = [
    "name", "slug", "state", "reason", "networks", "scripts", "addresses", "rev", "sha256", "size",
    "updated_at",
]  # fmt: skip


@transaction.atomic
def remember(
    snapshot: Snapshot, stored: StoredScope, change: Change | None, last_good: Mapping[str, str]
) -> None:
    """Write down what `change` made of `stored`, the state of Redis before it.

    Does nothing where another writer is at it, or where rows in between would be left out.
    """
    scope, version = snapshot.scope, snapshot.version
    told = _claim(scope)
    if told is None:
        return
    if snapshot.complete:
        if (told.epoch, told.rev) > (version.epoch, version.rev):
            return
    elif stored.version is None or (told.epoch, told.rev) != (
        stored.version.epoch,
        stored.version.rev,
    ):
        return
    hashes = change.hashes if change else {}
    rows = [
        _row(snapshot, stored, field, document, hashes.get(field, ""), last_good.get(field))
        for documents in (snapshot.documents, snapshot.unrendered)
        for field, document in documents.items()
    ]
    ProjectedDocument.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["scope", "kind", "object_id"],
        update_fields=_FIELDS,
    )
    _forget(snapshot, {(row.kind, row.object_id) for row in rows})
    told.epoch, told.rev = version.epoch, version.rev
    told.save(update_fields=["epoch", "rev"])


def _claim(scope: Scope) -> ProjectedScope | None:
    """The scope's row, locked; None where somebody else has it: a request doesn't wait for it."""
    rows = ProjectedScope.objects.select_for_update(skip_locked=True).filter(pk=scope.id)
    if (row := rows.first()) is None:
        ProjectedScope.objects.bulk_create([ProjectedScope(pk=scope.id)], ignore_conflicts=True)
        row = rows.first()
    return row


def _forget(snapshot: Snapshot, kept: set[tuple[str, str]]) -> None:
    """Delete the rows of what is no more."""
    known = ProjectedDocument.objects.filter(scope=snapshot.scope.id)
    if snapshot.complete:
        gone = [
            pk
            for pk, kind, object_id in known.values_list("pk", "kind", "object_id")
            if (kind, object_id) not in kept
        ]
        known = known.filter(pk__in=gone)
    else:
        gone_ids = snapshot.withdrawn - set(snapshot.unrendered)
        known = known.filter(kind=KIND_MONITOR, object_id__in=gone_ids)
    known.delete()


def _row(
    snapshot: Snapshot,
    stored: StoredScope,
    field: str,
    document: Document,
    written: str,
    last_good: str | None,
) -> ProjectedDocument:
    rev, _, sha256 = stored.index.get(field, "").partition(":")
    networks, scripts = document.networks, document.scripts
    if last_good is not None:
        # What readers have still names these: their keys must stay.
        networks, scripts = _named(json.loads(last_good)["monitor"])
    return ProjectedDocument(
        scope=snapshot.scope.id,
        kind=document.kind,
        object_id=document.object_id,
        name=document.name,
        slug=document.slug,
        state=document.state,
        reason=document.reason[:500],
        networks=list(networks),
        scripts=list(scripts),
        addresses=list(document.addresses),
        rev=snapshot.version.rev if written else int(rev or snapshot.version.rev),
        sha256=written or sha256,
        size=len(document.body or last_good or b""),
    )


def _named(monitor: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The networks and scripts in a stored document of a monitor."""
    scripts = (
        condition["script_path"].removeprefix("filters/").rpartition(".")[0]
        for condition in monitor["trigger_conditions"]
    )
    return tuple(monitor["networks"]), tuple(sorted(set(scripts)))

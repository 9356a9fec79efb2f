"""Rendering a scope: one snapshot of Postgres, the objects that changed, nothing else.

What to render comes from the change log between Redis' version and the snapshot's; where the log
doesn't cover that, from everything. The log is a hint about work, never about truth: what is
written is always what the snapshot holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from blip0.common.canonical import NotCanonical, canonical_bytes
from blip0.common.tenancy import in_public, in_tenant
from cachesync.contracts import Document, Snapshot, Version
from cachesync.keys import KIND_FILTER, KIND_MONITOR, KIND_NETWORK, PLATFORM, Scope
from cachesync.models import ProjectedDocument
from cachesync.selectors.rendering import ScopeState, scope_state
from cachesync.selectors.scopes import is_other_history
from monitors.contracts import MAX_DOCUMENT_BYTES
from monitors.models import Monitor
from monitors.projections import MonitorDocument, monitor_documents, monitor_ids_for
from platform_catalog.projections import (
    CatalogueDocument,
    filter_documents,
    network_documents,
)
from tenants.models import ConfigVersion
from tenants.models.versions import ALL_OBJECTS

State = ProjectedDocument.State


class OtherHistory(Exception):
    """Redis' version isn't one that this database went through."""


class ScopeUnknown(Exception):
    """Postgres has no version of this scope."""


class OverBudget(Exception):
    """More documents than the caller has time for."""


@dataclass(frozen=True)
class Patience:
    """How long a rendering may wait: for a statement, and for a lock (a migration's, say)."""

    statement_ms: int
    lock_ms: int
    documents: int | None = None
    """How many documents it may render at most; None: any number."""


PATIENT = Patience(statement_ms=20_000, lock_ms=2_000)
"""A sweep's: one tenant whose tables are locked mustn't keep the others waiting for long."""


@contextmanager
def snapshot(patience: Patience = PATIENT) -> Iterator[None]:
    """One view of Postgres for the whole block; nothing can be written in it."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                f"SET LOCAL statement_timeout = {patience.statement_ms}; "
                f"SET LOCAL lock_timeout = {patience.lock_ms}"
            )
        yield


def render(
    scope: Scope,
    *,
    since: Version | None,
    everything: bool = False,
    also: str | None = None,
    patience: Patience = PATIENT,
    release: frozenset[str] = frozenset(),
) -> Snapshot:
    """The scope's documents that changed after `since`; all of them without it, or on demand.

    `since` is what Redis holds; one of another epoch or renderer means everything. `also`: a
    field that is rendered though its document didn't change. `release`: fields of the platform
    that nobody names any more, withdrawn unless they are enabled again.
    Raises `ScopeUnknown`, `OtherHistory` where `since` is newer than Postgres or not of its
    history, and `OverBudget` where more documents than `patience` has would be rendered.
    """
    with _inside(scope, patience):
        state = _state(scope, since)
        changes = _changes(scope, since, state)
        if everything or release:
            changes = None
        if changes is not None and also is not None:
            kind, object_id = scope.resource(also)
            changes.setdefault(kind, set()).add(object_id)
        if scope.is_platform:
            return _render_platform(state, changes, release)
        return _render_tenant(scope, state, changes, patience.documents)


def render_one(scope: Scope, field: str) -> tuple[Version, Document | None]:
    """One document as Postgres gives it now, whatever Redis holds; None where there is no object.

    Raises `ScopeUnknown`.
    """
    kind, object_id = scope.resource(field)
    with _inside(scope, PATIENT):
        state = _state(scope, None)
        changes = {kind: {object_id}}
        if scope.is_platform:
            rendered = _render_platform(state, changes, frozenset())
        else:
            rendered = _render_tenant(scope, state, changes, None)
    return state.version, rendered.documents.get(field) or rendered.unrendered.get(field)


@contextmanager
def _inside(scope: Scope, patience: Patience) -> Iterator[None]:
    # A tenant's search path ends in public: in its own request nothing has to be switched.
    with in_public() if scope.is_platform else in_tenant(UUID(scope.id)), snapshot(patience):
        yield


def _state(scope: Scope, since: Version | None) -> ScopeState:
    state = scope_state(scope, since=None if since is None else since.rev)
    if state is None:
        raise ScopeUnknown(scope.id)
    return state


def _changes(scope: Scope, since: Version | None, state: ScopeState) -> dict[str, set[str]] | None:
    """Changed objects by kind, or None for everything."""
    version, log = state.version, state.log
    if since is None or since.epoch < version.epoch:
        return None
    if (since.epoch, since.rev) > (version.epoch, version.rev):
        raise OtherHistory("ahead")
    if since.rev == version.rev:
        if since.token != version.token:
            raise OtherHistory("diverged")
        return {} if since.render_version == version.render_version else None
    known = {token for number, token, _, _ in log if number == since.rev}
    if since.token not in known and (known or is_other_history(scope, since)):
        # The log tells; where it no longer reaches that far, what it told when it did.
        raise OtherHistory("diverged")
    covered = {number for number, _, _, _ in log} >= set(range(since.rev + 1, version.rev + 1))
    if not (known and covered) or since.render_version != version.render_version:
        return None
    changes: dict[str, set[str]] = {}
    for number, _, kind, object_id in log:
        if number == since.rev:
            continue
        if object_id == ALL_OBJECTS:
            return None
        changes.setdefault(kind, set()).add(object_id)
    return changes


def _render_platform(
    state: ScopeState, changes: dict[str, set[str]] | None, release: frozenset[str]
) -> Snapshot:
    """A disabled network is rendered too, and a deleted one just stays: `release` ends both."""
    documents: dict[str, Document] = {}
    for kind, render_kind in (
        (KIND_NETWORK, network_documents),
        (KIND_FILTER, filter_documents),
    ):
        wanted = None if changes is None else changes.get(kind, set())
        rendered = render_kind(wanted) if wanted is None or wanted else {}
        for key, item in rendered.items():
            documents[PLATFORM.field(kind, key)] = _catalogue_document(kind, item)
    withdrawn = {
        field for field in release if field not in documents or not documents[field].active
    }
    return Snapshot(
        scope=PLATFORM,
        version=state.version,
        status=state.status,
        documents={
            field: document for field, document in documents.items() if field not in withdrawn
        },
        withdrawn=frozenset(withdrawn),
        complete=changes is None,
        unrendered={field: document for field, document in documents.items() if field in withdrawn},
    )


def _catalogue_document(kind: str, item: CatalogueDocument) -> Document:
    return Document(
        kind=kind,
        object_id=item.key,
        name=item.name,
        slug=item.key,
        body=canonical_bytes(item.body),
        active=item.enabled,
        state=State.ACTIVE if item.enabled else State.INACTIVE,
        reason="" if item.enabled else "disabled",
    )


def _render_tenant(
    scope: Scope,
    state: ScopeState,
    changes: dict[str, set[str]] | None,
    budget: int | None,
) -> Snapshot:
    tenant = state.tenant
    if tenant is None or state.status == ConfigVersion.Status.DELETED:
        return Snapshot(
            scope, state.version, ConfigVersion.Status.DELETED, {}, frozenset(), complete=True
        )
    ids = None if changes is None else _monitor_ids(changes)
    if budget is not None:
        count = Monitor.objects.live().count() if ids is None else len(ids)
        if count > budget:
            raise OverBudget(f"{count} documents")
    rendered = monitor_documents(tenant, ids) if ids is None or ids else {}
    documents: dict[str, Document] = {}
    unrendered: dict[str, Document] = {}
    withdrawn = {str(item) for item in (ids or set()) - set(rendered)}
    for monitor_id, item in rendered.items():
        document = _monitor_document(item)
        if document.body is None and document.state != State.INVALID:
            withdrawn.add(str(monitor_id))
            unrendered[str(monitor_id)] = document
        else:
            documents[str(monitor_id)] = document
    return Snapshot(
        scope=scope,
        version=state.version,
        status=state.status,
        documents=documents,
        withdrawn=frozenset(withdrawn),
        complete=ids is None,
        unrendered=unrendered,
    )


def _monitor_ids(changes: dict[str, set[str]]) -> set[UUID]:
    ids = {UUID(item) for item in changes.get("monitor", set())}
    return ids | monitor_ids_for(
        triggers={UUID(item) for item in changes.get("trigger", set())},
        networks=changes.get("network", set()),
    )


_STATES = {"": State.ACTIVE, "paused": State.PAUSED, "snoozed": State.SNOOZED}


def _monitor_document(item: MonitorDocument) -> Document:
    body: bytes | None = None
    problem = item.invalid_because
    if item.body is not None:
        try:
            body = canonical_bytes(item.body)
        except NotCanonical as error:
            problem = f"not_canonical: {error}"
        if body is not None and len(body) > MAX_DOCUMENT_BYTES:
            problem, body = f"too_large: {len(body)} bytes, at most {MAX_DOCUMENT_BYTES}", None
    state = State.INVALID if problem else _STATES.get(item.inactive_because, State.INACTIVE)
    return Document(
        kind=KIND_MONITOR,
        object_id=str(item.id),
        name=item.name,
        slug=item.slug,
        body=body,
        active=not item.inactive_because,
        state=state,
        reason=problem or item.inactive_because,
        networks=item.networks,
        scripts=item.scripts,
        addresses=item.addresses,
        triggers=item.triggers,
        chain_configurations=item.chain_configurations,
    )

"""What must change in Redis so that it holds a snapshot: a pure comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from blip0.common.sealing import is_sealed
from cachesync.contracts import (
    Change,
    Difference,
    Document,
    Drift,
    Snapshot,
    StoredScope,
    digest_of,
)
from cachesync.keys import KIND_FILTER, KIND_NETWORK, PLATFORM


def difference(
    snapshot: Snapshot, stored: StoredScope, last_good: Mapping[str, str]
) -> Change | None:
    """The change from `stored` to `snapshot`, or None where there is nothing to write.

    Compared by hash, so that equal content is never written again. `last_good` holds the stored
    bodies of documents that could not be rendered. A change without any document still moves the
    version.
    """
    scope = snapshot.scope
    puts = {
        field: document.body
        for field, document in snapshot.documents.items()
        if document.body is not None and document.sha256 != stored.sha256(field)
    }
    if scope.is_platform:
        # A disabled network is kept up as long as its key is there, and never put there anew.
        disabled = {field for field in puts if not snapshot.documents[field].active}
        puts = {
            field: puts[field] for field in puts if field in stored.index or field not in disabled
        }
    removals = set(snapshot.withdrawn) & set(stored.index)
    if snapshot.complete and not scope.is_platform:
        removals |= set(stored.index) - set(snapshot.documents)
    # Nothing was rendered and the last good document is lost: there is nothing to list.
    removals |= {field for field in stored.lost if field not in puts}
    after = {field for field in stored.index if field not in removals} | set(puts)

    activate: set[str] = set()
    deactivate: set[str] = set()
    if not scope.is_platform:
        wanted = {
            field
            for field, document in snapshot.documents.items()
            if _runs(field, document, stored, last_good)
        }
        activate = wanted - stored.active
        considered = stored.active if snapshot.complete else frozenset(snapshot.documents)
        deactivate = set(stored.active & considered) - wanted - removals
    if not (puts or removals or activate or deactivate) and (
        stored.version == snapshot.version and stored.status == snapshot.status and stored.intact
    ):
        return None
    hashes = {field: snapshot.documents[field].sha256 for field in puts}
    active = (stored.active | activate) - deactivate - removals
    return Change(
        scope=scope,
        expected=stored.version,
        version=snapshot.version,
        status=snapshot.status,
        digest=digest_of(
            {field: hashes.get(field) or stored.sha256(field) for field in after}, active
        ),
        puts=puts,
        hashes=hashes,
        activate=frozenset(activate),
        deactivate=frozenset(deactivate),
        removals=frozenset(removals),
        requires=frozenset(_required(snapshot.documents[field] for field in puts)),
    )


def drift(snapshot: Snapshot, stored: StoredScope, change: Change | None) -> list[Difference]:
    """What `change` mends that no committed change explains. Empty where the versions differ.

    Only a complete snapshot tells the whole of it.
    """
    if change is None or stored.version != snapshot.version:
        return []
    found = [
        *((Drift.MISSING, field) for field in stored.missing),
        *((Drift.ALTERED, field) for field in stored.altered),
        *((Drift.SURPLUS, field) for field in change.removals - stored.lost),
        *((Drift.ACTIVE, field) for field in (change.activate | change.deactivate) - stored.lost),
        *(
            (Drift.CONTENT if field in stored.index else Drift.UNLISTED, field)
            for field in set(change.puts) - stored.lost
        ),
    ]
    # What is wrong with a document also shows in the digest: told once.
    found = found or [(Drift.META, "")]
    return [Difference(snapshot.scope, kind, field) for kind, field in sorted(found)]


def _runs(
    field: str, document: Document, stored: StoredScope, last_good: Mapping[str, str]
) -> bool:
    if not document.active:
        return False
    if document.body is not None:
        return True
    # It can't be rendered. What ran before goes on with the last good document, unless that one
    # tells somebody who must not be told any more, or with a secret that was replaced.
    body = last_good.get(field)
    return field in stored.active and body is not None and _still_true(body, document)


def _still_true(body: str, document: Document) -> bool:
    held: dict[str, Any] = json.loads(body)
    triggers = document.triggers
    return all(
        trigger_id in triggers and _same_secrets(trigger, triggers[trigger_id])
        for trigger_id, trigger in held["triggers"].items()
    ) and _same_secrets(
        held["monitor"].get("chain_configurations", []), document.chain_configurations
    )


def _same_secrets(held: object, current: object) -> bool:
    """Equal bytes of every secret. Where secrets are delivered in plain text: equal altogether."""
    secrets = set(_secrets(held))
    return held == current if not secrets else secrets <= set(_secrets(current))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item)
    elif isinstance(value, str) and is_sealed(value):
        yield value


def _required(documents: Iterator[Document]) -> Iterator[str]:
    for document in documents:
        yield from (PLATFORM.field(KIND_NETWORK, network) for network in document.networks)
        yield from (PLATFORM.field(KIND_FILTER, script) for script in document.scripts)

"""Back to an earlier state, made of the audit log: it holds what each change replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.audit import REDACTED
from blip0.common.exceptions import NotFound
from blip0.common.tenancy import current_tenant_id
from monitors.contracts import RUNTIME_KEYS, SETTINGS_KEYS
from monitors.exceptions import CannotRevert
from monitors.models import ContractSpec, Monitor
from monitors.services.changes import monitor_update
from monitors.services.records import monitor_lock
from tenants.models import AuditRecord


@transaction.atomic
def monitor_revert(
    *, monitor: Monitor, entry: int, actor: Actor, expected_version: int | None = None
) -> Monitor:
    """Make the document what it was before the change that the audit record `entry` tells of.

    It is a change like any other: checked as the world is now, and recorded. A snooze stays.
    Raises `NotFound` where the record isn't of this monitor, `CannotRevert` where there was no
    state before it, or where that one had a contract spec or viewing key that is not kept; also
    what `monitor_update` raises.
    """
    current = monitor_lock(monitor, expected_version)
    records = AuditRecord.objects.filter(
        tenant_id=current_tenant_id(),
        object_kind="monitor",
        object_id=str(current.pk),
        pk__gte=entry,
    ).order_by("-pk")
    data: dict[str, Any] = {}
    oldest = None
    for record in records:
        # From the newest on: of each key the oldest value stays, the one before `entry`.
        data |= record.before or {}
        oldest = record
    if oldest is None or oldest.pk != entry:
        raise NotFound(f"There is no entry {entry} in the history of `{current.slug}`.")
    if oldest.before is None:
        raise CannotRevert("The monitor was created then; there is no state before that.")
    document: dict[str, Any] = {
        key: data[key] for key in (*SETTINGS_KEYS, *RUNTIME_KEYS) if key in data
    }
    if "addresses" in document:
        document["addresses"] = _with_specs(document["addresses"])
    if _holds_redacted(document.get("chain_configurations")):
        raise CannotRevert(
            "Viewing keys were changed since, and the history keeps no secret: set "
            "`chain_configurations` yourself.",
            pointer="/chain_configurations",
        )
    return monitor_update(
        monitor=current,
        data=document,
        actor=actor,
        expected_version=expected_version,
        reason=f"back to before entry {entry}",
    )


def _with_specs(addresses: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Addresses with contract specs for the hashes that the log has of them."""
    hashes = {entry["contract_spec"] for entry in addresses if "contract_spec" in entry}
    rows = ContractSpec.objects.filter(pk__in=hashes).values_list("pk", "content")
    specs = {sha256: orjson.loads(content) for sha256, content in rows}
    whole = []
    for index, entry in enumerate(addresses):
        sha256 = entry.get("contract_spec")
        if sha256 is not None and sha256 not in specs:
            raise CannotRevert(
                f"The contract spec of `{entry['address']}` was replaced since, and no monitor "
                "uses it any more: only its hash is kept. Send it with a PATCH.",
                pointer=f"/addresses/{index}/contract_spec",
            )
        whole.append({**entry, "contract_spec": specs[sha256]} if sha256 else dict(entry))
    return whole


def _holds_redacted(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_redacted(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_redacted(item) for item in value)
    return bool(value == REDACTED)

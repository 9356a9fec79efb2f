"""Back to an earlier state, made of the audit log: it holds what each change replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.canonical import canonical_bytes, sha256_hex
from blip0.common.exceptions import NotFound
from blip0.common.tenancy import current_tenant_id
from blip0.common.validation import InvalidDocument
from monitors.contracts import RUNTIME_KEYS, SETTINGS_KEYS, map_viewing_keys
from monitors.models import ContractSpec, Monitor
from monitors.services.changes import monitor_update
from monitors.services.documents import Stored, key_mark
from monitors.services.records import monitor_lock
from tenants.exceptions import CannotRevert
from tenants.models import AuditRecord
from tenants.services.undoing import Given, back_reason, found


@transaction.atomic
def monitor_revert(
    *,
    monitor: Monitor,
    entry: int,
    actor: Actor,
    secrets: Mapping[str, str] | None = None,
    contract_specs: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
    reason: str = "",
) -> Monitor:
    """Make the document what it was before the change that the audit record `entry` tells of.

    It is a change like any other: checked as the world is now, and recorded. A snooze stays.
    The log has viewing keys by fingerprint and contract specs by SHA-256. Those that the tenant
    still has come from there, others from `secrets` and `contract_specs`, under these names; a key
    there may be one to take the old one's place. Raises `NotFound` where the record isn't of this
    monitor, `CannotRevert` where there was no state before it, `InvalidDocument` for all that must
    be given and isn't, or is and needn't be; also what `monitor_update` raises.
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
    specs, keys = Given("contract_specs", contract_specs), Given("secrets", secrets)
    if "addresses" in document:
        document["addresses"] = _with_specs(document["addresses"], specs)
    if document.get("chain_configurations"):
        document["chain_configurations"] = _with_keys(
            document["chain_configurations"], current, keys
        )
    if findings := [*specs.findings(), *keys.findings()]:
        raise InvalidDocument(findings)
    return monitor_update(
        monitor=current,
        data=document,
        actor=actor,
        expected_version=expected_version,
        reason=back_reason(entry, reason),
    )


def monitor_change_revert(*, record: AuditRecord, **told: Any) -> Monitor:
    """`monitor_revert` of the change that an audit record tells of."""
    monitor = found(Monitor.objects.live(), record)
    return monitor_revert(monitor=monitor, entry=record.pk, **told)


def _with_specs(addresses: list[Mapping[str, Any]], given: Given) -> list[dict[str, Any]]:
    """Addresses with contract specs for the hashes that the log has of them."""
    hashes = {entry["contract_spec"] for entry in addresses if "contract_spec" in entry}
    rows = ContractSpec.objects.filter(pk__in=hashes).values_list("pk", "content")
    specs = {sha256: orjson.loads(content) for sha256, content in rows}
    for index, entry in enumerate(addresses):
        sha256 = entry.get("contract_spec")
        if sha256 is None or sha256 in specs:
            continue
        specs[sha256] = spec = given.take(
            sha256,
            or_say=f"The contract spec of `{entry['address']}` (/addresses/{index}) was replaced "
            "since, no monitor has it any more, and the history keeps its SHA-256 only. Send it in "
            f'`contract_specs`, as {{"{sha256}": […]}}.',
        )
        if spec is not None and sha256_hex(canonical_bytes(spec)) != sha256:
            given.refuse(
                sha256, "This isn't the contract spec that was there: its SHA-256 differs."
            )
    return [
        {**entry, "contract_spec": specs[entry["contract_spec"]]}
        if "contract_spec" in entry
        else dict(entry)
        for entry in addresses
    ]


def _with_keys(configurations: Any, current: Monitor, given: Given) -> Any:
    """Configurations with viewing keys for the marks that the log has of them."""
    known: dict[str, Any] = {}
    map_viewing_keys(
        Stored.of(current).values["chain_configurations"],
        lambda _place, key: known.setdefault(key_mark(key).get("fingerprint", ""), key),
    )

    def put_back(place: str, mark: Mapping[str, Any]) -> Any:
        name = mark.get("fingerprint")
        if name is None:
            raise CannotRevert(
                "A viewing key of then couldn't be read when it was replaced; set "
                "`chain_configurations` yourself.",
                pointer=place,
            )
        if name in known:
            return known[name]
        key = given.take(
            name,
            or_say=f"The viewing key {mark['hint']} ({place}) was replaced since, and the history "
            "keeps no secret. Send it, or one to take its place, in `secrets`, as "
            f'{{"{name}": "…"}}.',
        )
        return {"type": "Plain", "value": key}

    return map_viewing_keys(configurations, put_back)

"""Writing a monitor's child rows: only those that differ.

Every written row fires its version trigger, moves the tenant's version and has the document
rendered again. So rows are compared with what is stored, and an equal list writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

from django.db.models import Model, QuerySet

from blip0.common.tenancy import current_tenant_id
from monitors.choices import ConditionKind
from monitors.models import (
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from monitors.services.documents import Draft
from monitors.services.records import tenant_lock
from monitors.services.specs import remove_orphans, specs_of, store_specs

Rows: TypeAlias = Mapping[tuple[Any, ...], Mapping[str, Any]]
"""The wanted rows of one table: by identity within the monitor, the columns beside it."""

_IDENTITY: Final[Mapping[type[Model], tuple[str, ...]]] = {
    MonitorNetwork: ("network_id",),
    MonitorTrigger: ("trigger_id",),
    MonitorAddress: ("position",),
    MatchCondition: ("kind", "position"),
    ScriptCondition: ("position",),
}
_KINDS: Final = {
    "functions": ConditionKind.FUNCTION,
    "events": ConditionKind.EVENT,
    "transactions": ConditionKind.TRANSACTION,
}


def write_children(monitor: Monitor, draft: Draft, *, is_new: bool = False) -> None:
    """Make the rows of the keys that changed equal to the draft. Up to four queries a table."""
    values = draft.values
    if "networks" in draft.changed:
        links: Rows = {(slug,): {"position": n} for n, slug in enumerate(values["networks"])}
        _sync(monitor, MonitorNetwork.objects.all(), links, is_new=is_new)
    if "triggers" in draft.changed:
        links = {
            (draft.triggers[slug],): {"position": n} for n, slug in enumerate(values["triggers"])
        }
        _sync(monitor, MonitorTrigger.objects.all(), links, is_new=is_new)
    if "match_conditions" in draft.changed:
        conditions = _match_conditions(values["match_conditions"])
        _sync(monitor, MatchCondition.objects.all(), conditions, is_new=is_new)
    if "trigger_conditions" in draft.changed:
        conditions = _script_conditions(values["trigger_conditions"])
        _sync(monitor, ScriptCondition.objects.all(), conditions, is_new=is_new)
    if "addresses" in draft.changed:
        _write_addresses(monitor, values["addresses"], is_new=is_new)


def _match_conditions(conditions: Mapping[str, list[dict[str, Any]]]) -> Rows:
    return {
        (kind, position): {
            "signature": entry.get("signature", ""),
            "status": entry.get("status", ""),
            "expression": entry.get("expression"),
        }
        for name, kind in _KINDS.items()
        for position, entry in enumerate(conditions[name])
    }


def _script_conditions(conditions: list[dict[str, Any]]) -> Rows:
    return {
        (position,): {
            "script_id": PurePosixPath(entry["script_path"]).stem,
            "arguments": entry.get("arguments"),
            "timeout_ms": entry["timeout_ms"],
        }
        for position, entry in enumerate(conditions)
    }


def _write_addresses(monitor: Monitor, addresses: list[dict[str, Any]], *, is_new: bool) -> None:
    if not is_new:  # who creates a monitor holds it already
        tenant_lock(current_tenant_id())
    specs = specs_of(addresses)
    store_specs(specs)
    before: set[str] = set()
    if not is_new:
        named = MonitorAddress.objects.filter(monitor=monitor, contract_spec__isnull=False)
        before = set(named.values_list("contract_spec", flat=True))
    ids = [spec.sha256 if spec else None for spec in specs]
    rows: Rows = {
        (position,): {"address": entry["address"], "contract_spec_id": spec_id}
        for position, (entry, spec_id) in enumerate(zip(addresses, ids, strict=True))
    }
    _sync(monitor, MonitorAddress.objects.all(), rows, is_new=is_new)
    remove_orphans(before.difference(ids))


def _sync(monitor: Monitor, table: QuerySet[Any], wanted: Rows, *, is_new: bool) -> None:
    identity = _IDENTITY[table.model]
    rows = table.none() if is_new else table.filter(monitor_id=monitor.pk)
    stored = {tuple(getattr(row, field) for field in identity): row for row in rows}

    surplus = [row.pk for key, row in stored.items() if key not in wanted]
    if surplus:
        table.filter(pk__in=surplus).delete()

    differing = []
    for key, row in stored.items():
        columns = wanted.get(key, {})
        if any(getattr(row, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row, name, value)
            differing.append(row)
    if differing:
        fields = [name for name in next(iter(wanted.values())) if name not in identity]
        table.bulk_update(differing, fields)

    missing = [
        table.model(monitor_id=monitor.pk, **dict(zip(identity, key, strict=True)), **columns)
        for key, columns in wanted.items()
        if key not in stored
    ]
    if missing:
        table.bulk_create(missing)

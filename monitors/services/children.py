"""Writing a monitor's child rows: only those that differ.

Every written row fires its version trigger, moves the tenant's version and has the document
rendered again. So what is to be stored is compared with what is, and an equal list writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import itemgetter, or_
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

from django.db.models import Model, Q, QuerySet

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
from monitors.services.documents import Draft, Stored
from monitors.services.records import tenant_lock
from monitors.services.specs import remove_orphans, specs_of, store_specs
from monitors.store import Children, Content

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
_NOTHING: Final[Mapping[str, Any]] = {
    "networks": [],
    "triggers": [],
    "match_conditions": {name: [] for name in _KINDS},
    "trigger_conditions": [],
}


def write_children(monitor: Monitor, draft: Draft, stored: Stored | None = None) -> None:
    """Make the rows of the keys that changed equal to the draft; `stored` is what there is.

    Up to two queries a table, and three more for specs. The monitor knows its content then.
    """
    values, changed = draft.values, draft.changed
    before: Mapping[str, Any] = stored.values if stored else _NOTHING
    if "networks" in changed:
        _sync(monitor, MonitorNetwork, _links(values["networks"]), _links(before["networks"]))
    if "triggers" in changed:
        known = {slug: trigger.id for slug, trigger in draft.world.triggers.items()}
        if before["triggers"]:
            links = MonitorTrigger.objects.filter(monitor=monitor)
            known |= links.values_list("trigger__slug", "trigger_id")
        wanted, had = ([known[slug] for slug in each["triggers"]] for each in (values, before))
        _sync(monitor, MonitorTrigger, _links(wanted), _links(had))
    if "match_conditions" in changed:
        conditions = [_match_conditions(each["match_conditions"]) for each in (values, before)]
        _sync(monitor, MatchCondition, *conditions)
    if "trigger_conditions" in changed:
        conditions = [_script_conditions(each["trigger_conditions"]) for each in (values, before)]
        _sync(monitor, ScriptCondition, *conditions)
    held = stored.content if stored else None
    if held is None or "addresses" in changed:
        held = _write_addresses(monitor, values["addresses"], held)
    monitor.content = Content(children=_children(values, held.children.addresses), specs=held.specs)


def _write_addresses(
    monitor: Monitor, entries: list[dict[str, Any]], stored: Content | None
) -> Content:
    """The addresses and specs that there are then, without the other children."""
    if stored:  # who creates a monitor holds it already
        tenant_lock(current_tenant_id())
    had = stored.children.addresses if stored else []
    had_specs = {spec_id for _, spec_id in had if spec_id is not None}
    specs = specs_of(entries)
    store_specs([spec for spec in specs if spec and spec.sha256 not in had_specs])
    addresses = [
        (entry["address"], spec.sha256 if spec else None)
        for entry, spec in zip(entries, specs, strict=True)
    ]
    _sync(monitor, MonitorAddress, _addresses(addresses), _addresses(had))
    remove_orphans(had_specs.difference(spec.sha256 for spec in specs if spec))
    return Content(
        children=Children(addresses=addresses),
        specs={spec.sha256: spec.content.encode() for spec in specs if spec},
    )


def _links(ids: Iterable[Any]) -> Rows:
    return {(linked,): {"position": position} for position, linked in enumerate(ids)}


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


def _addresses(addresses: Iterable[tuple[str, str | None]]) -> Rows:
    return {
        (position,): {"address": address, "contract_spec_id": spec_id}
        for position, (address, spec_id) in enumerate(addresses)
    }


def _sync(monitor: Monitor, model: type[Model], wanted: Rows, stored: Rows) -> None:
    identity = _IDENTITY[model]
    table: QuerySet[Any] = QuerySet(model)
    if surplus := stored.keys() - wanted.keys():
        rows = (Q(**dict(zip(identity, key, strict=True))) for key in surplus)
        table.filter(reduce(or_, rows), monitor_id=monitor.pk).delete()
    differing = {key: columns for key, columns in wanted.items() if stored.get(key) != columns}
    if differing:
        table.bulk_create(
            [
                model(monitor_id=monitor.pk, **dict(zip(identity, key, strict=True)), **columns)
                for key, columns in differing.items()
            ],
            update_conflicts=True,
            unique_fields=["monitor_id", *identity],
            update_fields=list(next(iter(differing.values()))),
        )


def _children(values: Mapping[str, Any], addresses: list[tuple[str, str | None]]) -> Children:
    """What a reader would find now, in the shape that `children_of` gives it."""
    return Children(
        networks=values["networks"],
        addresses=addresses,
        conditions=[
            (kind, *columns.values())
            for (kind, _), columns in sorted(
                _match_conditions(values["match_conditions"]).items(), key=itemgetter(0)
            )
        ],
        scripts=[
            (
                PurePosixPath(entry["script_path"]).stem,
                entry["language"],
                entry.get("arguments"),
                entry["timeout_ms"],
            )
            for entry in values["trigger_conditions"]
        ],
        triggers=values["triggers"],
    )

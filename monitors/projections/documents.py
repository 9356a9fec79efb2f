"""Rendering: from a monitor's rows to its document.

Everything is read for many monitors at once; the number of queries doesn't depend on how many.
The result is a pure function of committed rows: no clock, no revision, nothing random.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import orjson
from django.conf import settings

from blip0.common.sealing import CannotOpen, Place, is_sealed, keyring
from monitors.choices import ConditionKind
from monitors.models import MonitorNetwork, MonitorTrigger
from monitors.projections.rows import MonitorRows, tenant_rows
from platform_catalog.choices import script_path
from tenants.choices import TenantStatus
from tenants.models import Tenant
from triggers.projections import SecretDelivery, TriggerDocument, ozm_trigger, trigger_documents

MONITOR_SCHEMA = 1


@dataclass(frozen=True)
class MonitorDocument:
    """A monitor, rendered. `inactive_because` is "" for one that runs.

    Without a body, `invalid_because` says why it could not be rendered, and whatever Redis holds
    stays as the last good document; where that is "" too, the monitor has nothing to say to the
    runtime (all its networks are disabled) and its document is withdrawn.
    """

    id: UUID
    slug: str
    name: str
    body: dict[str, Any] | None
    inactive_because: str = ""
    invalid_because: str = ""
    networks: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    triggers: dict[str, Any] = field(default_factory=dict)
    chain_configurations: list[Any] = field(default_factory=list)


def monitor_ids_for(
    *, triggers: Collection[UUID] = (), networks: Collection[str] = ()
) -> set[UUID]:
    """The live monitors of the current tenant that a change of these touches. Two queries."""
    ids: set[UUID] = set()
    if triggers:
        links = MonitorTrigger.objects.filter(trigger__in=triggers)
        ids |= set(links.values_list("monitor_id", flat=True))
    if networks:
        named = MonitorNetwork.objects.filter(network__in=networks)
        ids |= set(named.values_list("monitor_id", flat=True))
    return ids


def monitor_documents(
    tenant: Tenant, ids: Collection[UUID] | None = None
) -> dict[UUID, MonitorDocument]:
    """The live monitors of the current tenant by id; all of them without `ids`.

    An id that is asked for and missing in the result belongs to a deleted monitor. Two queries at
    most. The caller holds a snapshot, so that both of them see one state.
    """
    rows = tenant_rows(ids)
    if not rows.monitors:
        return {}
    triggers = _triggers(rows.monitors.values(), everything=ids is None)
    world = _World(tenant=tenant, specs=rows.specs, triggers=triggers)
    return {pk: _document(pk, monitor, world) for pk, monitor in rows.monitors.items()}


@dataclass(frozen=True)
class _World:
    """What the monitors of a tenant share. `triggers` are the enabled ones."""

    tenant: Tenant
    specs: Mapping[str, orjson.Fragment]
    triggers: Mapping[str, TriggerDocument]


def _triggers(monitors: Iterable[MonitorRows], *, everything: bool) -> dict[str, TriggerDocument]:
    named = None
    if not everything:
        named = {UUID(trigger_id) for rows in monitors for trigger_id in rows.triggers}
        if not named:
            return {}
    documents = trigger_documents(
        named, secret_delivery=cast(SecretDelivery, settings.PROJECTION_SECRET_DELIVERY)
    )
    return {
        str(trigger_id): document
        for trigger_id, document in documents.items()
        if document.enabled and not document.deleted
    }


def _document(pk: UUID, monitor: MonitorRows, world: _World) -> MonitorDocument:
    tenant = world.tenant
    enabled = tuple(slug for slug, is_enabled in monitor.networks if is_enabled)
    linked = {pk: world.triggers[pk] for pk in monitor.triggers if pk in world.triggers}
    triggers = {pk: ozm_trigger(trigger, tenant.slug) for pk, trigger in linked.items()}
    problem = _problem(monitor, linked)
    chain_configurations = monitor.chain_configurations
    if settings.PROJECTION_SECRET_DELIVERY == "plain":
        try:
            chain_configurations = _opened(
                chain_configurations, Place(tenant.pk, pk, "viewing_keys")
            )
        except CannotOpen as error:
            problem = problem or f"a viewing key can't be opened: {error}"
    body = None
    if enabled and not problem:
        body = {
            "schema": MONITOR_SCHEMA,
            "id": monitor.id,
            "tenant_id": str(tenant.pk),
            "slug": monitor.slug,
            "alerting": _alerting(monitor, tenant),
            "monitor": _ozm_monitor(monitor, world, enabled, list(linked), chain_configurations),
            "triggers": triggers,
        }
    return MonitorDocument(
        id=pk,
        slug=monitor.slug,
        name=monitor.name,
        body=body,
        inactive_because=_inactive_because(monitor, tenant, enabled),
        invalid_because=problem,
        networks=enabled,
        scripts=tuple(sorted({name for name, *_ in monitor.scripts})),
        addresses=tuple(address for address, _ in monitor.addresses),
        triggers=triggers,
        chain_configurations=chain_configurations,
    )


def _problem(monitor: MonitorRows, triggers: Mapping[str, TriggerDocument]) -> str:
    """Why the runtime would refuse this monitor, or "". Services let none of these through."""
    if not monitor.name.strip():
        return "name_missing"
    if not monitor.networks:
        return "no_network"
    for trigger_id, trigger in triggers.items():
        if trigger.problem:
            return f"trigger {trigger_id}: {trigger.problem}"
    return ""


def _inactive_because(monitor: MonitorRows, tenant: Tenant, enabled: tuple[str, ...]) -> str:
    if tenant.status != TenantStatus.ACTIVE:
        return "tenant_suspended"
    if monitor.paused:
        return "paused"
    if monitor.snoozed:
        return "snoozed"
    if monitor.networks and not enabled:
        return "network_disabled"
    return ""


def _ozm_monitor(
    monitor: MonitorRows,
    world: _World,
    enabled: tuple[str, ...],
    triggers: list[str],
    chain_configurations: list[Any],
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": f"{monitor.name} [{world.tenant.slug}]",
        "networks": list(enabled),
        "paused": monitor.paused or monitor.snoozed,
        "addresses": [_address(*entry, world.specs) for entry in monitor.addresses],
        "match_conditions": _match_conditions(monitor.conditions),
        "trigger_conditions": [_script_condition(*entry) for entry in monitor.scripts],
        "triggers": triggers,
    }
    if chain_configurations:
        body["chain_configurations"] = chain_configurations
    return body


def _opened(value: Any, place: Place) -> Any:
    if isinstance(value, dict):
        return {key: _opened(item, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, place) for item in value]
    return keyring().open(value, place) if is_sealed(value) else value


def _alerting(monitor: MonitorRows, tenant: Tenant) -> dict[str, Any]:
    """The monitor's alerting with the tenant's defaults below it; keys only when set."""
    amount, window = monitor.threshold_amount, monitor.threshold_window_s
    if amount is None:
        amount, window = tenant.alert_threshold_amount, tenant.alert_threshold_window_s
    interval = monitor.min_interval_s
    if interval is None:
        interval = tenant.alert_min_interval_s
    values = {
        "severity": monitor.severity or tenant.alert_severity or None,
        "threshold": None if amount is None else {"amount": amount, "window_s": window},
        "min_interval_s": interval,
    }
    return {key: value for key, value in values.items() if value is not None}


def _address(
    address: str, spec: str | None, specs: Mapping[str, orjson.Fragment]
) -> dict[str, Any]:
    return (
        {"address": address} if spec is None else {"address": address, "contract_spec": specs[spec]}
    )


def _match_conditions(
    conditions: Iterable[tuple[str, str, str, str | None]],
) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = {"functions": [], "events": [], "transactions": []}
    for kind, signature, status, expression in conditions:
        item = {"status": status} if kind == ConditionKind.TRANSACTION else {"signature": signature}
        if expression is not None:
            item["expression"] = expression
        parts[f"{kind}s"].append(item)
    return parts


def _script_condition(
    name: str, language: str, arguments: list[str] | None, timeout_ms: int
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "script_path": script_path(name, language),
        "language": language,
        "timeout_ms": timeout_ms,
    }
    if arguments is not None:
        body["arguments"] = arguments
    return body

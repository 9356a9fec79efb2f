"""What the runtime gets of a tenant: one document a monitor, denormalised with its triggers.

Everything is read for many monitors at once; the number of queries doesn't depend on how many.
The result is a pure function of committed rows: no clock, no revision, nothing random.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import orjson
from django.conf import settings

from blip0.common.audit import REDACTED
from blip0.common.sealing import CannotOpen, Place, is_sealed, keyring
from monitors.choices import ConditionKind
from monitors.contracts import map_viewing_keys
from monitors.models import (
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from platform_catalog.models import Network
from tenants.choices import TenantStatus
from tenants.models import Tenant
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import with_text
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

    An id that is asked for and missing in the result belongs to a deleted monitor. A fixed number
    of queries (14). The caller holds a snapshot, so that all of them see one state.
    """
    monitors = Monitor.objects.live()
    if ids is not None:
        monitors = monitors.filter(pk__in=ids)
    rows = list(monitors.order_by("pk"))
    return {monitor.pk: _Rows.of(monitor, rows_of) for monitor, rows_of in _with_rows(tenant, rows)}


def body_without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """A rendered document for people: each secret, sealed or plain, reads `[redacted]`."""

    def hidden(_place: str, secret: object) -> object:
        return with_text(secret, REDACTED)

    triggers = {
        trigger_id: {
            **trigger,
            "config": TRIGGER_TYPES.get(trigger["trigger_type"]).replace_secrets(
                trigger["config"], hidden
            ),
        }
        for trigger_id, trigger in body["triggers"].items()
    }
    monitor = dict(body["monitor"])
    if "chain_configurations" in monitor:
        monitor["chain_configurations"] = map_viewing_keys(monitor["chain_configurations"], hidden)
    return {**body, "monitor": monitor, "triggers": triggers}


@dataclass
class _Rows:
    """What belongs to one monitor."""

    tenant: Tenant
    networks: list[Network]
    addresses: list[MonitorAddress]
    conditions: list[MatchCondition]
    scripts: list[ScriptCondition]
    triggers: list[tuple[UUID, TriggerDocument]]

    @staticmethod
    def of(monitor: Monitor, rows: _Rows) -> MonitorDocument:
        enabled = tuple(network.slug for network in rows.networks if network.enabled)
        triggers = {
            str(trigger_id): ozm_trigger(trigger, rows.tenant.slug)
            for trigger_id, trigger in rows.triggers
        }
        problem = _problem(monitor, rows)
        chain_configurations = monitor.chain_configurations
        if settings.PROJECTION_SECRET_DELIVERY == "plain":
            try:
                chain_configurations = _opened(
                    chain_configurations, Place(rows.tenant.pk, monitor.pk, "viewing_keys")
                )
            except CannotOpen as error:
                problem = problem or f"a viewing key can't be opened: {error}"
        body = None
        if enabled and not problem:
            body = _envelope(monitor, rows, enabled, triggers, chain_configurations)
        return MonitorDocument(
            id=monitor.pk,
            slug=monitor.slug,
            name=monitor.name,
            body=body,
            inactive_because=_inactive_because(monitor, rows, enabled),
            invalid_because=problem,
            networks=enabled,
            scripts=tuple(sorted({condition.script_id for condition in rows.scripts})),
            addresses=tuple(address.address for address in rows.addresses),
            triggers=triggers,
            chain_configurations=chain_configurations,
        )


def _problem(monitor: Monitor, rows: _Rows) -> str:
    """Why the runtime would refuse this monitor, or "". Services let none of these through."""
    if not monitor.name.strip():
        return "name_missing"
    if not rows.networks:
        return "no_network"
    for trigger_id, trigger in rows.triggers:
        if trigger.problem:
            return f"trigger {trigger_id}: {trigger.problem}"
    return ""


def _inactive_because(monitor: Monitor, rows: _Rows, enabled: tuple[str, ...]) -> str:
    if rows.tenant.status != TenantStatus.ACTIVE:
        return "tenant_suspended"
    if monitor.paused:
        return "paused"
    if monitor.snoozed_until is not None:
        return "snoozed"
    if rows.networks and not enabled:
        return "network_disabled"
    return ""


def _envelope(
    monitor: Monitor,
    rows: _Rows,
    enabled: tuple[str, ...],
    triggers: dict[str, Any],
    chain_configurations: list[Any],
) -> dict[str, Any]:
    return {
        "schema": MONITOR_SCHEMA,
        "id": str(monitor.pk),
        "tenant_id": str(rows.tenant.pk),
        "slug": monitor.slug,
        "alerting": alerting(monitor, rows.tenant),
        "monitor": _ozm_monitor(monitor, rows, enabled, chain_configurations),
        "triggers": triggers,
    }


def _ozm_monitor(
    monitor: Monitor, rows: _Rows, enabled: tuple[str, ...], chain_configurations: list[Any]
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": f"{monitor.name} [{rows.tenant.slug}]",
        "networks": list(enabled),
        "paused": monitor.paused or monitor.snoozed_until is not None,
        "addresses": [_address(address) for address in rows.addresses],
        "match_conditions": _match_conditions(rows.conditions),
        "trigger_conditions": [_script_condition(condition) for condition in rows.scripts],
        "triggers": [str(trigger_id) for trigger_id, _ in rows.triggers],
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


def alerting(monitor: Monitor, tenant: Tenant) -> dict[str, Any]:
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


def _address(address: MonitorAddress) -> dict[str, Any]:
    body: dict[str, Any] = {"address": address.address}
    if address.contract_spec is not None:
        # Stored as canonical text: it goes in as it is, without being parsed again.
        body["contract_spec"] = orjson.Fragment(address.contract_spec.content.encode())
    return body


def _match_conditions(conditions: Iterable[MatchCondition]) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = {"functions": [], "events": [], "transactions": []}
    for condition in conditions:
        if condition.kind == ConditionKind.TRANSACTION:
            item = {"status": condition.status}
        else:
            item = {"signature": condition.signature}
        if condition.expression is not None:
            item["expression"] = condition.expression
        parts[f"{condition.kind}s"].append(item)
    return parts


def _script_condition(condition: ScriptCondition) -> dict[str, Any]:
    body: dict[str, Any] = {
        "script_path": condition.script.script_path,
        "language": condition.script.language,
        "timeout_ms": condition.timeout_ms,
    }
    if condition.arguments is not None:
        body["arguments"] = condition.arguments
    return body


def _with_rows(tenant: Tenant, monitors: list[Monitor]) -> Iterable[tuple[Monitor, _Rows]]:
    ids = [monitor.pk for monitor in monitors]
    networks = _grouped(
        (link.monitor_id, link.network)
        for link in MonitorNetwork.objects.filter(monitor__in=ids)
        .select_related("network")
        .order_by("monitor_id", "position")
    )
    addresses = _grouped(
        (address.monitor_id, address)
        for address in MonitorAddress.objects.filter(monitor__in=ids)
        .select_related("contract_spec")
        .order_by("monitor_id", "position")
    )
    conditions = _grouped(
        (condition.monitor_id, condition)
        for condition in MatchCondition.objects.filter(monitor__in=ids).order_by(
            "monitor_id", "kind", "position"
        )
    )
    scripts = _grouped(
        (condition.monitor_id, condition)
        for condition in ScriptCondition.objects.filter(monitor__in=ids)
        .select_related("script")
        .order_by("monitor_id", "position")
    )
    links = list(
        MonitorTrigger.objects.filter(monitor__in=ids)
        .order_by("monitor_id", "position")
        .values_list("monitor_id", "trigger_id")
    )
    documents = trigger_documents(
        {trigger_id for _, trigger_id in links},
        secret_delivery=cast(SecretDelivery, settings.PROJECTION_SECRET_DELIVERY),
    )
    triggers = _grouped(
        (monitor_id, (trigger_id, documents[trigger_id]))
        for monitor_id, trigger_id in links
        if documents[trigger_id].enabled and not documents[trigger_id].deleted
    )
    for monitor in monitors:
        yield (
            monitor,
            _Rows(
                tenant=tenant,
                networks=networks[monitor.pk],
                addresses=addresses[monitor.pk],
                conditions=conditions[monitor.pk],
                scripts=scripts[monitor.pk],
                triggers=triggers[monitor.pk],
            ),
        )


def _grouped(pairs: Iterable[tuple[UUID, Any]]) -> defaultdict[UUID, list[Any]]:
    groups: defaultdict[UUID, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups

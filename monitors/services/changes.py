"""Creating, updating, cloning and deleting monitors: one transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.naming import conflicts_named, derived_slug
from blip0.common.tenancy import current_tenant_id
from blip0.common.validation.stored import findings_replace
from monitors.contracts import RUNTIME_KEYS, SETTINGS_KEYS
from monitors.exceptions import MonitorLimitReached
from monitors.models import Monitor, MonitorNetwork, MonitorTrigger, ScriptCondition
from monitors.services.children import write_children
from monitors.services.documents import (
    Draft,
    Stored,
    audit_form,
    drafted,
    sealed_configurations,
)
from monitors.services.records import (
    monitor_lock,
    monitor_save,
    record,
    require_inside,
    tenant_lock,
)
from tenants.models import Tenant


@transaction.atomic
def monitor_create(
    *, tenant: Tenant, data: Mapping[str, Any], actor: Actor, reason: str = ""
) -> Monitor:
    """Create a monitor of the current tenant from its document.

    Raises `InvalidDocument`, `SlugTaken`, `NameTaken` and `MonitorLimitReached`.
    """
    require_inside(tenant)
    draft = drafted(data)
    tenant_lock(tenant.pk)
    _require_room(draft.world.limits.monitors)
    monitor = Monitor(created_by=actor.name[:254])
    _set_columns(monitor, draft)
    monitor.slug = monitor.slug or derived_slug(monitor.name, "monitor", Monitor.objects)
    with _conflicts_named(monitor):
        monitor.save(force_insert=True)
    write_children(monitor, draft)
    findings_replace("monitor", {monitor.pk: draft.findings})
    after = {**audit_form(draft.values), "slug": monitor.slug}
    record("created", monitor, actor=actor, after=after, reason=reason)
    return monitor


@transaction.atomic
def monitor_update(
    *,
    monitor: Monitor,
    data: Mapping[str, Any],
    actor: Actor,
    expected_version: int | None = None,
    reason: str = "",
) -> Monitor:
    """Change what `data` names; each of its top-level keys replaces that part as a whole.

    A viewing key that is sent as it is read stays as it is, byte for byte. Where nothing changes,
    nothing is written. Raises `InvalidDocument`, `SlugTaken`, `NameTaken`, `MonitorGone` and
    `Stale`.
    """
    current = monitor_lock(monitor, expected_version)
    stored = Stored.of(current)
    draft = drafted(data, stored=stored)
    if draft.changed:
        fields = _set_columns(current, draft)
        with _conflicts_named(current) if draft.changed & {"slug", "name"} else nullcontext():
            monitor_save(current, *fields)
        write_children(current, draft, stored)
        record(
            "updated",
            current,
            actor=actor,
            before=audit_form(stored.values),
            after=audit_form(draft.values),
            reason=reason,
        )
    findings_replace("monitor", {current.pk: draft.findings})
    return current


@transaction.atomic
def monitor_clone(
    *,
    monitor: Monitor,
    name: str,
    actor: Actor,
    slug: str | None = None,
    expected_version: int | None = None,
) -> Monitor:
    """Create a monitor like this one, with secrets sealed anew. A snooze isn't copied.

    Raises what `monitor_create` raises, `MonitorGone` and `Stale`.
    """
    source = Stored.of(monitor_lock(monitor, expected_version))
    data = {key: source.values[key] for key in (*SETTINGS_KEYS, *RUNTIME_KEYS)}
    return monitor_create(
        tenant=Tenant(pk=current_tenant_id()),
        data={**data, "name": name, "slug": slug},
        actor=actor,
        reason=f"clone of {source.values['slug']}",
    )


@transaction.atomic
def monitor_delete(*, monitor: Monitor, actor: Actor, expected_version: int | None = None) -> None:
    """Delete the monitor: the row stays, its slug and name are free, and it uses nothing.

    Links to triggers, networks and scripts go, so that these can be deleted; the audit record
    keeps them. Raises `MonitorGone` and `Stale`.
    """
    current = monitor_lock(monitor, expected_version)
    before = audit_form(Stored.of(current).values)
    MonitorTrigger.objects.filter(monitor=current).delete()
    MonitorNetwork.objects.filter(monitor=current).delete()
    ScriptCondition.objects.filter(monitor=current).delete()
    current.deleted_at = timezone.now()
    current.snoozed_until, current.snooze_reason = None, ""
    monitor_save(current, "deleted_at", "snoozed_until", "snooze_reason")
    findings_replace("monitor", {current.pk: ()})
    record("deleted", current, actor=actor, before=before)


def _require_room(limit: int) -> None:
    """The caller holds the tenant's lock: nobody else takes the last place meanwhile."""
    if Monitor.objects.live().count() >= limit:
        raise MonitorLimitReached(
            f"Your plan allows {limit} monitors, and all of them are there. "
            "Delete one, or ask for a larger plan."
        )


def _set_columns(monitor: Monitor, draft: Draft) -> list[str]:
    """Set the columns of the keys that changed; their names."""
    values = draft.values
    alerting = values["alerting"]
    threshold = alerting.get("threshold", {})
    columns: dict[str, dict[str, Any]] = {
        **{key: {key: values[key]} for key in ("slug", "name", "description", "paused")},
        "alerting": {
            "severity": alerting.get("severity", ""),
            "threshold_amount": threshold.get("amount"),
            "threshold_window_s": threshold.get("window_s"),
            "min_interval_s": alerting.get("min_interval_s"),
        },
    }
    if "chain_configurations" in draft.changed:
        sealed = sealed_configurations(values["chain_configurations"], monitor)
        columns["chain_configurations"] = {"chain_configurations": sealed}
    changed = {
        column: value
        for key in draft.changed & columns.keys()
        for column, value in columns[key].items()
    }
    for column, value in changed.items():
        setattr(monitor, column, value)
    return sorted(changed)


def _conflicts_named(monitor: Monitor) -> AbstractContextManager[None]:
    return conflicts_named(
        slug=monitor.slug, name=monitor.name, noun="monitor", objects=Monitor.objects
    )

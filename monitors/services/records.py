"""What every service on a monitor does: see that it is in its tenant, lock, record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from blip0.common.actors import Actor
from blip0.common.exceptions import Stale
from blip0.common.tenancy import current_tenant_id
from monitors.exceptions import MonitorGone
from monitors.models import Monitor
from tenants.models import Tenant
from tenants.services.audit import audit_record


def require_inside(tenant: Tenant) -> None:
    """A service of one tenant in the schema of another is a programming error."""
    if tenant.pk != current_tenant_id():
        raise RuntimeError("The connection is in the schema of another tenant.")


def tenant_lock(tenant_id: UUID) -> None:
    """Until the transaction ends, no one else counts the tenant's monitors or removes its specs.

    Taken after the lock of a monitor and of triggers, never before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM tenants_tenant WHERE id = %s FOR NO KEY UPDATE", [tenant_id])


def monitor_lock(monitor: Monitor, expected_version: int | None = None) -> Monitor:
    """The row as it is now, locked. Raises `MonitorGone`, and `Stale` for another version."""
    locked = Monitor.objects.live().select_for_update(no_key=True).filter(pk=monitor.pk).first()
    if locked is None:
        raise MonitorGone(f"The monitor `{monitor.slug}` was deleted.")
    if expected_version is not None and expected_version != locked.version:
        raise Stale(
            f"The monitor `{locked.slug}` is at version {locked.version}, and your change is of "
            f"version {expected_version}. Read it again, and change that.",
            current_version=locked.version,
        )
    return locked


def monitor_save(monitor: Monitor, *fields: str) -> None:
    """Write these columns as the next version."""
    monitor.version += 1
    monitor.save(update_fields=[*fields, "version", "updated_at"])


def record(
    verb: str,
    monitor: Monitor,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit_record(
        action=f"monitor.{verb}",
        actor=actor,
        object_kind="monitor",
        object_id=monitor.pk,
        object_name=monitor.name,
        tenant_id=current_tenant_id(),
        before=before,
        after=after,
        reason=reason,
    )

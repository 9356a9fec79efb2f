"""Staff inside a tenant: every visit has a reason, a beginning and an end in the audit log."""

from __future__ import annotations

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from tenants.models import Tenant
from tenants.services.audit import audit_record


@transaction.atomic
def tenant_enter(*, tenant: Tenant, reason: str, actor: Actor) -> Tenant:
    """Record that staff go in. Raises `InvalidField` without a reason.

    `Conflict` where the tenant has no schema to work in: not provisioned yet, or deleted.
    """
    if not reason.strip():
        raise InvalidField("reason: say what you go in for.", pointer="/reason")
    inside = Tenant.objects.with_schema().filter(pk=tenant.pk).first()
    if inside is None:
        raise Conflict(f"Tenant {tenant.slug} has no data: it is {tenant.get_status_display()}.")
    _audit("tenant.entered", inside, actor, reason)
    return inside


def tenant_changes_allow(*, tenant: Tenant, actor: Actor) -> None:
    """Record that staff inside it mean to change something from now on."""
    _audit("tenant.changes_allowed", tenant, actor, "")


def tenant_leave(*, tenant: Tenant, actor: Actor, reason: str = "") -> None:
    """Record that staff came out."""
    _audit("tenant.left", tenant, actor, reason)


def _audit(action: str, tenant: Tenant, actor: Actor, reason: str) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="tenant",
        object_id=tenant.pk,
        object_name=tenant.slug,
        tenant_id=tenant.pk,
        reason=reason,
    )

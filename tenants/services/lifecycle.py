"""A tenant's life: provisioning → active ⇄ suspended → pending deletion → deleted.

A row is never deleted, so that its slug never comes back. Every step locks the tenant's row,
checks where it stands and is one transaction with its audit record; the version trigger on the
table carries the status to the projection at commit.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, DomainError, InvalidField, NotFound
from blip0.common.setting_kinds import Number
from blip0.common.system_settings import SettingDefinition, setting_value
from blip0.common.tenancy import in_public, schema_name_for
from tenants.choices import Role, TenantStatus
from tenants.models import (
    ApiKey,
    Domain,
    Invitation,
    Membership,
    Tenant,
    TokenFamily,
    User,
)
from tenants.services.audit import audit_record
from tenants.services.members import member_add
from tenants.services.schemas import schema_create, schema_drop
from tenants.services.settings import plan_of
from tenants.services.users import user_create
from tenants.validators import cleaned_name, require_slug

logger = structlog.get_logger(__name__)

GRACE_DAYS: Final = SettingDefinition(
    key="tenant_grace_days",
    label="Grace time of deleted tenants",
    help="Days for which a deletion can be taken back; then a tenant's data goes for good. It "
    "holds for tenants that are deleted from then on.",
    kind=Number(least=0, most=3650),
    default=lambda: int(settings.TENANT_GRACE_DAYS),
)

PROVISIONING_PATIENCE = timedelta(seconds=5)
"""How long the process that created a tenant may take before another one carries on."""


def tenant_create(
    *, slug: str, name: str, actor: Actor, plan_slug: str = "", owner_email: str = ""
) -> Tenant:
    """Create a tenant. Once the row is committed, its schema is made in this process.

    Without a plan it gets the default one. If making the schema fails or the process dies,
    `lifecycles_continue` does it. The owner gets an account
    without a password if they have none. Raises `InvalidField`, and `Conflict` for a slug that is
    or ever was taken.
    """
    require_slug(slug)
    with in_public(), transaction.atomic():
        tenant = Tenant(slug=slug, name=cleaned_name(name, longest=200), plan=plan_of(plan_slug))
        tenant.schema_name = schema_name_for(tenant.pk)
        tenant.status_changed_at = timezone.now()
        try:
            with transaction.atomic():
                tenant.save()
        except IntegrityError:
            raise Conflict(
                f"slug {slug!r} is taken, or was by a deleted tenant. Choose another.",
                pointer="/slug",
            ) from None
        _audit("tenant.created", tenant, actor, after={"slug": slug, "plan": tenant.plan.slug})
        if owner_email:
            owner = User.objects.filter(email=owner_email.strip().lower()).first()
            owner = owner or user_create(email=owner_email, actor=actor)
            member_add(tenant=tenant, user=owner, role=Role.OWNER, actor=actor)
        transaction.on_commit(partial(_provision, tenant.pk))
    tenant.refresh_from_db()
    return tenant


def tenant_provision(tenant_id: UUID) -> Tenant:
    """Make the schema of a tenant that waits for one; does nothing if it has one.

    Schema, rows of `django_migrations` and status are one transaction: killed at any point, it
    starts afresh. Raises what stopped it, which `provisioning_error` then tells.
    """
    actor = Actor.system("provisioning")
    try:
        with in_public(), transaction.atomic():
            tenant = _lock(tenant_id)
            if tenant.status == TenantStatus.PROVISIONING:
                schema_create(tenant.schema_name)
                _move(tenant, TenantStatus.ACTIVE, "tenant.provisioned", actor)
            return tenant
    except (DatabaseError, DomainError) as error:
        Tenant.objects.filter(pk=tenant_id, status=TenantStatus.PROVISIONING).update(
            provisioning_error=str(error)[:2000]
        )
        raise


def tenant_suspend(*, tenant: Tenant, reason: str, actor: Actor) -> Tenant:
    """Stop its monitors and shut its members out; nothing is lost. Raises `Conflict`."""
    if not reason.strip():
        raise InvalidField("reason: say why, for the tenant's owners read it.", pointer="/reason")
    return _step(tenant, "suspend", TenantStatus.SUSPENDED, "tenant.suspended", actor, reason)


def tenant_activate(*, tenant: Tenant, actor: Actor) -> Tenant:
    """End a suspension. Raises `Conflict`."""
    return _step(tenant, "activate", TenantStatus.ACTIVE, "tenant.activated", actor)


def tenant_delete(*, tenant: Tenant, actor: Actor, reason: str = "") -> Tenant:
    """Stop it as a suspension does, and let its data go after the grace time. Raises `Conflict`."""
    return _step(tenant, "delete", TenantStatus.PENDING_DELETION, "tenant.deleted", actor, reason)


def tenant_restore(*, tenant: Tenant, actor: Actor) -> Tenant:
    """Take a deletion back within its grace time: a suspended tenant is suspended again.

    Raises `Conflict`.
    """
    with in_public(), transaction.atomic():
        locked = _lock(tenant.pk)
        _require(locked, "restore", _FROM["restore"])
        if locked.status_before_deletion == TenantStatus.SUSPENDED:
            # Its owners read why; the reason of then is in the audit log.
            status, reason = TenantStatus.SUSPENDED, "Suspended before its deletion."
        else:
            status, reason = TenantStatus.ACTIVE, ""
        _move(locked, status, "tenant.restored", actor, reason)
    return locked


def tenant_purge(*, tenant: Tenant, actor: Actor) -> Tenant:
    """End a tenant now: its data, members and keys go for good, its row and slug stay.

    For a tenant that is pending deletion, however much of the grace time is left, and for one
    that was never provisioned. Raises `Conflict`, `MigrationsRunning`.
    """
    with in_public(), transaction.atomic():
        locked = _lock(tenant.pk)
        _require(locked, "purge", _FROM["purge"])
        schema_drop(locked.schema_name)
        ApiKey.objects.filter(tenant=locked).delete()
        Invitation.objects.filter(tenant=locked).delete()
        TokenFamily.objects.filter(tenant=locked).delete()
        Membership.objects.filter(tenant=locked).delete()
        Domain.objects.filter(tenant=locked).delete()
        _move(locked, TenantStatus.DELETED, "tenant.purged", actor)
    return locked


def lifecycles_continue(*, now: datetime) -> tuple[int, int]:
    """Finish provisioning that was interrupted and end grace times that are over.

    Returns how many tenants were provisioned and how many purged. One that fails is logged and
    tried again the next time; it holds up no other.
    """
    waiting = Tenant.objects.filter(
        status=TenantStatus.PROVISIONING, created_at__lt=now - PROVISIONING_PATIENCE
    )
    provisioned = sum(_provision(pk) for pk in waiting.values_list("pk", flat=True))
    actor = Actor.system("end of grace time")
    purged = 0
    over = Tenant.objects.filter(status=TenantStatus.PENDING_DELETION, delete_after__lte=now)
    for tenant in over:
        try:
            tenant_purge(tenant=tenant, actor=actor)
            purged += 1
        except DomainError as error:
            logger.warning("tenant.purge_waits", tenant_id=str(tenant.pk), why=error.message)
        except DatabaseError:
            logger.exception("tenant.purge_failed", tenant_id=str(tenant.pk))
    return provisioned, purged


_FROM: dict[str, Collection[TenantStatus]] = {
    "suspend": (TenantStatus.ACTIVE,),
    "activate": (TenantStatus.SUSPENDED,),
    "delete": (TenantStatus.ACTIVE, TenantStatus.SUSPENDED),
    "restore": (TenantStatus.PENDING_DELETION,),
    "purge": (TenantStatus.PENDING_DELETION, TenantStatus.PROVISIONING),
}


def _provision(tenant_id: UUID) -> bool:
    """Provision, or log why not: the row is committed, and it will be tried again."""
    try:
        tenant_provision(tenant_id)
    except DomainError as error:
        logger.warning("tenant.provisioning_waits", tenant_id=str(tenant_id), why=error.message)
        return False
    except DatabaseError:
        logger.exception("tenant.provisioning_failed", tenant_id=str(tenant_id))
        return False
    return True


def _step(
    tenant: Tenant, verb: str, status: TenantStatus, action: str, actor: Actor, reason: str = ""
) -> Tenant:
    with in_public(), transaction.atomic():
        locked = _lock(tenant.pk)
        _require(locked, verb, _FROM[verb])
        _move(locked, status, action, actor, reason)
    return locked


def _lock(tenant_id: UUID) -> Tenant:
    try:
        return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    except Tenant.DoesNotExist:
        raise NotFound("There is no such tenant.") from None


def _require(tenant: Tenant, verb: str, allowed: Collection[TenantStatus]) -> None:
    if tenant.status not in allowed:
        raise Conflict(
            f"Cannot {verb} tenant {tenant.slug}: it is {tenant.get_status_display().lower()}, "
            f"and must be {' or '.join(status.label.lower() for status in allowed)}."
        )


def _move(
    tenant: Tenant, status: TenantStatus, action: str, actor: Actor, reason: str = ""
) -> None:
    before = tenant.status
    now = timezone.now()
    ends = status == TenantStatus.PENDING_DELETION
    tenant.status = status
    tenant.status_reason = reason.strip()[:500]
    tenant.status_changed_at = now
    tenant.provisioning_error = ""
    tenant.status_before_deletion = before if ends else None
    tenant.delete_after = now + timedelta(days=setting_value(GRACE_DAYS)) if ends else None
    tenant.save(
        update_fields=[
            "status",
            "status_reason",
            "status_before_deletion",
            "status_changed_at",
            "provisioning_error",
            "delete_after",
            "updated_at",
        ]
    )
    _audit(
        action,
        tenant,
        actor,
        before={"status": before},
        after={"status": status.value, "delete_after": tenant.delete_after},
        reason=reason,
    )


def _audit(action: str, tenant: Tenant, actor: Actor, **details: Any) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="tenant",
        object_id=tenant.pk,
        object_name=tenant.slug,
        tenant_id=tenant.pk,
        **details,
    )

"""Who belongs to a tenant, and as what. A tenant always keeps an active owner.

Every change locks the tenant's row first: two owners who step down at the same time wait for each
other, and the second is told that they are the last.

`held` are the permissions of a member who acts: nobody gives or takes what they don't hold
themselves. None: staff act, whose rights are the admin's matter.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, NotFound, Stale
from tenants.choices import FamilyEnd, Role, TenantStatus
from tenants.contracts import role_permissions
from tenants.exceptions import GrantsTooMuch, LastOwner
from tenants.models import Membership, Tenant, User
from tenants.services.api_keys import api_keys_revoke_of
from tenants.services.audit import audit_record
from tenants.services.families import families_end
from tenants.validators import require_role


@transaction.atomic
def member_add(*, tenant: Tenant, user: User, role: str, actor: Actor) -> Membership:
    """Raises `Conflict` if they are a member already or the tenant is deleted."""
    role = require_role(role)
    locked = _lock(tenant.pk)
    if locked.status == TenantStatus.DELETED:
        raise Conflict(f"Tenant {tenant.slug} is deleted and takes no members.")
    membership, is_new = Membership.objects.get_or_create(
        tenant=tenant, user=user, defaults={"role": role}
    )
    if not is_new:
        raise Conflict(
            f"{user.email} is a member of {tenant.slug} already, as {membership.role}. "
            "Change that role instead.",
            pointer="/email",
        )
    _audit("member.added", membership, actor, after={"role": role})
    return membership


@transaction.atomic
def member_change_role(
    *,
    membership: Membership,
    role: str,
    actor: Actor,
    held: frozenset[str] | None = None,
    expected: datetime | None = None,
    reason: str = "",
) -> Membership:
    """Raises `LastOwner` if nobody else owns the tenant, `GrantsTooMuch`, and `Stale` where it is
    no longer as it was at `expected`, its `updated_at`. No change, no record.
    """
    role = require_role(role)
    _lock(membership.tenant_id)
    _refresh(membership, expected)
    before = membership.role
    require_may_grant(held, before)
    require_may_grant(held, role)
    if before == role:
        return membership
    if before == Role.OWNER:
        _require_another_owner(membership)
    membership.role = role
    membership.save(update_fields=["role", "updated_at"])
    _audit(
        "member.role_changed",
        membership,
        actor,
        before={"role": before},
        after={"role": role},
        reason=reason,
    )
    return membership


@transaction.atomic
def member_remove(
    *,
    membership: Membership,
    actor: Actor,
    held: frozenset[str] | None = None,
    expected: datetime | None = None,
) -> None:
    """Their sign-ins in the tenant end, and their API keys: neither comes back with them.

    Raises `LastOwner` if nobody else owns the tenant, `GrantsTooMuch`, `Stale`.
    """
    tenant = _lock(membership.tenant_id)
    _refresh(membership, expected)
    require_may_grant(held, membership.role)
    if membership.role == Role.OWNER:
        _require_another_owner(membership)
    user = membership.user
    families_end(user=user, tenant=tenant, reason=FamilyEnd.REMOVED, now=timezone.now())
    api_keys_revoke_of(user=user, tenant=tenant, actor=actor, reason="Its creator was removed.")
    _audit("member.removed", membership, actor, before={"role": membership.role})
    membership.delete()


def require_may_grant(held: frozenset[str] | None, role: str) -> None:
    """Raises `GrantsTooMuch` where the role may something that isn't held."""
    if held is not None and not role_permissions(role) <= held:
        raise GrantsTooMuch(
            f"You don't hold all rights of the role {role}; an owner can do this.", pointer="/role"
        )


def _lock(tenant_id: UUID) -> Tenant:
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def _refresh(membership: Membership, expected: datetime | None) -> None:
    """Raises `NotFound` where somebody was faster and removed it."""
    try:
        membership.refresh_from_db(fields=["role", "updated_at"])
    except Membership.DoesNotExist:
        raise NotFound("This member was removed meanwhile.") from None
    if expected is not None and membership.updated_at != expected:
        raise Stale("This member was changed since you read it.")


def _require_another_owner(membership: Membership) -> None:
    others = Membership.objects.filter(
        tenant_id=membership.tenant_id, role=Role.OWNER, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastOwner(
            f"{membership.user.email} is the only active owner of {membership.tenant.slug}. "
            "Make somebody else an owner first.",
            pointer="/role",
        )


def _audit(
    action: str,
    membership: Membership,
    actor: Actor,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
    reason: str = "",
) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="member",
        object_id=membership.user_id,
        object_name=membership.user.email,
        tenant_id=membership.tenant_id,
        before=before,
        after=after,
        reason=reason,
    )

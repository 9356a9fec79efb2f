"""Invitations: an offer by email to join a tenant, good once and for a week.

The link's token is made when the email is: nothing that opens a door waits in a queue, and only
its hash is stored.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, Stale
from tenants.contracts import role_permissions
from tenants.exceptions import InvitationNotOpen
from tenants.models import Invitation, Membership, Tenant, User
from tenants.services.audit import audit_record
from tenants.services.joining import account_prove, account_take
from tenants.services.members import member_add, require_may_grant
from tenants.services.signin import require_usable
from tenants.validators import cleaned_email, require_role

LIFETIME = timedelta(days=7)
_NEEDED = "members.write"


@transaction.atomic
def invitation_create(
    *, tenant_id: UUID, email: str, role: str, inviter: User, held: frozenset[str], actor: Actor
) -> Invitation:
    """Offer `role` to whoever reads mail at `email`; `invitation_issue` then makes the token.

    Raises `Conflict` for members and for those who have an open invitation, `GrantsTooMuch`
    beyond what is `held`, `InvalidField`.
    """
    email, role = cleaned_email(email), require_role(role)
    require_may_grant(held, role)
    tenant = Tenant.objects.select_for_update(no_key=True, of=("self",)).get(pk=tenant_id)
    if Membership.objects.filter(tenant=tenant, user__email=email).exists():
        raise Conflict(f"{email} is a member already.", pointer="/email")
    now = timezone.now()
    _end_expired(tenant, email, now)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                tenant=tenant,
                email=email,
                role=role,
                token_hash=_hash(secrets.token_urlsafe(32)),
                invited_by=inviter,
                expires_at=now + LIFETIME,
            )
    except IntegrityError:
        raise Conflict(
            f"{email} has an open invitation; revoke it to send another.", pointer="/email"
        ) from None
    _audit("invitation.created", invitation, actor, after={"email": email, "role": role})
    return invitation


@transaction.atomic
def invitation_issue(*, invitation_id: UUID) -> tuple[Invitation, str] | None:
    """A new token, to be sent at once; one from before is no good any more. None: not open."""
    invitation = _open().filter(pk=invitation_id).first()
    if invitation is None:
        return None
    token = secrets.token_urlsafe(32)
    invitation.token_hash = _hash(token)
    invitation.save(update_fields=["token_hash", "updated_at"])
    return invitation, token


def invitation_accept(*, token: str, password: str, name: str = "") -> Membership:
    """Join. Whoever has an account proves it by its password; others get one with this password.

    An offer is worth what whoever made it may still grant: it dies with their membership or their
    role. Raises `InvitationNotOpen`, `BadCredentials`, `TooManyAttempts`, `InvalidField`,
    `TenantNotUsable`, and `Conflict` for members.
    """
    known = _open(lock=False).filter(token_hash=_hash(token)).first()
    if known is None:
        raise InvitationNotOpen("This invitation is unknown, used, revoked or expired.")
    # Before the lock: checking a password takes a while.
    proven = account_prove(email=known.email, password=password)
    with transaction.atomic():
        invitation = _open().filter(pk=known.pk, token_hash=_hash(token)).first()
        if invitation is None or not _still_granted(invitation):
            raise InvitationNotOpen("This invitation is unknown, used, revoked or expired.")
        require_usable(invitation.tenant.status)
        user = account_take(email=invitation.email, name=name, password=password, proven=proven)
        actor = Actor(kind="user", id=str(user.pk), name=user.email)
        membership = member_add(
            tenant=invitation.tenant, user=user, role=invitation.role, actor=actor
        )
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at", "updated_at"])
        _audit("invitation.accepted", invitation, actor)
    return membership


@transaction.atomic
def invitation_revoke(
    *,
    invitation: Invitation,
    actor: Actor,
    reason: str = "",
    expected: datetime | None = None,
) -> Invitation:
    """The offer no longer stands. Raises `Conflict` where it was accepted.

    Raises `Stale` where it is no longer as it was at `expected`, its `updated_at`.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if expected is not None and locked.updated_at != expected:
        raise Stale("This invitation was changed since you read it.")
    if locked.accepted_at is not None:
        raise Conflict(f"{locked.email} has accepted already; change the membership instead.")
    if locked.revoked_at is None:
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at", "updated_at"])
        _audit("invitation.revoked", locked, actor, reason=reason)
    return locked


def _still_granted(invitation: Invitation) -> bool:
    inviter = Membership.objects.filter(
        tenant=invitation.tenant, user=invitation.invited_by, user__is_active=True
    ).first()
    if inviter is None:
        return False
    held = role_permissions(inviter.role)
    return _NEEDED in held and role_permissions(invitation.role) <= held


def _open(*, lock: bool = True) -> QuerySet[Invitation]:
    rows = Invitation.objects.select_related("tenant", "invited_by").filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    return rows.select_for_update(of=("self",)) if lock else rows


def _end_expired(tenant: Tenant, email: str, now: datetime) -> None:
    """One that has expired must not stand in the way of a new one."""
    Invitation.objects.filter(
        tenant=tenant, email=email, accepted_at=None, revoked_at=None, expires_at__lte=now
    ).update(revoked_at=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _audit(action: str, invitation: Invitation, actor: Actor, **details: object) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="invitation",
        object_id=invitation.pk,
        object_name=invitation.email,
        tenant_id=invitation.tenant_id,
        **details,  # type: ignore[arg-type]  # before, after or reason
    )

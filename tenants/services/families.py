"""Sign-ins: begun with a password, carried on with refresh tokens, ended for good.

Whoever ends one ends its access tokens with the next request: see `tenants.receivers`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from tenants.choices import FamilyEnd
from tenants.exceptions import RefreshRaced, TokenRefused
from tenants.models import Membership, Tenant, TokenFamily, User
from tenants.services.audit import audit_record
from tenants.services.signin import require_usable

VIEW = timedelta(minutes=15)
"""For so long staff may see the API as a member."""
RACE = timedelta(seconds=10)
"""For so long a token may come back that was just used: two tabs, or an answer that got lost."""


@transaction.atomic
def family_begin(*, membership: Membership, lifetime: timedelta, now: datetime) -> TokenFamily:
    """Record a sign-in; `membership` has its user loaded. Raises `TokenRefused`.

    Locked and looked at again: whoever takes the membership or the password away at this moment
    ends this sign-in too, or it doesn't begin.
    """
    locked = (
        Membership.objects.select_for_update(of=("self", "user"), no_key=True)
        .select_related("user", "tenant")
        .filter(pk=membership.pk, user__is_active=True, user__password=membership.user.password)
        .first()
    )
    if locked is None:
        raise TokenRefused("The account, its password or its membership has just changed.")
    family = TokenFamily.objects.create(
        user=locked.user,
        tenant=locked.tenant,
        fingerprint=locked.user.password_fingerprint(),
        current_jti=uuid4().hex,
        created_at=now,
        rotated_at=now,
        expires_at=now + lifetime,
    )
    _audit("user.signed_in", family)
    return family


@transaction.atomic
def view_begin(
    *, membership: Membership, viewer: User, reason: str, now: datetime, actor: Actor
) -> TokenFamily:
    """Let staff see the API as a member does, for `VIEW`. No token ever comes of it.

    Raises `InvalidField` without a reason, and what `require_usable` does of the tenant's status.
    """
    if not reason.strip():
        raise InvalidField("reason: say what you want to see.", pointer="/reason")
    require_usable(membership.tenant.status)
    if not membership.user.is_active:
        raise Conflict(f"{membership.user.email} is disabled, and sees nothing.")
    family = TokenFamily.objects.create(
        user=membership.user,
        tenant=membership.tenant,
        viewer=viewer,
        fingerprint=membership.user.password_fingerprint(),
        current_jti=uuid4().hex,
        created_at=now,
        rotated_at=now,
        expires_at=now + VIEW,
    )
    _audit("member.viewed", family, reason, actor)
    return family


def family_rotate(*, family_id: UUID, jti: str, lifetime: timedelta, now: datetime) -> TokenFamily:
    """Exchange the refresh token `jti` for the family's next one, whose id is `current_jti`.

    Of parallel calls one succeeds, the others raise `RefreshRaced`, and so does a call within
    `RACE` after it. Later the family ends: somebody has a token that isn't theirs. Raises
    `TokenRefused` where nothing can be refreshed any more, `TenantNotUsable` where not now.
    """
    with transaction.atomic():
        family = (
            TokenFamily.objects.select_for_update(of=("self",))
            .select_related("user", "tenant")
            .filter(pk=family_id)
            .first()
        )
        if family is None or family.ended_at is not None or family.expires_at <= now:
            raise TokenRefused("This sign-in is over; sign in again.")
        if jti == family.current_jti:
            _require_standing(family)
            family.previous_jti, family.current_jti = jti, uuid4().hex
            family.rotated_at, family.expires_at = now, now + lifetime
            family.save(update_fields=["previous_jti", "current_jti", "rotated_at", "expires_at"])
            return family
        if jti == family.previous_jti and now - family.rotated_at <= RACE:
            raise RefreshRaced("This token was used a moment ago; go on with what came of that.")
        # Not raised in here: the end must be committed.
        _end(family, FamilyEnd.REUSED, now)
        _audit("user.token_reused", family)
    raise TokenRefused("This token was used before: the sign-in is ended. Sign in again.")


@transaction.atomic
def family_end(
    *,
    family_id: UUID,
    reason: FamilyEnd,
    now: datetime,
    actor: Actor | None = None,
    note: str = "",
) -> None:
    """By the user, or by an `actor`, who adds a note for the record.

    Nothing happens where it is over already, or never was.
    """
    family = (
        TokenFamily.objects.select_for_update(of=("self",))
        .select_related("user", "tenant", "viewer")
        .filter(pk=family_id, ended_at=None)
        .first()
    )
    if family is None:
        return
    _end(family, reason, now)
    viewer = family.viewer
    if viewer is None:
        _audit("user.signed_out", family, note or reason, actor)
    else:
        by = actor or Actor(kind="staff", id=str(viewer.pk), name=viewer.email)
        _audit("member.view_ended", family, note or reason, by)


def views_end(*, viewer: User, now: datetime) -> None:
    """End what a member of staff sees as others. Within the caller's transaction."""
    for family_id in TokenFamily.objects.filter(viewer=viewer, ended_at=None).values_list(
        "pk", flat=True
    ):
        family_end(family_id=family_id, reason=FamilyEnd.VIEWED, now=now)


def families_end(
    *,
    user: User,
    reason: FamilyEnd,
    now: datetime,
    tenant: Tenant | None = None,
    but: UUID | None = None,
) -> int:
    """End the user's sign-ins, in one tenant or in all, `but` one. Within the caller's transaction.

    Returns how many. Their record is the caller's, who knows what it was for.
    """
    families = TokenFamily.objects.select_for_update().filter(user=user, ended_at=None)
    if tenant is not None:
        families = families.filter(tenant=tenant)
    ended = 0
    if but is not None:
        families = families.exclude(pk=but)
    for family in families.filter(expires_at__gt=now).order_by("pk"):
        _end(family, reason, now)
        ended += 1
    return ended


def families_prune(*, now: datetime) -> int:
    """Delete those that expired: no token of theirs is good. Returns how many.

    One statement: nobody needs to be told of each, since nothing of theirs is in the cache.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.tenants_tokenfamily WHERE expires_at < %s",
            [now - timedelta(days=1)],
        )
        return int(cursor.rowcount)


def _require_standing(family: TokenFamily) -> None:
    if not family.user.is_active or family.fingerprint != family.user.password_fingerprint():
        raise TokenRefused("The account is disabled, or its password was changed; sign in again.")
    if not Membership.objects.filter(user=family.user, tenant=family.tenant).exists():
        raise TokenRefused("The account no longer belongs to the tenant.")
    require_usable(family.tenant.status)


def _end(family: TokenFamily, reason: FamilyEnd, now: datetime) -> None:
    family.ended_at, family.end_reason = now, reason
    family.save(update_fields=["ended_at", "end_reason"])


def _audit(action: str, family: TokenFamily, reason: str = "", actor: Actor | None = None) -> None:
    user = family.user
    audit_record(
        action=action,
        actor=actor or Actor(kind="user", id=str(user.pk), name=user.email),
        object_kind="user",
        object_id=user.pk,
        object_name=user.email,
        tenant_id=family.tenant_id,
        after={"sign_in": str(family.pk), **_viewed(family)},
        reason=reason,
    )


def _viewed(family: TokenFamily) -> dict[str, str]:
    """Both of them: whose eyes, and whose place."""
    if family.viewer_id is None:
        return {}
    return {"viewer": str(family.viewer_id), "member": str(family.user_id)}

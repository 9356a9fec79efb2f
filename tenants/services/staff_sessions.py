"""Sessions of the back office: begun by signing in, looked at with each request, ended at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.setting_kinds import Number
from blip0.common.system_settings import SettingDefinition, setting_value
from tenants.choices import SessionEnd
from tenants.models import StaffSession, User
from tenants.services.audit import audit_record
from tenants.services.families import views_end

STAFF_IDLE_MINUTES: Final = SettingDefinition(
    key="staff_idle_minutes",
    label="Idle time of staff",
    help="Minutes after which a session of the back office that nobody uses is over.",
    kind=Number(least=5, most=720),
    default=lambda: 60,
)

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often `last_seen_at` is written; by so much an idle session may end early."""
_KEPT: Final = timedelta(days=30)


def idle_limit() -> timedelta:
    """How long a session may go unused. At most one query."""
    return timedelta(minutes=setting_value(STAFF_IDLE_MINUTES))


@transaction.atomic
def staff_session_begin(
    *,
    user: User,
    address: str,
    user_agent: str,
    two_factor: bool,
    lifetime: timedelta,
    now: datetime,
) -> StaffSession:
    """Record a sign-in; it is over after `lifetime` however much it is used."""
    session = StaffSession.objects.create(
        user=user,
        began_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        address=address[:45],
        user_agent=user_agent[:300],
        two_factor=two_factor,
    )
    _audit("staff.signed_in", session, Actor(kind="staff", id=str(user.pk), name=user.email))
    return session


def staff_session_standing(
    *, session_id: UUID, user_id: UUID, now: datetime
) -> StaffSession | None:
    """The session, its user loaded, if it still counts. One query, and a write once a minute.

    One that is found idle, too old, or without the second factor that its user has, ends.
    """
    session = (
        StaffSession.objects.select_related("user__two_factor")
        .filter(pk=session_id, user=user_id, ended_at=None)
        .first()
    )
    if session is None:
        return None
    reason = _over(session, now)
    if reason is not None:
        _end(session, reason, now)
        return None
    if now - session.last_seen_at >= SEEN_EVERY:
        StaffSession.objects.filter(pk=session.pk).update(last_seen_at=now)
    return session


@transaction.atomic
def staff_session_end(
    *, session_id: UUID, reason: SessionEnd, now: datetime, actor: Actor, note: str = ""
) -> bool:
    """Returns whether it was still going on; otherwise nothing happens."""
    session = StaffSession.objects.select_related("user").filter(pk=session_id).first()
    if session is None or not _end(session, reason, now):
        return False
    _audit("staff.signed_out", session, actor, note or reason.label)
    return True


def staff_sessions_end(
    *, user: User, reason: SessionEnd, now: datetime, but: UUID | None = None
) -> int:
    """End the user's sessions, `but` one. Within the caller's transaction. Returns how many.

    Their record is the caller's, who knows what it was for.
    """
    going_on = StaffSession.objects.filter(user=user, ended_at=None, expires_at__gt=now)
    if but is not None:
        going_on = going_on.exclude(pk=but)
    views_end(viewer=user, now=now)
    return going_on.update(ended_at=now, end_reason=reason)


@transaction.atomic
def staff_sessions_revoke(
    *, user: User, now: datetime, actor: Actor, note: str = "", but: UUID | None = None
) -> int:
    """End them by hand, `but` one, and record it. Returns how many."""
    ended = staff_sessions_end(user=user, reason=SessionEnd.REVOKED, now=now, but=but)
    if ended:
        audit_record(
            action="staff.sessions_ended",
            actor=actor,
            object_kind="user",
            object_id=user.pk,
            object_name=user.email,
            after={"sessions": ended},
            reason=note,
        )
    return ended


def staff_sessions_prune(*, now: datetime) -> int:
    """Delete those that were over 30 days ago. Returns how many."""
    return StaffSession.objects.filter(expires_at__lt=now - _KEPT).delete()[0]


def _over(session: StaffSession, now: datetime) -> SessionEnd | None:
    if now >= session.expires_at:
        return SessionEnd.EXPIRED
    if now - session.last_seen_at > idle_limit():
        return SessionEnd.IDLE
    if hasattr(session.user, "two_factor") and not session.two_factor:
        return SessionEnd.TWO_FACTOR
    return None


@transaction.atomic
def _end(session: StaffSession, reason: SessionEnd, now: datetime) -> bool:
    """With what they saw as a member: that stands on nothing else."""
    views_end(viewer=session.user, now=now)
    going_on = StaffSession.objects.filter(pk=session.pk, ended_at=None)
    return going_on.update(ended_at=now, end_reason=reason) == 1


def _audit(action: str, session: StaffSession, actor: Actor, reason: str = "") -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="user",
        object_id=session.user_id,
        object_name=session.user.email,
        after={
            "session": str(session.pk),
            "address": session.address,
            "two_factor": session.two_factor,
        },
        reason=reason,
    )

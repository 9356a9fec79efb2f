"""Reads over staff: where they are signed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from blip0.common.exceptions import NotFound
from tenants.models import StaffSession, User


def staff_by_email(email: str) -> User:
    """Raises `NotFound`. One query."""
    user = User.objects.filter(email=email.strip().lower(), is_staff=True).first()
    if user is None:
        raise NotFound(f"No member of staff has the address {email!r}; see staff_role list.")
    return user


def session_stands(*, now: datetime, idle: timedelta) -> Q:
    """Sessions that count at `now`: not ended, not too old, used within `idle`."""
    return Q(ended_at=None, expires_at__gt=now, last_seen_at__gte=now - idle)


def staff_sessions_standing(
    *, now: datetime, idle: timedelta, user: User | None = None
) -> QuerySet[StaffSession]:
    """The newest first, with their users; of one, or of all."""
    standing = StaffSession.objects.select_related("user").filter(
        session_stands(now=now, idle=idle)
    )
    return standing if user is None else standing.filter(user=user)

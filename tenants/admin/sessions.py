"""From the browser's session to the row that it stands on: made at sign-in, checked each time.

Whoever signs in by Django's `login()` gets a row; a session whose row doesn't stand is nobody's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.addresses import client_address
from tenants.choices import SessionEnd
from tenants.models import StaffSession, User
from tenants.services.staff_sessions import (
    staff_session_begin,
    staff_session_end,
    staff_session_standing,
)

_KEY: Final = "staff_session"


def sign_in(request: HttpRequest, user: User, *, two_factor: bool) -> None:
    """Under a new session key: one that was planted before opens nothing."""
    cast(Any, request).second_factor_given = two_factor
    login(request, user)


def session_id(request: HttpRequest) -> UUID | None:
    """The id of the row; no query."""
    held = request.session.get(_KEY)
    return UUID(held) if held else None


def standing_session(request: HttpRequest) -> StaffSession | None:
    """The row of a signed-in request, if it stands. One query."""
    held = session_id(request)
    user_id = cast(User, request.user).pk
    if held is None:
        return None
    return staff_session_standing(session_id=held, user_id=user_id, now=timezone.now())


@receiver(user_logged_in)
def _begin(request: HttpRequest, user: User, **_: Any) -> None:
    session = staff_session_begin(
        user=user,
        address=client_address(),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        two_factor=getattr(request, "second_factor_given", False),
        lifetime=timedelta(seconds=settings.SESSION_COOKIE_AGE),
        now=timezone.now(),
    )
    request.session[_KEY] = str(session.pk)


@receiver(user_logged_out)
def _end(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    held = session_id(request) if request is not None else None
    if held is not None and user is not None:
        staff_session_end(
            session_id=held,
            reason=SessionEnd.SIGNED_OUT,
            now=timezone.now(),
            actor=Actor(kind="staff", id=str(user.pk), name=user.email),
        )

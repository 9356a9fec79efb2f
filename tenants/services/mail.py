"""Emails to people: who sends them makes their token, and forgets it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from tenants.services.invitations import invitation_issue
from tenants.services.passwords import password_reset_issue
from tenants.services.signup import LIFETIME_S, SignUp, sign_up_token

_PAGES: Final = {"invitation": "/join", "password_reset": "/reset", "sign_up": "/sign-up"}
"""Where the web app takes the token of each email, if there is one."""


def invitation_send(*, invitation_id: UUID) -> bool:
    """Send the invitation. Returns False where it isn't open any more."""
    issued = invitation_issue(invitation_id=invitation_id)
    if issued is None:
        return False
    invitation, token = issued
    _send(
        "invitation",
        invitation.email,
        subject=f"Join {invitation.tenant.name} on Blip0",
        token=token,
        context={"invitation": invitation},
    )
    return True


def password_reset_send(*, email: str) -> bool:
    """Send a reset to whoever has the account. Returns False where there is none."""
    issued = password_reset_issue(email=email)
    if issued is None:
        return False
    user, token = issued
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    _send(
        "password_reset",
        user.email,
        subject="Set a new password for Blip0",
        token=token,
        context={"minutes": minutes},
    )
    return True


def sign_up_send(asked: SignUp) -> None:
    """Send the token that `sign_up_confirm` takes."""
    _send(
        "sign_up",
        asked.email,
        subject=f"Your tenant {asked.name} on Blip0",
        token=sign_up_token(asked),
        context={"asked": asked, "hours": LIFETIME_S // 3600},
    )


def _send(
    template: str, address: str, *, subject: str, token: str, context: dict[str, Any]
) -> None:
    # Behind the #, it is in no server's log, and no page tells others of it as where one came from.
    link = f"{settings.WEB_URL}{_PAGES[template]}#token={token}" if settings.WEB_URL else ""
    whole = {**context, "token": token, "link": link, "url": settings.PUBLIC_URL}
    body = render_to_string(f"emails/{template}.txt", whole)
    # A line break in a tenant's name must not become a header.
    EmailMessage(" ".join(subject.split()), body, to=[address]).send()

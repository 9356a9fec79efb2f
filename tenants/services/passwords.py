"""People change their password, or get a new one by email where they forgot it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.addresses import client_address
from blip0.common.exceptions import InvalidField
from tenants.exceptions import BadCredentials, TooManyAttempts
from tenants.models import User
from tenants.services.accounts import user_set_password
from tenants.services.signin import password_check
from tenants.services.users import require_strong
from tenants.store.attempts import attempt_count

_SEPARATOR: Final = "."


class _Generator(PasswordResetTokenGenerator):
    """Signed, good for `PASSWORD_RESET_TIMEOUT`, and void once the password or address changes."""

    key_salt = "blip0.password-reset"


_tokens = _Generator()


def password_change(
    *,
    user: User,
    current: str,
    new: str,
    actor: Actor,
    stay: UUID | None = None,
    session: UUID | None = None,
) -> User:
    """End all sign-ins but the one that is to `stay`, and all of staff's sessions but `session`.

    Raises `InvalidField` and `TooManyAttempts`.
    """
    try:
        checked = password_check(email=user.email, password=current)
    except BadCredentials:
        raise InvalidField(
            "current_password: it is wrong.", pointer="/current_password", code="wrong_password"
        ) from None
    require_strong(new, checked, pointer="/new_password")
    return user_set_password(user=checked, password=new, actor=actor, stay=stay, session=session)


def password_reset_count(*, email: str) -> None:
    """Count a request for a reset, whether there is such an account or not.

    Raises `TooManyAttempts`: nobody's mailbox is flooded.
    """
    if wait := attempt_count(account=f"reset:{email}", address=client_address()):
        raise TooManyAttempts(f"Too many requests; try again in {wait} s.", retry_after_s=wait)


def password_reset_issue(*, email: str) -> tuple[User, str] | None:
    """The account and a token to set its password with. None where there is nobody to send it to.

    Staff are left out: a mailbox must not open the back office.
    """
    user = User.objects.filter(
        email=email.strip().lower(), is_active=True, is_staff=False, is_superuser=False
    ).first()
    if user is None:
        return None
    return user, f"{user.pk.hex}{_SEPARATOR}{_tokens.make_token(user)}"


@transaction.atomic
def password_reset_confirm(*, token: str, password: str) -> None:
    """Set the password; the token is used up, and all sign-ins end. Raises `InvalidField`."""
    user = _owner(token)
    if user is None:
        raise InvalidField(
            "token: it is unknown, used or expired; ask for another.",
            pointer="/token",
            code="reset_token_invalid",
        )
    require_strong(password, user)
    actor = Actor(kind="user", id=str(user.pk), name=user.email)
    user_set_password(user=user, password=password, actor=actor)


def _owner(token: str) -> User | None:
    """Locked: of two who use a token at once, the second finds it used."""
    encoded, _, rest = token.partition(_SEPARATOR)
    try:
        user_id = UUID(encoded)
    except ValueError:
        return None
    user = (
        User.objects.select_for_update(no_key=True)
        .filter(pk=user_id, is_active=True, is_staff=False, is_superuser=False)
        .first()
    )
    return user if user is not None and _tokens.check_token(user, rest) else None

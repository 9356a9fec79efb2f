"""People's accounts."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from tenants.models import User
from tenants.services.audit import audit_record
from tenants.validators import cleaned_email


def user_create(
    *,
    email: str,
    actor: Actor,
    name: str = "",
    password: str | None = None,
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Create an account; without a password it can't sign in until one is set.

    Raises `InvalidField` for a bad address or a weak password, `Conflict` if the address is taken.
    """
    email = cleaned_email(email)
    if password is not None:
        require_strong(password, User(email=email, name=name))
    with transaction.atomic():
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    email,
                    password,
                    name=name.strip(),
                    is_staff=is_staff or is_superuser,
                    is_superuser=is_superuser,
                )
        except IntegrityError:
            raise Conflict(f"email {email!r} has an account already.", pointer="/email") from None
        audit_record(
            action="user.created",
            actor=actor,
            object_kind="user",
            object_id=user.pk,
            object_name=email,
            after={"email": email, "is_staff": user.is_staff, "is_superuser": user.is_superuser},
        )
    return user


def require_strong(password: str, user: User, *, pointer: str = "/password") -> None:
    """Raises `InvalidField`, with all rules that it breaks."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidField(" ".join(error.messages), pointer=pointer) from None

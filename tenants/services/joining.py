"""The account of somebody who has proven to read an address's mail: theirs, or a new one."""

from __future__ import annotations

from django.db import transaction

from blip0.common.actors import Actor
from tenants.exceptions import BadCredentials
from tenants.models import User
from tenants.services.accounts import user_set_password
from tenants.services.signin import password_check
from tenants.services.users import require_strong, user_create


def account_prove(*, email: str, password: str) -> User | None:
    """The account of the address, its password found right where it has one. None: there is none.

    To be called before anything is locked that others wait for: checking a password takes a while.
    Raises `BadCredentials` and `TooManyAttempts`.
    """
    user = User.objects.filter(email=email).first()
    if user is not None and user.has_usable_password():
        return password_check(email=email, password=password)
    return user


@transaction.atomic
def account_take(*, email: str, name: str, password: str, proven: User | None) -> User:
    """The account, made or given its first password here where it must be.

    `proven` is what `account_prove` gave; whoever changed the password since must prove it anew.
    Raises `BadCredentials` and `InvalidField`.
    """
    user = User.objects.select_for_update(no_key=True).filter(email=email).first()
    if user is None:
        actor = Actor(kind="user", id="", name=email)
        return user_create(email=email, name=name, password=password, actor=actor)
    is_shut = not user.is_active
    if not is_shut and not user.has_usable_password():
        # Whoever reads the mail may set the first password, as with a reset: not staff's.
        if not (user.is_staff or user.is_superuser):
            require_strong(password, user)
            actor = Actor(kind="user", id=str(user.pk), name=user.email)
            return user_set_password(user=user, password=password, actor=actor)
        is_shut = True
    if is_shut or proven is None or proven.password != user.password:
        raise BadCredentials("Email or password is wrong, or the account is disabled.")
    return user

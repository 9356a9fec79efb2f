"""Signing in: whose credentials these are, and for which tenant."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from prometheus_client import Counter

from blip0.common.actors import Actor
from blip0.common.addresses import client_address
from blip0.common.metrics import METRICS, harmless
from tenants.choices import TenantStatus
from tenants.exceptions import (
    BadCredentials,
    NotAMember,
    TenantNotUsable,
    TenantRequired,
    TooManyAttempts,
)
from tenants.models import Membership, User
from tenants.services.audit import audit_record
from tenants.store.attempts import attempt_count, attempt_forgive

RESULTS: Final = ("right", "wrong", "slowed")
_PASSWORDS: Final = Counter(
    "blip0_sign_in_passwords",
    "Passwords that were given at any door: right, wrong, or not looked at, after too many.",
    ["result"],
    registry=METRICS,
)
for _result in RESULTS:
    _PASSWORDS.labels(_result)


@harmless
def _count(result: str) -> None:
    _PASSWORDS.labels(result).inc()


class CountingBackend(ModelBackend):
    """Whoever checks a password, at whichever door, passes here: failures are counted.

    An unknown address takes as long as a wrong password, and counts the same.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **others: Any,
    ) -> Any:
        """Raises `TooManyAttempts`."""
        account = username or others.get(User.USERNAME_FIELD)
        if account is None or password is None:
            return None
        address = client_address()
        if wait := attempt_count(account=account, address=address):
            _count("slowed")
            raise TooManyAttempts(
                f"Too many failed attempts; try again in {wait} s.", retry_after_s=wait
            )
        user = super().authenticate(request, username=account, password=password)
        _count("wrong" if user is None else "right")
        if user is not None:
            attempt_forgive(account=account, address=address)
        return user


def password_check(*, email: str, password: str) -> User:
    """Whose these are. Raises `BadCredentials`, for a disabled user too, and `TooManyAttempts`."""
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise BadCredentials("Email or password is wrong, or the account is disabled.")
    return user


def sign_in(*, email: str, password: str, tenant_slug: str | None = None) -> Membership:
    """The membership that these credentials open, its user and tenant loaded. Two queries.

    Raises what `password_check` does; and `NotAMember`, `TenantRequired` and `TenantNotUsable` for
    those whose password is right.
    """
    user = password_check(email=email, password=password)
    return membership_choose(user=user, tenant_slug=tenant_slug)


def staff_sign_in_refused(*, email: str) -> None:
    """Record that a password failed at the back office's door.

    What was typed for no account of staff isn't kept: it may be a password. It takes as long.
    """
    user = User.objects.filter(email=email.strip().lower(), is_staff=True).first()
    audit_record(
        action="staff.sign_in_refused",
        actor=Actor.system("sign-in"),
        object_kind="user",
        object_id=user.pk if user else "unknown",
        object_name=user.email if user else "",
        after={"address": client_address()},
    )


def membership_choose(*, user: User, tenant_slug: str | None) -> Membership:
    """The user's membership in the tenant that is named, or in their only one. One query.

    Raises `NotAMember`, `TenantRequired` and `TenantNotUsable`.
    """
    memberships = list(Membership.objects.of_person(user.pk))
    if tenant_slug is not None:
        named = [each for each in memberships if each.tenant.slug == tenant_slug]
        if not named:
            raise NotAMember(f"You don't belong to a tenant {tenant_slug!r}.", pointer="/tenant")
        memberships = named
    if not memberships:
        raise NotAMember("You don't belong to any tenant; ask for an invitation.")
    if len(memberships) > 1:
        raise TenantRequired([each.tenant.slug for each in memberships])
    membership = memberships[0]
    require_usable(membership.tenant.status)
    membership.user = user
    return membership


def require_usable(status: str) -> None:
    """Members may work only in an active tenant. Raises `TenantNotUsable`."""
    if status == TenantStatus.SUSPENDED:
        raise TenantNotUsable("This tenant is suspended.", code="tenant_suspended")
    if status != TenantStatus.ACTIVE:
        raise TenantNotUsable("This tenant can't be used.", code="tenant_not_usable")

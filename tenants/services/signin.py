"""Signing in: whose credentials these are, and for which tenant."""

from __future__ import annotations

from django.contrib.auth import authenticate

from tenants.choices import TenantStatus
from tenants.exceptions import BadCredentials, NotAMember, TenantNotUsable, TenantRequired
from tenants.models import Membership, Tenant, User

_NEVER_USABLE = (TenantStatus.PROVISIONING, TenantStatus.DELETED)


def sign_in(*, email: str, password: str, tenant_slug: str | None = None) -> Membership:
    """The membership that these credentials open, its user and tenant loaded. Two queries.

    An unknown address takes as long as a wrong password, and both give `BadCredentials`, as does
    a disabled user. Raises `NotAMember`, `TenantRequired` and `TenantNotUsable` too, for those
    whose password is right.
    """
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise BadCredentials("Email or password is wrong, or the account is disabled.")
    memberships = list(
        Membership.objects.filter(user=user)
        .exclude(tenant__status__in=_NEVER_USABLE)
        .select_related("tenant")
        .order_by("tenant__slug")
    )
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
    require_usable(membership.tenant)
    membership.user = user
    return membership


def require_usable(tenant: Tenant) -> None:
    """Members may work only in an active tenant. Raises `TenantNotUsable`."""
    if tenant.status == TenantStatus.SUSPENDED:
        raise TenantNotUsable("This tenant is suspended.", code="tenant_suspended")
    if tenant.status != TenantStatus.ACTIVE:
        raise TenantNotUsable("This tenant can't be used.", code="tenant_not_usable")

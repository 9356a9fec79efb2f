"""Which tenant a member of staff is working inside: kept in their session, checked each time."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest

from blip0.common.admin.base import actor_of
from blip0.common.tenancy import NoTenant, in_public
from tenants.models import Tenant
from tenants.services.visits import tenant_enter, tenant_leave

_KEY = "staff_tenant"


def is_staff(request: HttpRequest) -> bool:
    """Whether an active member of staff is signed in."""
    user = request.user
    return user.is_authenticated and user.is_active and user.is_staff


def entered_tenant(request: HttpRequest) -> Tenant | None:
    """The tenant that this member of staff has entered. At most one query a request.

    One that has lost its schema meanwhile is left.
    """
    held = cast(Any, request)
    if not hasattr(held, "entered_tenant"):
        held.entered_tenant = _entered(request) if is_staff(request) else None
    return cast("Tenant | None", held.entered_tenant)


def enter(request: HttpRequest, tenant: Tenant, reason: str) -> None:
    """Raises what `tenant_enter` raises. Leaves another tenant first."""
    leave(request)
    inside = tenant_enter(tenant=tenant, reason=reason, actor=actor_of(request))
    request.session[_KEY] = str(inside.pk)
    cast(Any, request).entered_tenant = inside


def leave(request: HttpRequest) -> None:
    """Does nothing outside any tenant."""
    tenant = entered_tenant(request)
    if tenant is not None:
        tenant_leave(tenant=tenant, actor=actor_of(request))
    request.session.pop(_KEY, None)
    cast(Any, request).entered_tenant = None


def _entered(request: HttpRequest) -> Tenant | None:
    tenant_id = request.session.get(_KEY)
    if tenant_id is None:
        return None
    with in_public():
        inside = Tenant.objects.with_schema().filter(pk=tenant_id).first()
        if inside is not None:
            return inside
        del request.session[_KEY]
        gone = Tenant.objects.filter(pk=tenant_id).first()
        if gone is not None:
            status = gone.get_status_display().lower()
            tenant_leave(tenant=gone, actor=actor_of(request), reason=f"It is {status}.")
            messages.warning(request, f"You have left {gone.slug}: it is {status}.")
    return None


def current_tenant(request: HttpRequest) -> Tenant:
    """The entered tenant, on a page that is only reached inside one."""
    tenant = entered_tenant(request)
    if tenant is None:
        raise NoTenant("This page belongs to a tenant, and none is entered.")
    return tenant

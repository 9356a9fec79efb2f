"""Which tenant a member of staff is working inside: kept in their session, checked each time."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from blip0.common.admin.base import actor_of
from blip0.common.tenancy import NoTenant, in_public
from tenants.models import Tenant
from tenants.services.visits import tenant_enter, tenant_leave

_KEY = "staff_tenant"
_PERMISSION = "tenants.enter_tenant"


def is_staff(request: HttpRequest) -> bool:
    """Whether an active member of staff is signed in."""
    user = request.user
    return user.is_authenticated and user.is_active and user.is_staff


def entered_tenant(request: HttpRequest) -> Tenant | None:
    """The tenant that this member of staff has entered. At most one query a request.

    One that has lost its schema meanwhile is left, and so is any by those who lost the right.
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


@receiver(user_logged_out)
def _leave_at_sign_out(request: HttpRequest | None, **_: Any) -> None:
    """Signing out ends the visit too, and the audit log says so."""
    if request is not None:
        leave(request)


def _entered(request: HttpRequest) -> Tenant | None:
    tenant_id = request.session.get(_KEY)
    if tenant_id is None:
        return None
    with in_public():
        permitted = request.user.has_perm(_PERMISSION)
        inside = Tenant.objects.with_schema().filter(pk=tenant_id).first()
        if inside is not None and permitted:
            return inside
        del request.session[_KEY]
        left = Tenant.objects.filter(pk=tenant_id).first()
        if left is not None:
            status = left.get_status_display().lower()
            why = f"it is {status}" if permitted else "you may no longer enter tenants"
            tenant_leave(tenant=left, actor=actor_of(request), reason=f"Ended: {why}.")
            messages.warning(request, f"You have left {left.slug}: {why}.")
    return None


def current_tenant(request: HttpRequest) -> Tenant:
    """The entered tenant, on a page that is only reached inside one."""
    tenant = entered_tenant(request)
    if tenant is None:
        raise NoTenant("This page belongs to a tenant, and none is entered.")
    return tenant

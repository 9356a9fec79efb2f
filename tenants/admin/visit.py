"""Which tenant a member of staff is working inside: kept in their session, checked each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from blip0.common.admin.base import actor_of
from blip0.common.tenancy import NoTenant, in_public
from tenants.models import Tenant
from tenants.services.visits import tenant_changes_allow, tenant_enter, tenant_leave

_KEY = "staff_tenant"
_PERMISSION = "tenants.enter_tenant"
_WRITES = "staff_tenant_writes_until"
_RECENT = "staff_recent_tenants"

WRITING: Final = timedelta(minutes=30)
"""How long staff may change what is the tenant's before they must say so again."""
RECENT: Final = 5
"""Tenants that the switcher offers."""


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
    others = [entry for entry in recent_tenants(request) if entry[0] != str(inside.pk)]
    request.session[_RECENT] = [(str(inside.pk), inside.slug), *others][:RECENT]
    cast(Any, request).entered_tenant = inside


def recent_tenants(request: HttpRequest) -> list[tuple[str, str]]:
    """Id and slug of those that were entered in this session, the last one first. No query."""
    return [(pk, slug) for pk, slug in request.session.get(_RECENT, [])]


def may_write_until(request: HttpRequest) -> datetime | None:
    """Until when what is the entered tenant's may be changed; None: it is only looked at."""
    if entered_tenant(request) is None or _WRITES not in request.session:
        return None
    until = datetime.fromisoformat(request.session[_WRITES])
    return until if until > timezone.now() else None


def allow_changes(request: HttpRequest, tenant: Tenant) -> datetime:
    """From now on, and for `WRITING`. Returns when it ends."""
    tenant_changes_allow(tenant=tenant, actor=actor_of(request))
    until = timezone.now() + WRITING
    request.session[_WRITES] = until.isoformat()
    return until


def leave(request: HttpRequest) -> None:
    """Does nothing outside any tenant."""
    tenant = entered_tenant(request)
    if tenant is not None:
        tenant_leave(tenant=tenant, actor=actor_of(request))
    request.session.pop(_KEY, None)
    request.session.pop(_WRITES, None)
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

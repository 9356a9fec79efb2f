"""What holds for every page of the back office: whose session it is, and which tenant's pages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from blip0.common.system_settings import setting_value
from blip0.common.tenancy import in_tenant
from tenants.admin.sessions import standing_session
from tenants.admin.visit import entered_tenant, is_staff, may_write_until
from tenants.models import User
from tenants.services.accounts import STAFF_TIME_ZONE
from tenants.services.two_factor import STAFF_TWO_FACTOR


class StaffSessionMiddleware:
    """Who is signed in at `/admin/…` stays so only while their session stands.

    Where the setting wants a second factor, those without one reach the page that sets it up, and
    nothing else. Times are in the viewer's zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.index = reverse("admin:index")
        self.set_up = reverse("staff-two-factor")
        self.open = (self.set_up, reverse("admin:logout"), reverse("admin:jsi18n"))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if request.path.startswith(self.index) else None
        if not isinstance(user, User):
            return self.get_response(request)
        session = standing_session(request)
        if session is None:
            logout(request)
            messages.warning(request, "Your session is over: sign in again.")
            return self.get_response(request)
        is_proved = session.two_factor or request.path in self.open
        if not is_proved and user.is_staff and setting_value(STAFF_TWO_FACTOR):
            messages.warning(request, "Set up two-factor sign-in first: the platform requires it.")
            return redirect(self.set_up)
        with timezone.override(_zone_of(user)):
            return self.get_response(request)


def _zone_of(user: User) -> tzinfo:
    """The user's, or the setting's. One that a newer system no longer knows counts as UTC."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone or setting_value(STAFF_TIME_ZONE))
    except zoneinfo.ZoneInfoNotFoundError:
        return UTC


class StaffTenantMiddleware:
    """Runs `/admin/<tenant-owned app>/…` inside the entered tenant's schema, for staff only.

    Without one, such a page leads to the list of tenants: its tables aren't in public. Everybody
    else goes on to the admin, which sends them to its sign-in. No other URL is touched.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        index = reverse("admin:index")
        # `r/` is Django's short cut to any object of any model.
        self.prefixes = tuple(f"{index}{app}/" for app in [*settings.TENANT_APPS, "r"])
        self.autocomplete = reverse("admin:autocomplete")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._is_owned_by_tenants(request) or not is_staff(request):
            return self.get_response(request)
        tenant = entered_tenant(request)
        if tenant is None:
            messages.warning(request, "Choose a tenant first, and enter it from its page.")
            return redirect("admin:tenants_tenant_changelist")
        cast(Any, request).may_write = may_write_until(request) is not None
        with in_tenant(tenant.pk):
            return self.get_response(request)

    def _is_owned_by_tenants(self, request: HttpRequest) -> bool:
        if request.path == self.autocomplete:
            return request.GET.get("app_label") in settings.TENANT_APPS
        return request.path.startswith(self.prefixes)

"""Brings pages of tenant-owned models into the tenant that staff have entered."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from blip0.common.tenancy import in_tenant
from tenants.admin.visit import entered_tenant, is_staff


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
        with in_tenant(tenant.pk):
            return self.get_response(request)

    def _is_owned_by_tenants(self, request: HttpRequest) -> bool:
        if request.path == self.autocomplete:
            return request.GET.get("app_label") in settings.TENANT_APPS
        return request.path.startswith(self.prefixes)

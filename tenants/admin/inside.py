"""The ways into a tenant, to changing what is inside, and out again: buttons of its page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from blip0.common.admin.actions import ReasonForm, held, object_action
from blip0.common.admin.base import PlatformAdmin
from blip0.common.admin.display import minute
from blip0.common.exceptions import Conflict
from tenants.admin.visit import allow_changes, enter, entered_tenant, leave
from tenants.choices import TenantStatus
from tenants.models import Tenant


class WaysInside(PlatformAdmin[Tenant]):
    """Looking takes a reason, changing a second step, leaving a click."""

    has_enter_permission = held("tenants.enter_tenant")
    has_write_inside_permission = held("tenants.write_inside_tenant")

    def get_urls(self) -> list[Any]:
        leaving = self.admin_site.admin_view(self.leave_view)
        going = self.admin_site.admin_view(self.go_view)
        return [
            path("leave/", leaving, name="tenants_tenant_leave"),
            path("<path:object_id>/go/", going, name="tenants_tenant_go"),
            *super().get_urls(),
        ]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Who is inside needs no way in."""
        found = super().get_actions_detail(request, object_id)
        inside = entered_tenant(request)
        if inside is None or str(inside.pk) != unquote(object_id):
            return found
        return [one for one in found if one.method.__name__ != "work_inside"]

    @object_action(
        "Work inside this tenant",
        explain="You will see this tenant's monitors and triggers. To change any of them takes a "
        "second step, once you are inside. The audit log keeps that you went in, why, and when you "
        "left.",
        permissions=["enter"],
        form=ReasonForm,
        when=lambda tenant: tenant.status not in (TenantStatus.PROVISIONING, TenantStatus.DELETED),
        icon="meeting_room",
    )
    def work_inside(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> HttpResponse:
        enter(request, obj, data["reason"])
        return redirect(_next(request) or self.change_url(obj.pk))

    @object_action(
        "Allow changes",
        explain="For half an hour you may change this tenant's monitors and triggers as your role "
        "allows. What you change reaches the runtime at once, and its members read in their audit "
        "log that it was you.",
        permissions=["write_inside"],
        when=lambda _tenant: False,  # the banner has the button
        icon="edit",
    )
    def allow_changes(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> str:
        if entered_tenant(request) != obj:
            raise Conflict(f"You aren't inside {obj.slug}. Enter it first.")
        until = allow_changes(request, obj)
        return f"You may change what is {obj.slug}'s until {minute(until)}."

    def go_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To a page inside the tenant: at once for those who are there, else by the way in."""
        if not self.has_enter_permission(request):
            raise PermissionDenied
        tenant = self.get_object(request, unquote(object_id))
        if tenant is None:
            raise Http404
        wanted = _next(request) or self.change_url(tenant.pk)
        if entered_tenant(request) == tenant:
            return redirect(wanted)
        enters = reverse("admin:tenants_tenant_work_inside", args=[tenant.pk])
        return redirect(f"{enters}?{urlencode({'next': wanted})}")

    def leave_view(self, request: HttpRequest) -> HttpResponse:
        """The banner's button. A GET would let any link do it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        tenant = entered_tenant(request)
        leave(request)
        if tenant is None:
            return redirect("admin:tenants_tenant_changelist")
        self.message_user(request, f"You have left {tenant.slug}.", messages.SUCCESS)
        return redirect(self.change_url(tenant.pk))


def _next(request: HttpRequest) -> str:
    """The page of the back office that the request wants to go on to; empty without one."""
    wanted = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and wanted.startswith(reverse("admin:index")) else ""

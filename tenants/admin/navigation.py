"""The sidebar, and what every page of the admin knows: the entered tenant."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from tenants.admin.visit import entered_tenant

CHOOSE = ("tenants.Tenant", "meeting_room", "Choose a tenant first")


def page_context(request: HttpRequest) -> dict[str, Any]:
    """`UNFOLD["GLOBAL_CALLBACK"]`: the banner's tenant."""
    return {"entered_tenant": entered_tenant(request)}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """`UNFOLD["SIDEBAR"]["navigation"]`: the groups of `ADMIN_SIDEBAR`, with what one may see.

    Tenant-owned models are there once a tenant is entered; until then, a way to choose one.
    """
    tenant = entered_tenant(request)
    groups = []
    for name, entries in settings.ADMIN_SIDEBAR.items():
        title = name
        items = [_item(request, label, icon) for label, icon in entries]
        if entries[0][0].partition(".")[0] in settings.TENANT_APPS:
            if tenant is None:
                items = [_item(request, *CHOOSE)]
            else:
                title = f"{name}: {tenant.slug}"
        groups.append({"title": title, "separator": True, "items": items})
    return groups


def _item(request: HttpRequest, label: str, icon: str, title: str = "") -> dict[str, Any]:
    model = apps.get_model(label)
    allowed = admin.site.get_model_admin(model).has_view_permission(request)
    return {
        # Unfold marks titles as safe: these are ours.
        "title": title or capfirst(str(model._meta.verbose_name_plural)),
        "icon": icon,
        "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
        "permission": lambda _request: allowed,
        **({"active": False} if title else {}),
    }

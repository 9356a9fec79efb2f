"""The sidebar, and what every page of the admin knows: the entered tenant."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from blip0.common.admin.pages import ADMIN_PAGES
from blip0.common.admin.searching import SEARCHES
from blip0.common.maintenance import maintenance_notice
from tenants.admin.visit import entered_tenant, may_write_until, recent_tenants

CHOOSE = ("tenants.Tenant", "meeting_room")


def page_context(request: HttpRequest) -> dict[str, Any]:
    """`UNFOLD["GLOBAL_CALLBACK"]`: the banners' tenant, and what staff announce."""
    return {
        "entered_tenant": entered_tenant(request),
        "may_write_until": may_write_until(request),
        "maintenance_notice": maintenance_notice(),
    }


def inside_label(request: HttpRequest) -> list[str] | None:
    """`UNFOLD["ENVIRONMENT"]`: where one is, in the header of every page."""
    tenant = entered_tenant(request)
    if tenant is None:
        return None
    return [f"Inside {tenant.slug}", "danger" if may_write_until(request) else "warning"]


def switcher(request: HttpRequest) -> list[dict[str, Any]]:
    """`UNFOLD["SITE_DROPDOWN"]`: the tenants entered last, and all of them."""
    if not request.user.has_perm("tenants.enter_tenant"):
        return []
    monitors = reverse("admin:monitors_monitor_changelist")
    recent = [
        {
            "icon": "meeting_room",
            "title": slug,
            "link": f"{reverse('admin:tenants_tenant_go', args=[pk])}?next={monitors}",
        }
        for pk, slug in recent_tenants(request)
    ]
    every = reverse("admin:tenants_tenant_changelist")
    return [*recent, {"icon": "search", "title": "Find a tenant", "link": every}]


def found(request: HttpRequest, _lowered: str) -> list[SearchResult]:
    """`UNFOLD["COMMAND"]["search_callback"]`: what all `SEARCHES` find that one may see."""
    term = request.GET.get("s", "").strip()  # as typed: addresses may differ by case alone
    return [result for search in SEARCHES.values() for result in search(request, term)]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """`UNFOLD["SIDEBAR"]["navigation"]`: the groups of `ADMIN_SIDEBAR`, with what one may see.

    Tenant-owned models are there once a tenant is entered; until then, a way to choose one.
    """
    tenant = entered_tenant(request)
    permitted = {
        entry["model"]._meta.label: (entry["name"], entry["admin_url"])
        for app in admin.site.get_app_list(request)
        for entry in app["models"]
    }
    pages = (page for page in ADMIN_PAGES.values() if page.permitted(request))
    permitted |= {page.key: (page.title, page.url) for page in pages}
    groups = []
    for name, entries in settings.ADMIN_SIDEBAR.items():
        shown = [_item(permitted[label], icon) for label, icon in entries if label in permitted]
        title = name
        if entries[0][0].partition(".")[0] in settings.TENANT_APPS:
            if tenant is not None:
                title = f"{name}: {tenant.slug}"
            else:
                label, icon = CHOOSE
                choose = {"title": "Choose a tenant first", "active": False}
                shown = [_item(permitted[label], icon) | choose] if label in permitted else []
        groups.append({"title": title, "separator": True, "items": shown})
    return [group for group in groups if group["items"]]


def _item(titled: tuple[str, str], icon: str) -> dict[str, Any]:
    # Unfold marks titles as safe: these are ours, never anybody's input.
    title, url = titled
    return {"title": title, "icon": icon, "link": url}

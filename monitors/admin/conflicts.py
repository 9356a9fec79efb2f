"""Contract specs in conflict, over all tenants: what the last look has found, and a new look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join

from blip0.common.admin.display import object_link, stamp
from blip0.common.admin.pages import admin_page
from blip0.common.commits import after_commit
from monitors.selectors import SHORT_HASH
from monitors.tasks import look_for_spec_conflicts
from platform_catalog.models import SpecConflictLook
from tenants.models import Tenant

PER_PAGE: Final = 25
AWAITED: Final = timedelta(minutes=2)
"""How long a page follows a look that was asked for."""


@admin_page(
    "spec-conflicts",
    title="Contract specs in conflict",
    permissions=("tenants.view_tenant", "monitors.view_contractspec"),
    template="admin/monitors/spec_conflicts.html",
    asks=True,
)
def spec_conflicts_page(request: HttpRequest) -> Mapping[str, Any] | HttpResponse:
    """It reads what was found; a POST has a worker look anew. `?asked=`: since when one waits."""
    if request.method == "POST":
        asked_now = timezone.now().isoformat()
        after_commit(
            look_for_spec_conflicts.apply_async,
            (asked_now,),
            expires=AWAITED.total_seconds(),
            retry=False,
        )
        return redirect(f"{request.path}?{urlencode({'asked': asked_now})}")
    look = SpecConflictLook.objects.first()
    conflicts = look.conflicts if look else []
    page = Paginator(conflicts, PER_PAGE).get_page(request.GET.get("page"))
    asked = _asked(request)
    lacks = asked is not None and (look is None or look.looked_at < asked)
    link = cache(partial(object_link, Tenant))  # a tenant may be in every line
    return {
        "look": look,
        "looked": stamp(look.looked_at if look else None),
        "seconds": f"{look.duration_ms / 1000:,.1f}" if look else "",
        "more": look.number - len(conflicts) if look else 0,
        "awaited": lacks and asked is not None and timezone.now() - asked < AWAITED,
        "lacks": lacks,
        "page": page,
        "table": {
            "headers": ["network", "address", "specs and who brings them"],
            "rows": [_row(conflict, link) for conflict in page],
        },
    }


def _asked(request: HttpRequest) -> datetime | None:
    try:
        asked = parse_datetime(request.GET.get("asked", ""))
    except ValueError:  # a month 13
        return None
    return asked if asked and timezone.is_aware(asked) else None


def _row(conflict: Mapping[str, Any], link: Callable[[str, str], str]) -> list[str]:
    lines: list[str] = [
        format_html(
            "<code>{}</code> {}", spec["sha256"][:SHORT_HASH] or "no spec", _holders(spec, link)
        )
        for spec in conflict["specs"]
    ]
    if conflict["more"]:
        lines.append(f"and {conflict['more']:,} more specs")
    items = format_html_join("", '<li class="py-1">{}</li>', ((line,) for line in lines))
    return [conflict["network"], conflict["address"], format_html("<ul>{}</ul>", items)]


def _holders(spec: Mapping[str, Any], link: Callable[[str, str], str]) -> str:
    names = format_html_join(
        "; ",
        "{}: {}",
        (
            (link(tenant_id, slug), ", ".join(monitors))
            for tenant_id, slug, monitors in spec["tenants"]
        ),
    )
    return format_html("{}; and {} more", names, f"{spec['more']:,}") if spec["more"] else names

"""Contract specs in conflict, over all tenants: only looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from blip0.common.admin.display import object_link
from blip0.common.admin.pages import admin_page
from monitors.selectors import SHORT_HASH, SpecConflict, SpecHolder, spec_conflicts
from tenants.models import Tenant

SHOWN_CONFLICTS = 200
SHOWN_HOLDERS = 50
"""Monitors of each spec."""
_EXPLAIN = (
    "Monitors bring different contract specs for one address of a network. The runtime decodes "
    "with one of them, for all monitors of all tenants: functions and events that the others name "
    "may then never match. Those without a spec are decoded with one of these, too."
)


@admin_page(
    "spec-conflicts",
    title="Contract specs in conflict",
    permissions=("tenants.view_tenant", "monitors.view_contractspec"),
)
def spec_conflicts_page(_request: HttpRequest) -> Mapping[str, Any]:
    conflicts = spec_conflicts()
    more = len(conflicts) - SHOWN_CONFLICTS
    hint = f" {more} more are listed by manage.py spec_conflicts." if more > 0 else ""
    return {
        "explain": f"{_EXPLAIN}{hint}",
        "table": {
            "headers": ["network", "address", "specs and who brings them"],
            "rows": [_row(conflict) for conflict in conflicts[:SHOWN_CONFLICTS]],
        },
    }


def _row(conflict: SpecConflict) -> list[str]:
    lines = format_html_join(
        "",
        '<li class="py-1"><code>{}</code> {}</li>',
        (
            (sha256[:SHORT_HASH] or "no spec", _holders(holders))
            for sha256, holders in conflict.specs.items()
        ),
    )
    return [conflict.network, conflict.address, format_html("<ul>{}</ul>", lines)]


def _holders(holders: Sequence[SpecHolder]) -> str:
    shown = holders[:SHOWN_HOLDERS]
    by_tenant = groupby(shown, key=lambda holder: (holder.tenant_id, holder.tenant))
    names = format_html_join(
        "; ",
        "{}: {}",
        (
            (object_link(Tenant, tenant_id, slug), ", ".join(holder.monitor for holder in some))
            for (tenant_id, slug), some in by_tenant
        ),
    )
    more = len(holders) - len(shown)
    return format_html("{}; and {} more", names, more) if more else names

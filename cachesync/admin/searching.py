"""Monitors of any tenant, and the catalogue, found from any page: by `ProjectedDocument` alone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from blip0.common.admin.searching import FOUND, SEARCHES
from cachesync.keys import KIND_MONITOR
from cachesync.models import ProjectedDocument
from tenants.admin.scopes import names_of

ADMINS = {"network": "platform_catalog_network", "filter": "platform_catalog_filterscript"}


def search_documents(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """By slug, name, id or a watched address. Two queries."""
    if not request.user.has_perm("cachesync.view_projecteddocument"):
        return
    spellings = {term, term.lower(), term.upper()}
    matching = (
        Q(slug__istartswith=term)
        | Q(name__icontains=term)
        | Q(object_id=term.lower())
        | Q(addresses__overlap=sorted(spellings))
    )
    rows = list(ProjectedDocument.objects.filter(matching).order_by()[:FOUND])
    names = names_of(sorted({row.scope for row in rows}))
    for row in rows:
        yield SearchResult(
            title=row.name or row.slug,
            description=f"{row.get_state_display()} {row.kind} {row.slug} of {names[row.scope]}",
            link=_link(row),
            icon="radar" if row.kind == KIND_MONITOR else "hub",
        )


def _link(row: ProjectedDocument) -> str:
    """The object's own page; a tenant's is reached by the way into the tenant."""
    if row.kind != KIND_MONITOR:
        return reverse(f"admin:{ADMINS[row.kind]}_change", args=[row.object_id])
    page = reverse("admin:monitors_monitor_change", args=[row.object_id])
    go = reverse("admin:tenants_tenant_go", args=[row.scope])
    return f"{go}?{urlencode({'next': page})}"


SEARCHES.register("documents", search_documents)

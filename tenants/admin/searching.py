"""Tenants and people, found from any page."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from blip0.common.admin.display import change_url
from blip0.common.admin.searching import FOUND, SEARCHES
from tenants.models import Tenant, User


def search_tenants(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """By slug, name or id. One query."""
    if not request.user.has_perm("tenants.view_tenant"):
        return
    rows = Tenant.objects.filter(_is_id(term) | Q(slug__icontains=term) | Q(name__icontains=term))
    for tenant in rows.order_by("slug")[:FOUND]:
        yield SearchResult(
            title=tenant.name,
            description=f"Tenant {tenant.slug}, {tenant.get_status_display().lower()}",
            link=change_url(Tenant, tenant.pk),
            icon="apartment",
        )


def search_people(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """By address or name. One query."""
    if not request.user.has_perm("tenants.view_user"):
        return
    rows = User.objects.filter(Q(email__icontains=term) | Q(name__icontains=term))
    for user in rows.order_by("email")[:FOUND]:
        yield SearchResult(
            title=user.email,
            description="Staff" if user.is_staff else "User",
            link=change_url(User, user.pk),
            icon="person",
        )


def _is_id(term: str) -> Q:
    try:
        return Q(pk=UUID(term))
    except ValueError:
        return Q()


SEARCHES.register("tenants", search_tenants)
SEARCHES.register("people", search_people)

"""What people call scopes: a tenant's slug in the place of its id, looked up for a page at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import column
from tenants.models import Tenant

M = TypeVar("M", bound=models.Model)


def names_of(scopes: Collection[str]) -> dict[str, str]:
    """Tenants' slugs by scope; what Postgres doesn't know keeps its id. One query."""
    ids = [known for scope in scopes if (known := tenant_id(scope))]
    tenants = Tenant.objects.filter(pk__in=ids).values_list("pk", "slug")
    slugs = {str(pk): slug for pk, slug in tenants}
    return {scope: slugs.get(scope, scope) for scope in scopes}


def tenant_id(scope: str) -> UUID | None:
    """None for the platform, and for what is no id at all."""
    try:
        return UUID(scope)
    except ValueError:
        return None


class ScopedAdmin(ViewOnlyAdmin[M]):
    """Of rows with a `scope`: the column `where` is what people call it; so is a scope's own page.

    The search takes a tenant's slug, too, if `search_fields` has the scope.
    """

    scope_id = column("scope", "id of the scope")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes: Any = super().get_changelist_instance(request)
        changes.result_list = list(changes.result_list)
        _name(changes.result_list)
        return changes

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _name([found])
            if self.opts.pk.name == "scope":
                cast(Any, found).called = cast(Any, found).scope_name
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[M], search_term: str
    ) -> tuple[models.QuerySet[M], bool]:
        tenant = Tenant.objects.filter(slug=search_term.strip()).only("pk").first()
        if tenant is not None:
            return queryset.filter(scope=str(tenant.pk)), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="scope", ordering="scope")
    def where(self, obj: Any) -> str:
        return str(obj.scope_name)


def _name(rows: Iterable[Any]) -> None:
    rows = list(rows)
    names = names_of({row.scope for row in rows}) if rows else {}
    for row in rows:
        row.scope_name = names[row.scope]

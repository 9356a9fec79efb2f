"""Plans and domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from blip0.common.admin.base import PlatformAdmin, actor_of
from tenants.models import Domain, Plan
from tenants.services.reverting import plan_revert
from tenants.services.settings import (
    domain_add,
    domain_remove,
    plan_create,
    plan_delete,
    plan_update,
)


@admin.register(Plan)
class PlanAdmin(PlatformAdmin[Plan]):
    audit_kind = "plan"
    list_display = ("name", "slug", "monitors", "triggers", "api_calls_per_hour", "tenant_count")
    search_fields = ("slug", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return super().get_queryset(request).annotate(tenant_count=Count("tenants"))

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def create_object(self, request: HttpRequest, form: Any) -> Plan:
        return plan_create(data=form.cleaned_data, actor=actor_of(request))

    def update_object(self, request: HttpRequest, obj: Plan, form: Any) -> Plan:
        return plan_update(plan=obj, data=form.cleaned_data, actor=actor_of(request))

    def delete_object(self, request: HttpRequest, obj: Plan) -> None:
        plan_delete(plan=obj, actor=actor_of(request))

    def revert_object(
        self, request: HttpRequest, obj: Plan, entry: int, data: Mapping[str, Any]
    ) -> None:
        plan_revert(plan=obj, entry=entry, actor=actor_of(request), reason=data["reason"])

    @admin.display(description="tenants", ordering="tenant_count")
    def tenant_count(self, obj: Any) -> int:
        return int(obj.tenant_count)


@admin.register(Domain)
class DomainAdmin(PlatformAdmin[Domain]):
    """A domain is added and removed, never changed: links and cookies depend on it."""

    audit_kind = "domain"
    list_display = ("domain", "tenant", "is_primary")
    list_filter = ("is_primary",)
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__slug")
    autocomplete_fields = ("tenant",)

    def create_object(self, request: HttpRequest, form: Any) -> Domain:
        return domain_add(**form.cleaned_data, actor=actor_of(request))

    def delete_object(self, request: HttpRequest, obj: Domain) -> None:
        domain_remove(domain=obj, actor=actor_of(request))

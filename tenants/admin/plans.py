"""Plans and domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from blip0.common.admin.actions import RevertForm
from blip0.common.admin.base import PlatformAdmin, actor_of
from blip0.common.admin.display import column, link
from blip0.common.admin.fields import AnyModelForm, switch_field
from tenants.choices import Limit
from tenants.models import AuditRecord, Domain, LimitOverride, Plan
from tenants.selectors.limits import lowered_over, over_told
from tenants.services.settings import (
    PLAN_KEYS,
    domain_add,
    domain_remove,
    plan_create,
    plan_delete,
    plan_update,
)

_AT_ONCE = (
    "A change holds for all its tenants at once, but for those with an override of that limit."
)


def _lower_anyway() -> forms.BooleanField:
    return switch_field(
        label="Lower it all the same",
        help_text="Tenants over a lowered limit keep what they have, and can add nothing.",
    )


class PlanRevertForm(RevertForm):
    lower_anyway = _lower_anyway()

    assumed = {"lower_anyway": True}


class PlanForm(AnyModelForm):
    """Where tenants would be over a lowered limit, it is asked whether that is meant."""

    lower_anyway = _lower_anyway()

    class Meta:
        model = Plan
        fields = ("slug", *PLAN_KEYS)
        labels = {limit.value: limit.label for limit in Limit}

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or self.cleaned_data)
        stored = Plan.objects.filter(pk=self.instance.pk).first()
        if stored is None or data.get("lower_anyway"):
            return data
        for limit, over in lowered_over(stored, data).items():
            self.add_error(
                limit.value,
                f"{over_told(over)}. They keep what they have. Switch on “Lower it all the same” "
                "to do it.",
            )
        return data


@admin.register(Plan)
class PlanAdmin(PlatformAdmin[Plan]):
    audit_kind = usage_kind = "plan"
    revert_form = PlanRevertForm
    form = PlanForm
    list_display = ("name", "slug", "monitors", "triggers", "calls", "tenant_count")
    search_fields = ("slug", "name")

    calls = column("api_calls_per_hour", Limit.API_CALLS.label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return super().get_queryset(request).annotate(tenant_count=Count("tenants"))

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("slug", "used_by") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Plan | None = None) -> Any:
        limits = [limit.value for limit in Limit]
        if obj is None:
            return [
                (None, {"fields": ["slug", "name", "position"]}),
                ("Limits", {"fields": limits}),
            ]
        asked = ["lower_anyway"] if self.has_change_permission(request, obj) else []
        return [
            (None, {"fields": ["name", "slug", "position", "used_by"]}),
            ("Limits", {"description": _AT_ONCE, "fields": [*limits, *asked]}),
        ]

    @admin.display(description="used by")
    def used_by(self, obj: Any) -> str:
        listed = f"{reverse('admin:tenants_tenant_changelist')}?plan__slug__exact={obj.pk}"
        overrides = LimitOverride.objects.filter(tenant__plan=obj.pk).values("tenant").distinct()
        return format_html(
            "{}, with limits of their own: {}",
            link(listed, f"{obj.tenant_count:,} tenant{'' if obj.tenant_count == 1 else 's'}"),
            overrides.count(),
        )

    def create_object(self, request: HttpRequest, form: Any) -> Plan:
        return plan_create(data=form.cleaned_data, actor=actor_of(request))

    def update_object(self, request: HttpRequest, obj: Plan, form: Any) -> Plan:
        return plan_update(plan=obj, data=form.cleaned_data, actor=actor_of(request))

    def delete_object(self, request: HttpRequest, obj: Plan) -> None:
        plan_delete(plan=obj, actor=actor_of(request))

    def revert_facts(self, obj: Plan, record: AuditRecord) -> Sequence[tuple[str, object]]:
        over = lowered_over(obj, record.before or {})
        return [(f"{limit.label}, lowered", over_told(those)) for limit, those in over.items()]

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

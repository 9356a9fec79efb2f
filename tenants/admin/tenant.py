"""A tenant's page: its settings, limits and members, its life, and the way inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from blip0.common.admin.actions import ReasonForm, held, object_action
from blip0.common.admin.base import actor_of
from blip0.common.admin.cards import tenant_cards
from blip0.common.admin.display import badge, day, stamp
from blip0.common.admin.fields import AnyModelForm, text_field
from blip0.common.admin.inlines import RowsInline, ShownInline, kept_rows
from blip0.common.db.schemas import select_in_each
from blip0.common.limit_use import LIMIT_USE
from tenants.admin.inside import WaysInside
from tenants.choices import Limit, TenantStatus
from tenants.models import LimitOverride, Membership, Tenant
from tenants.services.lifecycle import (
    tenant_activate,
    tenant_create,
    tenant_delete,
    tenant_restore,
    tenant_suspend,
)
from tenants.services.settings import limit_overrides_set, tenant_update

STATUS_COLOURS = {
    TenantStatus.PROVISIONING: "info",
    TenantStatus.ACTIVE: "success",
    TenantStatus.SUSPENDED: "warning",
    TenantStatus.PENDING_DELETION: "danger",
}


class TenantAddForm(AnyModelForm):
    owner_email = text_field(
        required=False, help_text="Becomes the owner; gets an account if they have none."
    )
    pointers = {"/email": "owner_email"}

    class Meta:
        model = Tenant
        fields = ("slug", "name", "plan")


class LimitOverrideInline(RowsInline):
    model = LimitOverride
    fields = ("limit", "value", "reason")


class MembershipInline(ShownInline):
    """Members are changed on pages of their own."""

    model = Membership
    fields = ("user", "role", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "tenant")


def _is(*statuses: TenantStatus) -> Any:
    return lambda tenant: tenant.status in statuses


def _content(tenant: Tenant) -> list[tuple[str, object]]:
    """What stops, or runs again, with the tenant."""
    counted = [
        (
            limit.label,
            sum(used for _, used in select_in_each([tenant.schema_name], LIMIT_USE.get(limit))),
        )
        for limit in (Limit.MONITORS, Limit.TRIGGERS)
        if limit in LIMIT_USE
    ]
    members = ("Members", tenant.memberships.count())
    return [(str(label), f"{number:,}") for label, number in (*counted, members)]


@admin.register(Tenant)
class TenantAdmin(WaysInside):
    """A tenant's row is never deleted, and its status moves by the buttons only."""

    audit_kind = "tenant"
    list_display = ("slug", "name", "plan", "status_shown", "members", "since")
    list_filter = ("status", "plan")
    list_select_related = ("plan",)
    search_fields = ("slug", "name", "=id")
    search_help_text = "Slug, name or id"
    add_fieldsets = ((None, {"fields": ("slug", "name", "plan", "owner_email")}),)
    fieldsets = (
        (None, {"fields": ("name", ("slug", "id"), "plan", ("status", "status_reason"))}),
        (
            "Defaults of its monitors' alerts",
            {
                "fields": (
                    "alert_severity",
                    ("alert_threshold_amount", "alert_threshold_window_s"),
                    "alert_min_interval_s",
                )
            },
        ),
        ("Allowed", {"fields": ("allow_viewing_keys", "allow_unfiltered_monitors")}),
        (
            "Life",
            {"fields": (("created", "changed"), "ends", "provisioning_error")},
        ),
    )
    readonly_fields = (
        "slug",
        "id",
        "status",
        "status_reason",
        "created",
        "changed",
        "ends",
        "provisioning_error",
    )
    change_form_outer_before_template = "admin/includes/cards.html"
    actions_detail = ("work_inside", "allow_changes", "suspend", "activate", "restore", "delete")

    def get_inlines(self, request: HttpRequest, obj: Tenant | None) -> Any:
        return [LimitOverrideInline, MembershipInline] if obj else []

    has_suspend_permission = held("tenants.suspend_tenant")
    # Not Django's own, which would offer to delete the row.
    has_delete_tenant_permission = held("tenants.delete_tenant")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        if object_id is not None and (tenant := self.get_object(request, unquote(object_id))):
            context["cards"] = tenant_cards(request, tenant.pk)
        return super().changeform_view(request, object_id, form_url, context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Tenant | None = None
    ) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Tenant | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Tenant]]:
        if obj is None:
            kwargs["form"] = TenantAddForm
        return super().get_form(request, obj, change=change, **kwargs)

    def create_object(self, request: HttpRequest, form: Any) -> Tenant:
        data = form.cleaned_data
        return tenant_create(
            slug=data["slug"],
            name=data["name"],
            plan_slug=data["plan"].slug,
            owner_email=data["owner_email"],
            actor=actor_of(request),
        )

    def update_object(self, request: HttpRequest, obj: Tenant, form: Any) -> Tenant:
        return tenant_update(tenant=obj, data=form.cleaned_data, actor=actor_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            if formset.model is LimitOverride and formset.has_changed():
                limit_overrides_set(
                    tenant=form.instance, overrides=kept_rows(formset), actor=actor_of(request)
                )

    @badge("status", ordering="status", colours=STATUS_COLOURS)
    def status_shown(self, obj: Tenant) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @admin.display(description="members", ordering="member_count")
    def members(self, obj: Any) -> int:
        return int(obj.member_count)

    @admin.display(description="since", ordering="created_at")
    def since(self, obj: Tenant) -> str:
        return day(obj.created_at)

    @admin.display(description="created")
    def created(self, obj: Tenant) -> str:
        return stamp(obj.created_at)

    @admin.display(description="status since")
    def changed(self, obj: Tenant) -> str:
        return stamp(obj.status_changed_at)

    @admin.display(description="deleted after")
    def ends(self, obj: Tenant) -> str:
        return stamp(obj.delete_after)

    @object_action(
        "Suspend",
        explain="All its monitors stop at once and its members are shut out. Nothing is lost, and "
        "it can be activated again. Its owners read the reason.",
        permissions=["suspend"],
        form=ReasonForm,
        when=_is(TenantStatus.ACTIVE),
        facts=_content,
        icon="pause_circle",
    )
    def suspend(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> str:
        tenant_suspend(tenant=obj, reason=data["reason"], actor=actor_of(request))
        return f"{obj.slug} is suspended."

    @object_action(
        "Activate",
        explain="Its monitors run again, and its members can sign in.",
        permissions=["suspend"],
        when=_is(TenantStatus.SUSPENDED),
        facts=_content,
        icon="play_circle",
    )
    def activate(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> str:
        tenant_activate(tenant=obj, actor=actor_of(request))
        return f"{obj.slug} is active."

    @object_action(
        "Take the deletion back",
        explain="The tenant is as it was before, with all that it had.",
        permissions=["delete_tenant"],
        when=_is(TenantStatus.PENDING_DELETION),
        facts=_content,
        icon="restore",
    )
    def restore(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> str:
        restored = tenant_restore(tenant=obj, actor=actor_of(request))
        return f"{obj.slug} is {restored.get_status_display().lower()}."

    @object_action(
        "Delete",
        explain="All its monitors stop at once. Its data goes for good when the grace time is "
        "over; until then the deletion can be taken back. Its slug is never given away again.",
        permissions=["delete_tenant"],
        form=ReasonForm,
        when=_is(TenantStatus.ACTIVE, TenantStatus.SUSPENDED),
        facts=_content,
        icon="delete",
        danger=True,
    )
    def delete(self, request: HttpRequest, obj: Tenant, data: dict[str, Any]) -> str:
        gone = tenant_delete(tenant=obj, reason=data["reason"], actor=actor_of(request))
        return f"{obj.slug} stops now; its data goes after {day(gone.delete_after)}."

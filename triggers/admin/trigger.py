"""Triggers of the entered tenant."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from blip0.common.admin.actions import (
    OptionalReasonForm,
    ReasonForm,
    RevertForm,
    each_selected,
    held,
    object_action,
)
from blip0.common.admin.base import DocumentAdmin, actor_of
from blip0.common.admin.display import EMPTY, badge, json_block, stamp
from blip0.common.usage import users_of
from tenants.admin.visit import current_tenant
from tenants.models import AuditRecord
from triggers.admin.forms import fieldsets_for, form_for, revert_form_for
from triggers.choices import TriggerKind
from triggers.contracts import TRIGGER_TYPES
from triggers.models import Trigger
from triggers.selectors import trigger_representation
from triggers.services import (
    trigger_create,
    trigger_delete,
    trigger_disable,
    trigger_enable,
    trigger_update,
)
from triggers.services.reverting import lost_secrets


def _monitors(trigger: Trigger) -> list[tuple[str, object]]:
    users = users_of("trigger", [str(trigger.pk)], named=0)
    return [("Monitors that have it", f"{users.number:,}")]


@admin.register(Trigger)
class TriggerAdmin(DocumentAdmin[Trigger]):
    """A trigger's type is chosen first, `?type=slack`, and never changes."""

    usage_kind = "trigger"
    audit_kind = "trigger"
    list_display = ("slug", "name", "trigger_type", "enabled_shown", "disabled_reason", "changed")
    list_filter = ("trigger_type", "enabled")
    search_fields = ("slug", "name", "=id")
    actions = ("enable_selected", "disable_selected")
    actions_detail = ("enable", "disable")
    readonly_fields = ("users", "changed", "findings", "document")

    has_enable_permission = held("triggers.enable_trigger")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trigger]:
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if _chosen_kind(request) is None and self.has_add_permission(request):
            return self._choose_type(request)
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Trigger | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = form_for(self._kind(request, obj))
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Trigger | None = None) -> Any:
        fieldsets = fieldsets_for(self._kind(request, obj), is_new=obj is None)
        if obj is None:
            return fieldsets
        if not self.has_change_permission(request, obj):
            fieldsets = [(None, {"fields": ["document"]})]
        return [
            *fieldsets,
            ("What validation says", {"fields": ["findings"]}),
            ("Used by", {"fields": ["users", "changed"]}),
        ]

    def create_object(self, request: HttpRequest, form: Any) -> Trigger:
        return trigger_create(
            tenant=current_tenant(request),
            data={**form.document(), "trigger_type": form.contract.kind.value},
            actor=actor_of(request),
        )

    def update_object(self, request: HttpRequest, obj: Trigger, form: Any) -> Trigger:
        return trigger_update(
            trigger=obj,
            data=form.document(),
            actor=actor_of(request),
            # A form without its version was not made by us: 0 is no version.
            expected_version=form.cleaned_data["version"] or 0,
        )

    def delete_object(self, request: HttpRequest, obj: Trigger) -> None:
        trigger_delete(trigger=obj, actor=actor_of(request))

    def revert_form_of(self, obj: Trigger, record: AuditRecord) -> type[RevertForm]:
        return revert_form_for(lost_secrets(obj.trigger_type, record))

    @badge("enabled", ordering="enabled", colours={"Yes": "success", "No": "warning"})
    def enabled_shown(self, obj: Trigger) -> str:
        return "Yes" if obj.enabled else "No"

    @admin.display(description="changed", ordering="updated_at")
    def changed(self, obj: Trigger) -> str:
        return stamp(obj.updated_at)

    @admin.display(description="trigger")
    def document(self, obj: Trigger) -> str:
        """For those who may only look; secrets are masked."""
        return json_block(trigger_representation(obj))

    @admin.display(description="monitors")
    def users(self, obj: Trigger) -> str:
        return "\n".join(users_of("trigger", [str(obj.pk)]).named) or EMPTY

    @object_action(
        "Enable",
        explain="Its monitors fire it again.",
        permissions=["enable"],
        when=lambda trigger: not trigger.enabled,
        facts=_monitors,
        icon="play_circle",
    )
    def enable(self, request: HttpRequest, obj: Trigger, data: dict[str, Any]) -> str:
        trigger_enable(trigger=obj, actor=actor_of(request))
        return f"{obj.slug} is enabled."

    @object_action(
        "Disable",
        explain="Nothing is sent through it until it is enabled. Its monitors keep it.",
        permissions=["enable"],
        form=ReasonForm,
        when=lambda trigger: trigger.enabled,
        facts=_monitors,
        icon="pause_circle",
    )
    def disable(self, request: HttpRequest, obj: Trigger, data: dict[str, Any]) -> str:
        trigger_disable(trigger=obj, reason=data["reason"], actor=actor_of(request))
        return f"{obj.slug} is disabled."

    @each_selected(
        "Enable selected triggers",
        permissions=["enable"],
        explain="Their monitors fire them again.",
    )
    def enable_selected(self, request: HttpRequest, obj: Trigger) -> None:
        trigger_enable(trigger=obj, actor=actor_of(request))

    @each_selected(
        "Disable selected triggers",
        permissions=["enable"],
        explain="Nothing is sent through them until they are enabled. Their monitors keep them.",
        form=OptionalReasonForm,
    )
    def disable_selected(self, request: HttpRequest, obj: Trigger, reason: str) -> None:
        trigger_disable(trigger=obj, reason=reason, actor=actor_of(request))

    def _choose_type(self, request: HttpRequest) -> HttpResponse:
        url = reverse("admin:triggers_trigger_add")
        kinds = [(f"{url}?type={kind}", TriggerKind(kind).label) for kind in TRIGGER_TYPES]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add a trigger: which type?",
            "kinds": kinds,
        }
        return TemplateResponse(request, "admin/triggers/choose_type.html", context)

    def _kind(self, request: HttpRequest, obj: Trigger | None) -> str:
        return obj.trigger_type if obj else _chosen_kind(request) or next(iter(TRIGGER_TYPES))


def _chosen_kind(request: HttpRequest) -> str | None:
    kind = request.GET.get("type", "")
    return kind if kind in TRIGGER_TYPES else None

"""Monitors of the entered tenant."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from blip0.common.admin.actions import (
    ConfirmForm,
    OptionalReasonForm,
    button,
    held,
    object_action,
)
from blip0.common.admin.base import DocumentAdmin, actor_of
from blip0.common.admin.display import EMPTY, badge, json_block, minute, stamp
from blip0.common.admin.fields import text_field
from blip0.common.admin.projection import ProjectedAdmin
from blip0.common.tenancy import current_tenant_id
from monitors.admin.bulk import BULK_ACTIONS, BulkAdmin, state_of
from monitors.admin.explain import explain_page
from monitors.admin.forms import MonitorForm, MonitorRevertForm, SnoozeForm
from monitors.models import Monitor
from monitors.selectors import monitor_representation
from monitors.services import (
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_update,
    monitor_wake,
)
from tenants.admin.visit import current_tenant

STATE_COLOURS = {"Running": "success", "Paused": "warning", "Snoozed": "warning"}


class CloneForm(ConfirmForm):
    name = text_field(max_length=200, help_text="No other monitor of the tenant may have it.")


@admin.register(Monitor)
class MonitorAdmin(BulkAdmin, ProjectedAdmin[Monitor], DocumentAdmin[Monitor]):
    projected_kind = "monitor"
    audit_kind = "monitor"
    revert_label = "Go back to before this change"
    revert_explain = (
        "The monitor's document becomes what it was before this change: this one and all that came "
        "after it are undone. It is checked as any change is. A snooze stays."
    )
    revert_form = MonitorRevertForm
    form = MonitorForm
    list_display = ("slug", "name", "state", "severity", "snoozed_until", "changed")
    list_filter = ("paused", "severity", ("snoozed_until", admin.EmptyFieldListFilter))
    search_fields = ("slug", "name", "=id", "=addresses__address")
    search_help_text = "Slug, name, id or a watched address"
    actions = BULK_ACTIONS
    actions_detail = ("explain", "inspect", "pause", "resume", "snooze", "wake", "clone")
    readonly_fields = ("projected", "made", "findings", "document")
    fieldsets = (
        (None, {"fields": ("name", "slug", "description", "paused", "version", "tenant")}),
        ("Where it looks", {"fields": ("networks", "addresses")}),
        ("What it looks for", {"fields": ("match_conditions", "trigger_conditions")}),
        ("Whom it tells", {"fields": ("triggers",)}),
        (
            "Alerting",
            {
                "fields": (
                    "severity",
                    ("threshold_amount", "threshold_window_s"),
                    "min_interval_s",
                )
            },
        ),
        ("Chains", {"fields": ("chain_configurations",)}),
    )
    change_fieldsets = (
        ("In Redis", {"fields": ("projected", "made")}),
        ("What validation says", {"fields": ("findings",)}),
        *fieldsets,
    )
    view_fieldsets = ((None, {"fields": ("projected", "made", "findings", "document")}),)

    has_pause_permission = held("monitors.pause_monitor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Monitor]:
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    def get_fieldsets(self, request: HttpRequest, obj: Monitor | None = None) -> Any:
        if obj is None:
            return self.fieldsets
        may_change = self.has_change_permission(request, obj)
        return self.change_fieldsets if may_change else self.view_fieldsets

    def create_object(self, request: HttpRequest, form: Any) -> Monitor:
        return monitor_create(
            tenant=current_tenant(request), data=form.document(), actor=actor_of(request)
        )

    def update_object(self, request: HttpRequest, obj: Monitor, form: Any) -> Monitor:
        return monitor_update(
            monitor=obj,
            data=form.document(),
            actor=actor_of(request),
            # A form without its version was not made by us: 0 is no version.
            expected_version=form.cleaned_data["version"] or 0,
        )

    def delete_object(self, request: HttpRequest, obj: Monitor) -> None:
        monitor_delete(monitor=obj, actor=actor_of(request))

    @badge("state", colours=STATE_COLOURS)
    def state(self, obj: Monitor) -> str:
        return state_of(obj)

    @admin.display(description="changed", ordering="updated_at")
    def changed(self, obj: Monitor) -> str:
        return stamp(obj.updated_at)

    @admin.display(description="monitor")
    def document(self, obj: Monitor) -> str:
        """For those who may only look."""
        return json_block(monitor_representation(obj))

    def projected_scope(self) -> str:
        return str(current_tenant_id())

    @admin.display(description="made")
    def made(self, obj: Monitor) -> str:
        return f"{minute(obj.created_at)} by {obj.created_by or EMPTY}"

    @button("Explain", url_path="explain", permissions=["view"], icon="help")
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Why it fires, or doesn't; it changes nothing, so those may who only look."""
        monitor = self.get_object(request, unquote(object_id))
        if monitor is None:
            raise Http404
        return explain_page(request, monitor, back=self.change_url(monitor.pk))

    @object_action(
        "Pause",
        explain="It leaves the set of active monitors at once, until it is resumed.",
        permissions=["pause"],
        form=OptionalReasonForm,
        when=lambda monitor: not monitor.paused,
        icon="pause_circle",
    )
    def pause(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> str:
        monitor_pause(monitor=obj, actor=actor_of(request), reason=data["reason"])
        return f"{obj.slug} is paused."

    @object_action(
        "Resume",
        explain="It joins the set of active monitors at once. A snooze goes on.",
        permissions=["pause"],
        when=lambda monitor: monitor.paused,
        icon="play_circle",
    )
    def resume(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> str:
        monitor_resume(monitor=obj, actor=actor_of(request))
        return f"{obj.slug} is resumed."

    @object_action(
        "Snooze",
        explain="It doesn't run until then, and runs again by itself.",
        permissions=["pause"],
        form=SnoozeForm,
        icon="snooze",
    )
    def snooze(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> str:
        monitor_snooze(
            monitor=obj,
            until=data["until"],
            reason=data["reason"],
            now=timezone.now(),
            actor=actor_of(request),
        )
        return f"{obj.slug} is snoozed until {minute(data['until'])}."

    @object_action(
        "Wake",
        explain="The snooze ends now. A pause goes on.",
        permissions=["pause"],
        when=lambda monitor: monitor.snoozed_until is not None,
        icon="alarm",
    )
    def wake(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> str:
        monitor_wake(monitor=obj, actor=actor_of(request))
        return f"{obj.slug} is awake."

    @object_action(
        "Clone",
        explain="Makes another monitor like this one, its secrets included.",
        permissions=["add"],
        form=CloneForm,
        icon="content_copy",
    )
    def clone(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> HttpResponse:
        made = monitor_clone(monitor=obj, name=data["name"], actor=actor_of(request))
        self.message_user(request, f"{made.slug} is made.")
        return redirect(self.change_url(made.pk))

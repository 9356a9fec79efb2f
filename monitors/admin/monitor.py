"""Monitors of the entered tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from blip0.common.admin.actions import ConfirmForm, each_selected, held, object_action
from blip0.common.admin.base import DocumentAdmin, actor_of
from blip0.common.admin.display import EMPTY, badge, json_block, minute, stamp
from blip0.common.admin.fields import text_field
from blip0.common.admin.projection import projection_block
from blip0.common.projection_states import projection_states
from blip0.common.tenancy import current_tenant_id
from monitors.admin.forms import MonitorForm, SnoozeForm
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
class MonitorAdmin(DocumentAdmin[Monitor]):
    audit_kind = "monitor"
    form = MonitorForm
    list_display = ("slug", "name", "state", "severity", "snoozed_until", "changed")
    list_filter = ("paused", "severity", ("snoozed_until", admin.EmptyFieldListFilter))
    search_fields = ("slug", "name", "=id", "=addresses__address")
    search_help_text = "Slug, name, id or a watched address"
    actions = ("pause_selected", "resume_selected", "snooze_selected", "wake_selected")
    actions_detail = ("pause", "resume", "snooze", "wake", "clone")
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
        if obj.paused:
            return "Paused"
        return "Snoozed" if obj.snoozed_until else "Running"

    @admin.display(description="changed", ordering="updated_at")
    def changed(self, obj: Monitor) -> str:
        return stamp(obj.updated_at)

    @admin.display(description="monitor")
    def document(self, obj: Monitor) -> str:
        """For those who may only look."""
        return json_block(monitor_representation(obj))

    @admin.display(description="last change")
    def projected(self, obj: Monitor) -> str:
        object_id = str(obj.pk)
        state = projection_states(str(current_tenant_id()), "monitor", [object_id])[object_id]
        return projection_block(state)

    @admin.display(description="made")
    def made(self, obj: Monitor) -> str:
        return f"{minute(obj.created_at)} by {obj.created_by or EMPTY}"

    @object_action(
        "Pause",
        explain="It leaves the set of active monitors at once, until it is resumed.",
        permissions=["pause"],
        when=lambda monitor: not monitor.paused,
        icon="pause_circle",
    )
    def pause(self, request: HttpRequest, obj: Monitor, data: dict[str, Any]) -> str:
        monitor_pause(monitor=obj, actor=actor_of(request))
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

    @each_selected("Pause selected monitors", permissions=["pause"])
    def pause_selected(self, request: HttpRequest, obj: Monitor) -> None:
        monitor_pause(monitor=obj, actor=actor_of(request))

    @each_selected("Resume selected monitors", permissions=["pause"])
    def resume_selected(self, request: HttpRequest, obj: Monitor) -> None:
        monitor_resume(monitor=obj, actor=actor_of(request))

    @each_selected("Snooze selected monitors for an hour", permissions=["pause"])
    def snooze_selected(self, request: HttpRequest, obj: Monitor) -> None:
        now = timezone.now()
        until = now + timedelta(hours=1)
        monitor_snooze(monitor=obj, until=until, now=now, actor=actor_of(request))

    @each_selected("Wake selected monitors", permissions=["pause"])
    def wake_selected(self, request: HttpRequest, obj: Monitor) -> None:
        monitor_wake(monitor=obj, actor=actor_of(request))

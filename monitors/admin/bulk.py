"""What is done to selected monitors of the list: counted and asked first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from blip0.common.admin.actions import (
    OptionalReasonForm,
    ReasonForm,
    confirm_selected,
    each_selected,
)
from blip0.common.admin.base import PlatformAdmin, actor_of
from blip0.common.resync import resync
from blip0.common.tenancy import current_tenant_id
from monitors.models import Monitor
from monitors.openzeppelin.exporting import openzeppelin_export
from monitors.openzeppelin.writing import zip_bytes
from monitors.services import monitor_pause, monitor_resume, monitor_snooze, monitor_wake
from tenants.admin.visit import current_tenant

BULK_ACTIONS = (
    "pause_selected",
    "resume_selected",
    "snooze_selected",
    "wake_selected",
    "resync_selected",
    "export_selected",
)


def state_of(monitor: Monitor) -> str:
    if monitor.paused:
        return "Paused"
    return "Snoozed" if monitor.snoozed_until else "Running"


def by_state(monitors: Sequence[Monitor]) -> list[tuple[str, object]]:
    """How many run, are paused, are snoozed."""
    counts = Counter(map(state_of, monitors))
    return [(state, counts[state]) for state in ("Running", "Paused", "Snoozed")]


class BulkAdmin(PlatformAdmin[Monitor]):
    """Actions of the list, for `MonitorAdmin`."""

    def has_resync_permission(self, request: HttpRequest) -> bool:
        """Inside a tenant to look only, too: it changes nothing of the tenant's."""
        return request.user.has_perm("cachesync.repair_projection")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["monitors.view_monitor", "triggers.view_trigger"])

    @each_selected(
        "Pause selected monitors",
        permissions=["pause"],
        explain="They leave the set of active monitors at once, until they are resumed. Those that "
        "are paused already stay as they are.",
        form=OptionalReasonForm,
        facts=by_state,
    )
    def pause_selected(self, request: HttpRequest, obj: Monitor, reason: str) -> None:
        monitor_pause(monitor=obj, actor=actor_of(request), reason=reason)

    @each_selected(
        "Resume selected monitors",
        permissions=["pause"],
        explain="They join the set of active monitors at once. Snoozes go on.",
        form=OptionalReasonForm,
        facts=by_state,
    )
    def resume_selected(self, request: HttpRequest, obj: Monitor, reason: str) -> None:
        monitor_resume(monitor=obj, actor=actor_of(request), reason=reason)

    @each_selected(
        "Snooze selected monitors for an hour",
        permissions=["pause"],
        explain="They don't run for an hour from now, and run again by themselves. A snooze that "
        "they have is replaced.",
        form=OptionalReasonForm,
        facts=by_state,
    )
    def snooze_selected(self, request: HttpRequest, obj: Monitor, reason: str) -> None:
        now = timezone.now()
        until = now + timedelta(hours=1)
        monitor_snooze(monitor=obj, until=until, now=now, actor=actor_of(request), reason=reason)

    @each_selected(
        "Wake selected monitors",
        permissions=["pause"],
        explain="Their snoozes end now. Pauses go on.",
        form=OptionalReasonForm,
        facts=by_state,
    )
    def wake_selected(self, request: HttpRequest, obj: Monitor, reason: str) -> None:
        monitor_wake(monitor=obj, actor=actor_of(request), reason=reason)

    @each_selected(
        "Resync selected monitors",
        permissions=["resync"],
        explain="Each document is rendered from Postgres, and its bytes in Redis are compared. "
        "What differs is written; what is as it should be isn't touched.",
        form=ReasonForm,
        facts=by_state,
    )
    def resync_selected(self, request: HttpRequest, obj: Monitor, reason: str) -> None:
        resync(
            scope=str(current_tenant_id()),
            kind="monitor",
            object_id=str(obj.pk),
            actor=actor_of(request),
            reason=reason,
        )

    @admin.action(description="Export selected monitors", permissions=["export"])
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Monitor]
    ) -> HttpResponse | None:
        def export(chosen: list[Monitor], _data: dict[str, Any]) -> HttpResponse:
            tenant = current_tenant(request)
            made = openzeppelin_export(
                tenant=tenant,
                actor=actor_of(request),
                only=frozenset(monitor.pk for monitor in chosen),
            )
            return HttpResponse(
                zip_bytes(made.files),
                content_type="application/zip",
                headers={"Content-Disposition": f'attachment; filename="{tenant.slug}.zip"'},
            )

        return confirm_selected(
            self,
            request,
            queryset,
            name="export_selected",
            label="Export selected monitors",
            explain="A ZIP of OpenZeppelin Monitor's files: these monitors, and the triggers, "
            "networks and scripts that they use. Secrets become names of environment variables.",
            act=export,
            facts=by_state,
        )

"""What happened, and contract specs: only looked at."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import badge, column, json_block, object_link, short, stamp
from blip0.common.admin.inlines import ShownInline
from monitors.choices import ExecutionStatus, FindingLevel
from monitors.models import ContractSpec, Finding, Match, Monitor, TriggerExecution
from triggers.models import Trigger

LEVEL_COLOURS = {
    FindingLevel.ERROR: "danger",
    FindingLevel.WARNING: "warning",
    FindingLevel.INFO: "info",
}
STATUS_COLOURS = {
    ExecutionStatus.PENDING: "info",
    ExecutionStatus.DELIVERED: "success",
    ExecutionStatus.FAILED: "danger",
    ExecutionStatus.SUPPRESSED: "warning",
}


class ExecutionInline(ShownInline):
    model = TriggerExecution
    fields = ("trigger_name", "attempt", "status", "error", "took", "executed_at")

    took = column("duration_ms", "duration (ms)")


@admin.register(Match)
class MatchAdmin(ViewOnlyAdmin[Match]):
    list_display = ("at", "monitor_name", "network", "block_number", "transaction")
    list_filter = ("network", "matched_at")
    search_fields = ("monitor_name", "=transaction_id", "=event_id", "=monitor_id")
    fields = (
        "at",
        "monitor",
        ("network", "block_number"),
        "transaction_id",
        "event_id",
        "found",
    )
    inlines = (ExecutionInline,)

    @admin.display(description="time", ordering="matched_at")
    def at(self, obj: Match) -> str:
        return stamp(obj.matched_at)

    @admin.display(description="transaction", ordering="transaction_id")
    def transaction(self, obj: Match) -> str:
        return short(obj.transaction_id)

    @admin.display(description="monitor")
    def monitor(self, obj: Match) -> str:
        return object_link(Monitor, obj.monitor_id, obj.monitor_name)

    @admin.display(description="details")
    def found(self, obj: Match) -> str:
        return json_block(obj.details)


@admin.register(TriggerExecution)
class TriggerExecutionAdmin(ViewOnlyAdmin[TriggerExecution]):
    list_display = ("at", "trigger_name", "match_shown", "attempt", "status_shown", "took")
    list_filter = ("status", "executed_at")
    list_select_related = ("match",)
    search_fields = ("trigger_name", "match__monitor_name", "=trigger_id", "error")
    fields = ("at", "match_shown", "trigger", ("attempt", "status", "took"), "error")

    took = column("duration_ms", "duration (ms)")

    @admin.display(description="time", ordering="executed_at")
    def at(self, obj: TriggerExecution) -> str:
        return stamp(obj.executed_at)

    @admin.display(description="match")
    def match_shown(self, obj: TriggerExecution) -> str:
        return object_link(Match, obj.match_id, obj.match)

    @admin.display(description="trigger")
    def trigger(self, obj: TriggerExecution) -> str:
        return object_link(Trigger, obj.trigger_id, obj.trigger_name)

    @badge("status", ordering="status", colours=STATUS_COLOURS)
    def status_shown(self, obj: TriggerExecution) -> tuple[str, str]:
        return obj.status, obj.get_status_display()


@admin.register(Finding)
class FindingAdmin(ViewOnlyAdmin[Finding]):
    list_display = ("level_shown", "code", "about", "pointer", "message", "source")
    list_filter = ("level", "subject", "source")
    search_fields = ("code", "message", "=subject_id")
    fields = ("level", "code", "about", "pointer", "message", "source", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        """With what each is about, by name."""
        ours = [model.objects.filter(pk=OuterRef("subject_id")) for model in (Monitor, Trigger)]
        names = [Subquery(one.values("name")) for one in ours]
        return super().get_queryset(request).annotate(about_name=Coalesce(*names))

    @badge("level", ordering="level", colours=LEVEL_COLOURS)
    def level_shown(self, obj: Finding) -> tuple[str, str]:
        return obj.level, obj.get_level_display()

    @admin.display(description="about")
    def about(self, obj: Any) -> str:
        model = Monitor if obj.subject == Finding.Subject.MONITOR else Trigger
        return object_link(model, obj.subject_id, obj.about_name or obj.get_subject_display())


@admin.register(ContractSpec)
class ContractSpecAdmin(ViewOnlyAdmin[ContractSpec]):
    list_display = ("digest", "kind", "bytes", "created_at")
    list_filter = ("kind",)
    search_fields = ("sha256", "addresses__address")
    fields = ("hash", ("kind", "bytes", "created_at"), "content_shown")

    hash = column("sha256", "SHA-256")
    bytes = column("size", "bytes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContractSpec]:
        specs = super().get_queryset(request)
        match = request.resolver_match
        # Half a megabyte each: lists do without.
        listed = match is not None and (match.url_name or "").endswith("_changelist")
        return specs.defer("content") if listed else specs

    @admin.display(description="content")
    def content_shown(self, obj: ContractSpec) -> str:
        return json_block(json.loads(obj.content))

    @admin.display(description="SHA-256", ordering="sha256")
    def digest(self, obj: ContractSpec) -> str:
        return short(obj.sha256)

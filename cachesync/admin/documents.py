"""What the projection has written, and its figures: only looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path

from blip0.common.admin.actions import button
from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import EMPTY, badge, column, json_block, link, stamp
from blip0.common.admin.projection import inspector_url
from blip0.common.projection_states import state_in_words
from cachesync.admin.inspector import inspector_view, resync_view
from cachesync.models import ProjectedDocument, ProjectedScope, Sample
from tenants.admin.scopes import ScopedAdmin

STATE_COLOURS = {
    ProjectedDocument.State.ACTIVE: "success",
    ProjectedDocument.State.PAUSED: "warning",
    ProjectedDocument.State.SNOOZED: "warning",
    ProjectedDocument.State.INACTIVE: "default",
    ProjectedDocument.State.INVALID: "danger",
}
CONDITION_COLOURS = {
    ProjectedScope.Condition.SETTLED: "success",
    ProjectedScope.Condition.FAILING: "danger",
    ProjectedScope.Condition.AHEAD: "danger",
    ProjectedScope.Condition.DIVERGED: "danger",
}


@admin.register(ProjectedDocument)
class ProjectedDocumentAdmin(ScopedAdmin[ProjectedDocument]):
    """The inspector's pages are here too: those of any document, whether it has a row or not."""

    list_display = ("slug", "kind", "name", "where", "state_shown", "why", "written", "look")
    list_filter = ("kind", "state")
    search_fields = ("slug", "name", "=object_id", "=scope")
    search_help_text = "Slug, name, id, or the tenant's slug or id"
    actions_detail = ("inspect",)
    fields = (
        ("kind", "slug"),
        "name",
        "where",
        ("state", "why"),
        ("version", "size"),
        "hash",
        "written",
        "networks",
        "scripts",
        "addresses",
        "object_id",
        "scope_id",
    )

    version = column("rev", "version")
    hash = column("sha256", "SHA-256")

    def get_urls(self) -> list[Any]:
        place = "inspect/<str:scope_id>/<str:kind>/<str:object_id>/"
        view = self.admin_site.admin_view
        return [
            path(place, view(inspector_view), name="cachesync_inspect"),
            path(
                f"{place}resync/",
                view(resync_view),
                {"whole": False},
                name="cachesync_resync",
            ),
            path(
                f"{place}resync-scope/",
                view(resync_view),
                {"whole": True},
                name="cachesync_resync_scope",
            ),
            *super().get_urls(),
        ]

    @badge("state", ordering="state", colours=STATE_COLOURS)
    def state_shown(self, obj: ProjectedDocument) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    @admin.display(description="why", ordering="reason")
    def why(self, obj: ProjectedDocument) -> str:
        """What the state's name doesn't tell already."""
        said = state_in_words(obj.get_state_display(), obj.reason)
        return said.partition(": ")[2] or EMPTY

    @admin.display(description="written", ordering="updated_at")
    def written(self, obj: ProjectedDocument) -> str:
        return stamp(obj.updated_at)

    @admin.display(description="inspect")
    def look(self, obj: ProjectedDocument) -> str:
        return link(inspector_url(obj.scope, obj.kind, obj.object_id), "Inspect")

    @button("Inspect", url_path="inspect", permissions=["view"], icon="difference")
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To its page in Postgres, in Redis and with the runtimes."""
        row = get_object_or_404(ProjectedDocument, pk=object_id)
        return redirect(inspector_url(row.scope, row.kind, row.object_id))


@admin.register(ProjectedScope)
class ProjectedScopeAdmin(ScopedAdmin[ProjectedScope]):
    list_display = ("where", "version", "epoch", "condition_shown", "error", "took", "verified")
    list_filter = ("condition",)
    search_fields = ("=scope",)
    search_help_text = "The tenant's slug or id, or platform"

    fields = (
        "where",
        "scope_id",
        "version",
        "epoch",
        "took",
        "verified",
        "condition",
        "since",
        "error",
        "failures",
        "failed_rev",
        "retry_at",
        "other_token",
    )

    took = column("duration_ms", "took (ms)")
    version = column("rev", "version")

    @badge("condition", ordering="condition", colours=CONDITION_COLOURS)
    def condition_shown(self, obj: ProjectedScope) -> tuple[str, str]:
        return obj.condition, obj.get_condition_display()

    @admin.display(description="verified", ordering="verified_at")
    def verified(self, obj: ProjectedScope) -> str:
        return stamp(obj.verified_at)


@admin.register(Sample)
class SampleAdmin(ViewOnlyAdmin[Sample]):
    list_display = ("at", "active", "behind", "alive")
    fields = ("at", "figures")

    @admin.display(description="time", ordering="taken_at")
    def at(self, obj: Sample) -> str:
        return stamp(obj.taken_at)

    @admin.display(description="active monitors")
    def active(self, obj: Sample) -> str:
        counts = (
            one["count"]
            for one in obj.values.get("documents", ())
            if (one["kind"], one["state"]) == ("monitor", ProjectedDocument.State.ACTIVE)
        )
        return f"{sum(counts):,}"

    @admin.display(description="scopes behind Postgres")
    def behind(self, obj: Sample) -> str:
        held = obj.values.get("redis")
        return f"{held['dirty']:,}" if held else "Redis didn't answer"

    @admin.display(description="runtimes")
    def alive(self, obj: Sample) -> str:
        held = obj.values.get("redis")
        return f"{held['runtimes']['alive']:,}" if held else EMPTY

    @admin.display(description="figures")
    def figures(self, obj: Sample) -> str:
        return json_block(obj.values)

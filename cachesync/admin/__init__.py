"""What the projection has written, and its figures: only looked at."""

from __future__ import annotations

from django.contrib import admin

from blip0.common.admin.base import ViewOnlyAdmin
from blip0.common.admin.display import badge, json_block, stamp
from cachesync.admin import home, runtimes, searching  # noqa: F401  # importing them registers cards and pages
from cachesync.models import ProjectedDocument, ProjectedScope, Sample

STATE_COLOURS = {
    ProjectedDocument.State.ACTIVE: "success",
    ProjectedDocument.State.PAUSED: "warning",
    ProjectedDocument.State.SNOOZED: "warning",
    ProjectedDocument.State.INVALID: "danger",
}


@admin.register(ProjectedDocument)
class ProjectedDocumentAdmin(ViewOnlyAdmin[ProjectedDocument]):
    list_display = ("slug", "kind", "name", "state_shown", "reason", "rev", "written")
    list_filter = ("kind", "state")
    search_fields = ("slug", "name", "=object_id", "=scope")
    search_help_text = "Slug, name, id, or the tenant's id"

    @badge("state", ordering="state", colours=STATE_COLOURS)
    def state_shown(self, obj: ProjectedDocument) -> tuple[str, str]:
        return obj.state, obj.get_state_display()

    @admin.display(description="written", ordering="updated_at")
    def written(self, obj: ProjectedDocument) -> str:
        return stamp(obj.updated_at)


@admin.register(ProjectedScope)
class ProjectedScopeAdmin(ViewOnlyAdmin[ProjectedScope]):
    list_display = ("scope", "rev", "epoch", "condition", "duration_ms")
    list_filter = ("condition",)
    search_fields = ("=scope",)


@admin.register(Sample)
class SampleAdmin(ViewOnlyAdmin[Sample]):
    list_display = ("at",)
    fields = ("at", "figures")

    @admin.display(description="time", ordering="taken_at")
    def at(self, obj: Sample) -> str:
        return stamp(obj.taken_at)

    @admin.display(description="figures")
    def figures(self, obj: Sample) -> str:
        return json_block(obj.values)

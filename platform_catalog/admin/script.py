"""Filter scripts: an editor that publishes versions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from blip0.common.admin.base import actor_of
from blip0.common.admin.display import column, stamp
from blip0.common.admin.fields import AnyModelForm, CodeField, LinesField, text_field
from blip0.common.admin.findings import finding_list, summary_of
from platform_catalog.admin.used import UsedAdmin
from platform_catalog.admin.versions import VersionInline
from platform_catalog.models import FilterScript
from platform_catalog.selectors import script_version
from platform_catalog.services.scripts import (
    MAX_CONTENT_BYTES,
    script_create,
    script_delete,
    script_findings,
    script_publish_version,
    script_update,
)


class ScriptForm(AnyModelForm):
    """A new version is published where the content differs from the current one's."""

    content = CodeField(
        max_bytes=MAX_CONTENT_BYTES,
        help_text="A change is published as a new version, which the runtimes get at once.",
    )
    note = text_field(required=False, max_length=500, help_text="What the new version changes.")
    arguments = LinesField(required=False, rows=3, help_text="One a line.")

    class Meta:
        model = FilterScript
        fields = ("name", "language", "description", "arguments", "timeout_ms")
        labels = {"timeout_ms": "Timeout (ms)"}
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "content" in self.fields:
            current = script_version(self.instance, self.instance.current_version)
            self.initial["content"] = current.content


@admin.register(FilterScript)
class FilterScriptAdmin(UsedAdmin[FilterScript]):
    """Name and language never change: monitors name the path that they make."""

    projected_kind = "filter"
    usage_kind = "filter_script"
    audit_kind = "filter_script"
    form = ScriptForm
    list_display = ("name", "language", "current_version", "timeout", "changed")
    list_filter = ("language",)
    search_fields = ("name", "description")
    actions_detail = ("inspect",)
    timeout = column("timeout_ms", "timeout (ms)")
    fieldsets = (
        (None, {"fields": (("name", "language"), "description", "arguments", "timeout_ms")}),
        ("Code", {"fields": ("content", "note")}),
    )
    change_fieldsets = (
        ("In Redis", {"fields": ("projected",)}),
        (
            None,
            {
                "fields": (
                    ("name", "language"),
                    "current_version",
                    "description",
                    "arguments",
                    "timeout_ms",
                )
            },
        ),
        ("Code", {"fields": ("findings", "content", "note")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: FilterScript | None = None) -> Any:
        return self.change_fieldsets if obj else self.fieldsets

    def get_readonly_fields(
        self, request: HttpRequest, obj: FilterScript | None = None
    ) -> tuple[str, ...]:
        return ("projected", "name", "language", "current_version", "findings") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: FilterScript | None) -> Any:
        return [VersionInline] if obj else []

    def create_object(self, request: HttpRequest, form: Any) -> FilterScript:
        return script_create(data=form.cleaned_data, actor=actor_of(request))

    def update_object(self, request: HttpRequest, obj: FilterScript, form: Any) -> FilterScript:
        data, actor = dict(form.cleaned_data), actor_of(request)
        content, note = data.pop("content"), data.pop("note")
        script = script_update(script=obj, data=data, actor=actor)
        if content != script_version(script, script.current_version).content:
            script_publish_version(script=script, content=content, note=note, actor=actor)
            script.refresh_from_db()
        return script

    def delete_object(self, request: HttpRequest, obj: FilterScript) -> None:
        script_delete(script=obj, actor=actor_of(request))

    @admin.display(description="changed", ordering="updated_at")
    def changed(self, obj: FilterScript) -> str:
        return stamp(obj.updated_at)

    @admin.display(description="what validation says")
    def findings(self, obj: FilterScript) -> str:
        return finding_list(script_findings(obj))

    def save_model(self, request: HttpRequest, obj: FilterScript, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if told := summary_of(script_findings(obj)):
            self.message_user(request, told, messages.WARNING)

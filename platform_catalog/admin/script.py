"""Filter scripts: an editor that publishes versions, and the versions there have been."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from blip0.common.admin.actions import object_action
from blip0.common.admin.base import PlatformAdmin, ViewOnlyAdmin, actor_of
from blip0.common.admin.display import code_block, stamp
from blip0.common.admin.fields import AnyModelForm, LinesField, MultilineField, text_field
from blip0.common.admin.inlines import ShownInline
from platform_catalog.admin.network import fieldsets_seen, users_text
from platform_catalog.models import FilterScript, FilterScriptVersion
from platform_catalog.selectors import script_version
from platform_catalog.services.scripts import (
    script_create,
    script_delete,
    script_publish_version,
    script_rollback,
    script_update,
)


class ScriptForm(AnyModelForm):
    """A new version is published where the content differs from the current one's."""

    content = MultilineField(
        rows=24, monospace=True, help_text="A change is published as a new version, at once."
    )
    note = text_field(required=False, max_length=500, help_text="What the new version changes.")
    arguments = LinesField(required=False, rows=3, help_text="One a line.")

    class Meta:
        model = FilterScript
        fields = ("name", "language", "description", "arguments", "timeout_ms")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "content" in self.fields:
            current = script_version(self.instance, self.instance.current_version)
            self.initial["content"] = current.content


class VersionInline(ShownInline):
    """Rows are added by publishing."""

    model = FilterScriptVersion
    fields = ("version", "note", "created_by", "created_at", "sha256")


@admin.register(FilterScript)
class FilterScriptAdmin(PlatformAdmin[FilterScript]):
    """Name and language never change: monitors name the path that they make."""

    usage_kind = "filter_script"
    audit_kind = "filter_script"
    form = ScriptForm
    list_display = ("name", "language", "current_version", "timeout_ms", "changed")
    list_filter = ("language",)
    search_fields = ("name", "description")
    fieldsets = (
        (None, {"fields": (("name", "language"), "description", "arguments", "timeout_ms")}),
        ("Code", {"fields": ("content", "note")}),
    )
    change_fieldsets = (
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
        ("Code", {"fields": ("content", "note")}),
        ("Used by", {"fields": ("users",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: FilterScript | None = None) -> Any:
        return fieldsets_seen(request, self.change_fieldsets) if obj else self.fieldsets

    def get_readonly_fields(
        self, request: HttpRequest, obj: FilterScript | None = None
    ) -> tuple[str, ...]:
        return ("name", "language", "current_version", "users") if obj else ()

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

    @admin.display(description="monitors of all tenants")
    def users(self, obj: FilterScript) -> str:
        return users_text("filter_script", obj.pk)


@admin.register(FilterScriptVersion)
class FilterScriptVersionAdmin(ViewOnlyAdmin[FilterScriptVersion]):
    audit_kind = "filter_script"
    list_display = ("script_id", "version", "note", "created_by", "created")
    search_fields = ("script__name", "note", "created_by")
    fields = ("script", "version", "note", ("created_by", "created"), "sha256", "code")
    actions_detail = ("roll_back",)

    def has_publish_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("platform_catalog.change_filterscript")

    @admin.display(description="created", ordering="created_at")
    def created(self, obj: FilterScriptVersion) -> str:
        return stamp(obj.created_at)

    @admin.display(description="content")
    def code(self, obj: FilterScriptVersion) -> str:
        return code_block(obj.content)

    @object_action(
        "Go back to this version",
        explain="Its content is published as a new version, and every monitor that names the "
        "script runs it at once.",
        permissions=["publish"],
        when=lambda version: version.version != version.script.current_version,
        icon="undo",
    )
    def roll_back(
        self, request: HttpRequest, obj: FilterScriptVersion, data: dict[str, Any]
    ) -> str:
        new = script_rollback(script=obj.script, version=obj.version, actor=actor_of(request))
        return f"{obj.script_id} is at version {new.version}, with the content of {obj.version}."

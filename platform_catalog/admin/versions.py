"""The versions of filter scripts: looked at, compared, and brought back."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget

from blip0.common.admin.actions import ReasonForm, button, held, object_action
from blip0.common.admin.base import ViewOnlyAdmin, actor_of
from blip0.common.admin.diffs import folded, hunks
from blip0.common.admin.display import code, code_block, column, link, object_link, stamp
from blip0.common.admin.inlines import ShownInline
from platform_catalog.admin.used import counts_of
from platform_catalog.models import FilterScript, FilterScriptVersion
from platform_catalog.selectors import script_version, sized_versions
from platform_catalog.services.scripts import script_rollback


class VersionInline(ShownInline):
    """Rows are added by publishing."""

    model = FilterScriptVersion
    fields = ("number", "note", "created_by", "created", "size", "digest", "comparison")
    show_change_link = False
    verbose_name_plural = "Versions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[FilterScriptVersion]:
        return sized_versions(super().get_queryset(request)).select_related("script")

    @admin.display(description="version")
    def number(self, obj: FilterScriptVersion) -> str:
        return object_link(FilterScriptVersion, obj.pk, obj.version)

    @admin.display(description="created")
    def created(self, obj: FilterScriptVersion) -> str:
        return stamp(obj.created_at)

    @admin.display(description="compare")
    def comparison(self, obj: FilterScriptVersion) -> str:
        url = reverse("admin:platform_catalog_filterscriptversion_compare", args=[obj.pk])
        return link(url, "Compare")

    @admin.display(description="bytes")
    def size(self, obj: Any) -> str:
        return f"{obj.size:,}"

    @admin.display(description="SHA-256")
    def digest(self, obj: FilterScriptVersion) -> str:
        return code(obj.sha256[:12])


class CompareForm(forms.Form):
    """Which other version of the same script."""

    version = forms.TypedChoiceField(
        coerce=int, label="Compare with", widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, data: Any, *, others: QuerySet[FilterScriptVersion], chosen: int) -> None:
        super().__init__({"version": chosen, **data})
        cast(Any, self.fields["version"]).choices = [
            (other.version, f"{other.version}, {other.created_by}: {other.note}".rstrip(": "))
            for other in others
        ]


def _users(version: FilterScriptVersion) -> list[tuple[str, object]]:
    return counts_of("filter_script", version.script_id)


def _difference(version: FilterScriptVersion) -> dict[str, Any]:
    current = script_version(version.script, version.script.current_version)
    return {"diff": diff_of(version, current, left="What will run", right="What runs now")}


def diff_of(
    this: FilterScriptVersion, other: FilterScriptVersion, *, left: str, right: str
) -> dict[str, Any]:
    """What `admin/includes/compared.html` shows: `this` on the left, `other` on the right."""
    return {
        "parts": folded(hunks(this.content, other.content)),
        "same": this.content == other.content,
        "left": left,
        "right": right,
    }


@admin.register(FilterScriptVersion)
class FilterScriptVersionAdmin(ViewOnlyAdmin[FilterScriptVersion]):
    audit_kind = "filter_script"
    list_display = ("name", "version", "note", "created_by", "created")
    search_fields = ("script__name", "note", "created_by")
    fields = ("script_link", "version", "note", ("created_by", "created"), "hash", "code")
    actions_detail = ("compare", "roll_back")

    name = column("script_id", "script")
    hash = column("sha256", "SHA-256")

    has_publish_permission = held("platform_catalog.change_filterscript")

    def audited_as(self, obj: FilterScriptVersion) -> tuple[str, UUID | None]:
        return obj.script_id, None

    @admin.display(description="created", ordering="created_at")
    def created(self, obj: FilterScriptVersion) -> str:
        return stamp(obj.created_at)

    @admin.display(description="script")
    def script_link(self, obj: FilterScriptVersion) -> str:
        return object_link(FilterScript, obj.script_id, obj.script_id)

    @admin.display(description="content")
    def code(self, obj: FilterScriptVersion) -> str:
        return code_block(obj.content)

    @button("Compare", url_path="compare", permissions=["view"], icon="difference")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """With any other version of the script; at first with the one that runs."""
        this = self.get_object(request, unquote(object_id))
        if this is None:
            raise Http404
        others = sized_versions(this.script.versions.exclude(pk=this.pk))
        context: dict[str, Any] = {}
        if (default := _other(this, others)) is not None:
            form = CompareForm(request.GET.dict(), others=others, chosen=default)
            context["form"] = form
            if form.is_valid():
                other = script_version(this.script, form.cleaned_data["version"])
                context["diff"] = diff_of(
                    this,
                    other,
                    left=f"Version {this.version}",
                    right=f"Version {other.version}",
                )
        return TemplateResponse(
            request,
            "admin/platform_catalog/compare.html",
            {
                **self.admin_site.each_context(request),
                **context,
                "opts": self.opts,
                "title": f"{this.script_id}: version {this.version}",
                "back": self.change_url(this.pk),
            },
        )

    @object_action(
        "Go back to this version",
        explain="Its content is published as a new version, and every monitor that names the "
        "script runs it at once.",
        permissions=["publish"],
        form=ReasonForm,
        when=lambda version: version.version != version.script.current_version,
        facts=_users,
        shows=_difference,
        icon="undo",
    )
    def roll_back(
        self, request: HttpRequest, obj: FilterScriptVersion, data: dict[str, Any]
    ) -> str:
        new = script_rollback(
            script=obj.script,
            version=obj.version,
            actor=actor_of(request),
            reason=data["reason"],
        )
        return f"{obj.script_id} is at version {new.version}, with the content of {obj.version}."


def _other(this: FilterScriptVersion, others: QuerySet[FilterScriptVersion]) -> int | None:
    """The version to compare with at first: the one that runs, or of that one the one before."""
    numbers = [other.version for other in others]
    current = this.script.current_version
    return current if current in numbers else max(numbers, default=None)

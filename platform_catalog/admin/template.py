"""Monitor templates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from blip0.common.admin.actions import button
from blip0.common.admin.base import PlatformAdmin, actor_of
from blip0.common.admin.fields import AnyModelForm, JsonField
from platform_catalog.admin.preview import preview_view
from platform_catalog.choices import NetworkType
from platform_catalog.models import MonitorTemplate
from platform_catalog.services.templates import template_create, template_delete, template_update


class TemplateForm(AnyModelForm):
    network_types = forms.MultipleChoiceField(
        choices=NetworkType.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    document = JsonField(
        rows=24,
        help_text="What makes a monitor, less its name, networks, addresses and triggers.",
    )
    pointers = {
        "/match_conditions": "document",
        "/trigger_conditions": "document",
        "/addresses": "document",
    }

    class Meta:
        model = MonitorTemplate
        fields = ("slug", "name", "description", "network_types", "document", "enabled")


@admin.register(MonitorTemplate)
class MonitorTemplateAdmin(PlatformAdmin[MonitorTemplate]):
    audit_kind = "template"
    form = TemplateForm
    list_display = ("name", "slug", "types", "enabled")
    list_filter = ("enabled",)
    search_fields = ("slug", "name", "description")
    fields = ("name", "slug", "description", "network_types", "document", "enabled")
    actions_detail = ("preview",)

    @button("Preview", url_path="preview", permissions=["view"], icon="preview")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The monitor that the stored template makes."""
        template = self.get_object(request, unquote(object_id))
        if template is None:
            raise Http404
        back = self.change_url(template.pk)
        return preview_view(request, template, opts=self.opts, back=back)

    def get_readonly_fields(
        self, request: HttpRequest, obj: MonitorTemplate | None = None
    ) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def create_object(self, request: HttpRequest, form: Any) -> MonitorTemplate:
        return template_create(data=form.cleaned_data, actor=actor_of(request))

    def update_object(
        self, request: HttpRequest, obj: MonitorTemplate, form: Any
    ) -> MonitorTemplate:
        return template_update(template=obj, data=form.cleaned_data, actor=actor_of(request))

    def delete_object(self, request: HttpRequest, obj: MonitorTemplate) -> None:
        template_delete(template=obj, actor=actor_of(request))

    @admin.display(description="network types")
    def types(self, obj: MonitorTemplate) -> str:
        return ", ".join(obj.network_types)

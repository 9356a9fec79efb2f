"""The monitor that a template makes, shown with what validation says of it. Nothing is saved."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from blip0.common.admin.display import json_block
from blip0.common.admin.fields import LinesField, text_field
from blip0.common.admin.findings import finding_list
from platform_catalog.choices import NetworkType
from platform_catalog.models import MonitorTemplate, Network
from platform_catalog.services.templates import EXAMPLE_ADDRESSES, template_preview


class PreviewForm(forms.Form):
    """What a tenant adds to a template; it opens with an example."""

    name = text_field(max_length=200)
    networks = forms.MultipleChoiceField(
        widget=UnfoldAdminSelect2MultipleWidget(),
        help_text="Enabled ones, of the template's types.",
    )
    addresses = LinesField(required=False, rows=3, help_text="One a line.")
    triggers = LinesField(
        required=False, rows=2, help_text="Slugs, one a line. Which tenants have them isn't asked."
    )

    def __init__(self, data: Any, *, template: MonitorTemplate) -> None:
        types = template.network_types
        fitting = Network.objects.filter(enabled=True, network_type__in=types)
        networks = list(fitting.values_list("slug", "network_type"))
        first = dict(reversed([(kind, slug) for slug, kind in networks]))
        example = {
            "name": template.name,
            "networks": list(first.values())[:1],
            "addresses": [EXAMPLE_ADDRESSES[NetworkType(kind)] for kind in list(first)[:1]],
        }
        super().__init__(data or None, initial=example)
        cast(Any, self.fields["networks"]).choices = [
            (slug, f"{slug} ({kind})") for slug, kind in networks
        ]


def preview_view(
    request: HttpRequest, template: MonitorTemplate, *, opts: Any, back: str
) -> HttpResponse:
    form = PreviewForm(request.GET, template=template)
    if form.is_bound:
        wanted = form.cleaned_data if form.is_valid() else None
    else:
        wanted = {"triggers": [], **form.initial}
    shown: dict[str, Any] = {}
    if wanted is not None:
        preview = template_preview(template=template, **wanted)
        shown = {
            "preview": preview,
            "document": json_block(preview.document),
            "findings": finding_list(preview.findings),
            "broken": any(finding.level == "error" for finding in preview.findings),
        }
    return TemplateResponse(
        request,
        "admin/platform_catalog/preview.html",
        {
            **admin.site.each_context(request),
            **shown,
            "opts": opts,
            "title": f"Preview: {template.name}",
            "form": form,
            "back": back,
        },
    )

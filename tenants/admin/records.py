"""The audit log: looked at, filtered, exported."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from blip0.common.admin.actions import ConfirmForm, confirm_view
from blip0.common.admin.base import ViewOnlyAdmin, actor_of
from blip0.common.admin.display import json_block, stamp
from blip0.common.admin.fields import choice_field
from blip0.common.admin.filters import (
    ExactFilter,
    exact_filter,
    time_filter,
)
from blip0.common.admin.paging import COUNTED
from tenants.choices import ExportFormat
from tenants.models import AuditRecord, Tenant
from tenants.services.audit_export import MAX_RECORDS, audit_export

_CONTENT_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSON_LINES: "application/x-ndjson",
}


class TenantFilter(ExactFilter):
    """A tenant by its slug or id."""

    title = "tenant"
    parameter_name = "tenant"

    def narrowed(
        self, _request: HttpRequest, queryset: QuerySet[Any], wanted: str
    ) -> QuerySet[Any]:
        try:
            ids = [UUID(wanted)]
        except ValueError:
            ids = list(Tenant.objects.filter(slug=wanted).values_list("pk", flat=True))
        return queryset.filter(tenant_id__in=ids)


class ExportForm(ConfirmForm):
    format = forms.ChoiceField()

    def __init__(self, data: Any = None, *, obj: Any) -> None:
        super().__init__(data, obj=obj)
        self.fields["format"] = choice_field(ExportFormat.choices, empty="Choose one")


@admin.register(AuditRecord)
class AuditRecordAdmin(ViewOnlyAdmin[AuditRecord]):
    """Nothing here may cost what the whole log is long: no count, no list of values, no LIKE."""

    list_display = ("at", "action", "actor_name", "object_kind", "object_name", "reason")
    sortable_by = ("at",)
    list_before_template = "admin/tenants/audit_head.html"
    list_filter = (
        TenantFilter,
        exact_filter("actor_name", "actor"),
        "actor_kind",
        exact_filter("action", "action"),
        exact_filter("object_kind", "kind of object"),
        exact_filter("object_id", "id of the object"),
        exact_filter("request_id", "request"),
        time_filter("since", "time, from", "created_at__gte"),
        time_filter("until", "time, until", "created_at__lt"),
    )
    search_fields = (
        "action__exact",
        "actor_name__exact",
        "actor_id__exact",
        "object_name__exact",
        "object_id__exact",
        "request_id__exact",
    )
    search_help_text = "The whole action, actor, name or id of an object, or id of a request"
    fields = (
        "at",
        "action",
        ("actor_name", "actor_kind"),
        "actor_id",
        ("object_name", "object_kind"),
        "object_id",
        "tenant_id",
        "reason",
        "was",
        "became",
        "request_id",
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.export_view)
        )
        return [path("export/", view, name="tenants_auditrecord_export"), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tenants.export_auditrecord")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        export = f"{reverse('admin:tenants_auditrecord_export')}?{request.GET.urlencode()}"
        context = {
            "counted": f"{COUNTED:,}",
            "export_url": export if self.has_export_permission(request) else "",
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The list with its filters as a file: how much first, then the file."""
        if not (self.has_export_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        records = self.get_changelist_instance(request).get_queryset(request)
        fitting = records.order_by()[: MAX_RECORDS + 1].count()
        cut = fitting > MAX_RECORDS
        filters = {name: str(value) for name, value in request.GET.items() if value}

        def export(data: dict[str, Any]) -> HttpResponse:
            form = ExportFormat(data["format"])
            pieces = audit_export(
                records=records, form=form, filters=filters, actor=actor_of(request)
            )
            name = f'attachment; filename="audit-log.{form.value}"'
            headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
            # Not a `HttpResponse` by type, and used as one by all that follows.
            made: Any = StreamingHttpResponse(
                pieces, content_type=_CONTENT_TYPES[form], headers=headers
            )
            return made  # type: ignore[no-any-return]

        back = f"{reverse('admin:tenants_auditrecord_changelist')}?{request.GET.urlencode()}"
        told = f"more than {MAX_RECORDS:,}: only the newest {MAX_RECORDS:,} will be in the file"
        return confirm_view(
            request,
            label="Export",
            title="Export of the audit log",
            explain="A file of the records that fit the list's filters, the newest first. That you "
            "exported them, and with which filters, is itself recorded.",
            facts=[("Records", told if cut else f"{fitting:,}"), *filters.items()],
            form=ExportForm,
            back=back,
            act=export,
            context={"opts": self.opts},
        )

    @admin.display(description="time", ordering="id")
    def at(self, obj: AuditRecord) -> str:
        return stamp(obj.created_at)

    @admin.display(description="before")
    def was(self, obj: AuditRecord) -> str:
        return json_block(obj.before)

    @admin.display(description="after")
    def became(self, obj: AuditRecord) -> str:
        return json_block(obj.after)

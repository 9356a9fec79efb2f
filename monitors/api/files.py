"""A tenant's configuration as OpenZeppelin Monitor's files: a ZIP in, a ZIP out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.parsers import BodyTooLarge
from blip0.common.api.permissions import require_permission
from blip0.common.api.renderers import OrjsonRenderer
from blip0.common.api.reports import VALIDATE_ONLY, VALIDATE_ONLY_PARAMETER, validates_only
from blip0.common.api.serializers import StrictSerializer
from blip0.common.api.views import TenantView
from blip0.common.exceptions import DomainError, InvalidField
from blip0.common.strict_json import NotStrictJSON, loads
from monitors.openzeppelin.archives import MAX_ARCHIVE_BYTES, read_archive
from monitors.openzeppelin.exporting import openzeppelin_export
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.report import STATUSES, ImportReport
from monitors.openzeppelin.sources import SourceFile, source_of
from monitors.openzeppelin.writing import zip_bytes
from tenants.api.principals import tenant_principal

ZIP: Final = "application/zip"
MAX_UPLOAD: Final = MAX_ARCHIVE_BYTES + 2 * 1024 * 1024
"""The archive, its secrets, and what a form has around them."""
LEVELS: Final = ("error", "changed", "warning", "info")
KINDS: Final = ("network", "filter", "trigger", "monitor", "settings", "other")


class ImportRefused(DomainError):
    """A strict import met a refusal; the report says of what."""

    code = "import_refused"

    def __init__(self, report: ImportReport) -> None:
        super().__init__("Something was refused, and `strict` then saves nothing; see `report`.")
        self._report = report.as_json()

    @property
    def extensions(self) -> Mapping[str, object]:
        return {"report": self._report}


class ZipRenderer(BaseRenderer):
    """Only says that `Accept: application/zip` can be met; the view makes the bytes."""

    media_type = ZIP
    format = "zip"


class UploadParser(MultiPartParser):
    """Raises `BodyTooLarge`: for an archive, before anything is read."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        meta = parser_context["request"].META
        if int(meta.get("CONTENT_LENGTH") or 0) > MAX_UPLOAD:
            raise BodyTooLarge(f"An upload has at most {MAX_UPLOAD} bytes.")
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:  # Django's limits of a form's other parts
            raise BodyTooLarge("The form has too many parts, or one that is too large.") from error


class ImportFormSerializer(StrictSerializer):
    file = serializers.FileField(help_text="A ZIP of OpenZeppelin Monitor's configuration folder.")
    secrets = serializers.CharField(
        required=False,
        help_text='A JSON object: what references to secrets stand for, `{"NAME": "value"}`.',
    )
    strict = serializers.BooleanField(
        required=False, default=False, help_text="Save nothing unless all of it can be imported."
    )


class ImportNoteSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(LEVELS)
    code = serializers.CharField()
    pointer = serializers.CharField(allow_blank=True, help_text="RFC 6901, into the file.")
    message = serializers.CharField()


class ImportEntrySerializer(serializers.Serializer[Any]):
    """What became of a file, or of one trigger in it."""

    kind = serializers.ChoiceField(KINDS)
    path = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)
    key = serializers.CharField(allow_blank=True)
    slug = serializers.CharField(allow_blank=True, help_text="What it is called here.")
    notes = ImportNoteSerializer(many=True)


class ImportReportSerializer(serializers.Serializer[Any]):
    tenant = serializers.SlugField()
    dry_run = serializers.BooleanField()
    strict = serializers.BooleanField()
    saved = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By status.")
    entries = ImportEntrySerializer(many=True)


class ImportView(TenantView):
    """Bring a configuration of OpenZeppelin Monitor in; repeat it to bring in what changed.

    What is refused, and what depends on it, is left out, and the report says why.
    """

    parser_classes = [UploadParser]
    can_be_tried = False  # it has a trial, and a report, of its own
    read_permission: ClassVar[str | None] = "monitors.write"
    write_permission: ClassVar[str | None] = "monitors.write"

    def parameters(self) -> tuple[str, ...]:
        return (VALIDATE_ONLY,)

    @extend_schema(
        operation_id="import",
        parameters=[VALIDATE_ONLY_PARAMETER],
        request={"multipart/form-data": ImportFormSerializer},
        responses=ImportReportSerializer,
    )
    def post(self, request: Request) -> Response:
        require_permission(self.principal, "triggers.write")
        form = ImportFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        files = read_archive(given["file"].file)
        report = openzeppelin_import(
            tenant=tenant_principal(request).tenant,
            source=source_of({path: SourceFile(path, body) for path, body in files.items()}),
            actor=self.principal.actor,
            variables=_secrets(given.get("secrets")),
            dry_run=validates_only(request),
            strict=given["strict"],
        )
        if report.strict and report.refused:
            raise ImportRefused(report)
        return Response(report.as_json())


class ExportView(TenantView):
    """The configuration as OpenZeppelin Monitor's files. Secrets become environment variables."""

    renderer_classes = [OrjsonRenderer, ZipRenderer]
    read_permission: ClassVar[str | None] = "monitors.read"
    write_permission: ClassVar[str | None] = "monitors.read"
    cache_control = "no-store"

    @extend_schema(operation_id="export", responses={(200, ZIP): OpenApiTypes.BINARY})
    def get(self, request: Request) -> HttpResponse:
        require_permission(self.principal, "triggers.read")
        tenant = tenant_principal(request).tenant
        export = openzeppelin_export(tenant=tenant, actor=self.principal.actor)
        name = f'attachment; filename="{tenant.slug}.zip"'
        return HttpResponse(
            zip_bytes(export.files), content_type=ZIP, headers={"Content-Disposition": name}
        )


def _secrets(text: str | None) -> dict[str, str]:
    """Raises `InvalidField`; its message repeats nothing of what was sent."""
    problem = InvalidField(
        "`secrets` must be a JSON object of texts: names, and the secrets that they stand for.",
        pointer="/secrets",
    )
    try:
        value = loads(text or "{}")
    except NotStrictJSON:
        raise problem from None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise problem
    return value

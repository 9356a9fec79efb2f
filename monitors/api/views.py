"""Monitors of the tenant, and what can be done with one beside changing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.documents import checked
from blip0.common.api.pagination import SignedCursorPagination
from blip0.common.api.projection import ProjectionSerializer, projection_representation
from blip0.common.api.views import DocumentViewSet
from blip0.common.projection_states import projection_states
from blip0.common.validation import Report
from monitors.api.filters import MonitorFilterSet
from monitors.api.serializers import (
    CloneSerializer,
    FromTemplateSerializer,
    MonitorDocumentSerializer,
    MonitorSerializer,
    RevertSerializer,
    SnoozeSerializer,
    document_representation,
)
from monitors.contracts import DEFAULTS, RUNTIME_KEYS
from monitors.models import Monitor
from monitors.projections import monitor_documents
from monitors.selectors import monitor_representations
from monitors.services import (
    document_report,
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_from_template,
    monitor_pause,
    monitor_resume,
    monitor_revert,
    monitor_snooze,
    monitor_update,
    monitor_wake,
)
from tenants.api.audit import AuditRecordSerializer, audit_representations
from tenants.api.principals import tenant_principal
from tenants.models import AuditRecord, Tenant


class MonitorViewSet(DocumentViewSet[Monitor]):
    """What to watch, and whom to tell."""

    noun = subject = "monitor"
    queryset = Monitor.objects.live()
    serializer_class = MonitorSerializer
    filterset_class = MonitorFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("slug", "-slug", "-created_at", "created_at")
    expandable: ClassVar = {"projection": ProjectionSerializer}
    sublists = ("history",)
    read_permission: ClassVar[str | None] = "monitors.read"
    write_permission: ClassVar[str | None] = "monitors.write"
    required_keys = tuple(key for key in RUNTIME_KEYS if key not in DEFAULTS)
    default_values = DEFAULTS

    @property
    def tenant(self) -> Tenant:
        """The caller's, by id: services ask for no more than that."""
        return Tenant(pk=self.principal.tenant_id)

    def represent(self, instances: Sequence[Monitor]) -> list[dict[str, Any]]:
        return monitor_representations(instances, for_json=True)

    def expand(self, name: str, instances: Sequence[Monitor]) -> list[dict[str, Any]]:
        ids = [str(monitor.pk) for monitor in instances]
        states = projection_states(str(self.principal.tenant_id), "monitor", ids)
        return [projection_representation(states[monitor_id]) for monitor_id in ids]

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        return document_report(data)

    def create_document(self, data: Mapping[str, Any]) -> Monitor:
        return monitor_create(tenant=self.tenant, data=data, actor=self.principal.actor)

    def update_document(self, data: Mapping[str, Any]) -> Response:
        return self.changed_by(monitor_update, data=data)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        return self.removed_by(monitor_delete)

    @extend_schema(responses=ProjectionSerializer)
    @action(detail=True)
    def projection(self, request: Request, **kwargs: Any) -> Response:
        """How far its last change has come: saved, applied to Redis, acknowledged by runtimes."""
        return Response(self.expand("projection", [self.get_object()])[0])

    @extend_schema(responses=MonitorDocumentSerializer)
    @action(detail=True)
    def document(self, request: Request, **kwargs: Any) -> Response:
        """What the runtime is given of it, made anew from what is saved; without secrets."""
        tenant, monitor = tenant_principal(request).tenant, self.get_object()
        rendered = monitor_documents(tenant, [monitor.pk]).get(monitor.pk)
        return Response(document_representation(rendered))

    @extend_schema(responses=AuditRecordSerializer(many=True))
    @action(detail=True, pagination_class=SignedCursorPagination, filter_backends=[])
    def history(self, request: Request, **kwargs: Any) -> Response:
        """Who changed what of it, the newest first."""
        records = AuditRecord.objects.filter(
            tenant_id=self.principal.tenant_id,
            object_kind="monitor",
            object_id=str(self.get_object().pk),
        )
        return self.page_of(records, "-id", audit_representations)

    @extend_schema(request=RevertSerializer, responses=MonitorSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, **kwargs: Any) -> Response:
        """Make it what it was before the change that an entry of its history tells of."""
        return self.changed_by(monitor_revert, **checked(RevertSerializer, request))

    @extend_schema(request=FromTemplateSerializer, responses={201: MonitorSerializer})
    @action(detail=False, methods=["post"], url_path="from-template")
    def from_template(self, request: Request) -> Response:
        """Create a monitor of a template of the catalogue, and what the template lacks."""
        given = checked(FromTemplateSerializer, request)
        actor = self.principal.actor
        return self.created(monitor_from_template(tenant=self.tenant, actor=actor, **given))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **kwargs: Any) -> Response:
        """Stop it until it is resumed."""
        return self.changed_by(monitor_pause)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Undo a pause; a snooze stays."""
        return self.changed_by(monitor_resume)

    @extend_schema(request=SnoozeSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, **kwargs: Any) -> Response:
        """Stop it until a time."""
        given = checked(SnoozeSerializer, request)
        return self.changed_by(monitor_snooze, now=timezone.now(), **given)

    @extend_schema(operation_id="monitors_wake", request=None, responses={200: MonitorSerializer})
    @snooze.mapping.delete
    def wake(self, request: Request, **kwargs: Any) -> Response:
        """End a snooze now; a pause stays."""
        return self.changed_by(monitor_wake)

    @extend_schema(request=CloneSerializer, responses={201: MonitorSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, **kwargs: Any) -> Response:
        """Create a monitor like this one; a snooze isn't copied."""
        return self.created(self.applied(monitor_clone, **checked(CloneSerializer, request)))

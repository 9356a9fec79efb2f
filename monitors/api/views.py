"""Monitors of the tenant, and what can be done with one beside changing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.documents import body_of
from blip0.common.api.projection import ProjectionSerializer, projection_representation
from blip0.common.api.views import DocumentViewSet
from blip0.common.projection_states import projection_states
from blip0.common.validation import Report
from monitors.api.filters import MonitorFilterSet
from monitors.api.serializers import CloneSerializer, MonitorSerializer, SnoozeSerializer
from monitors.contracts import DEFAULTS, RUNTIME_KEYS
from monitors.models import Monitor
from monitors.selectors import monitor_representations
from monitors.services import (
    document_report,
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_update,
    monitor_wake,
)
from tenants.api.principals import tenant_principal


class MonitorViewSet(DocumentViewSet[Monitor]):
    """What to watch, and whom to tell."""

    subject = "monitor"
    queryset = Monitor.objects.live()
    serializer_class = MonitorSerializer
    filterset_class = MonitorFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("slug", "-slug", "-created_at", "created_at")
    expandable: ClassVar[tuple[str, ...]] = ("projection",)
    read_permission: ClassVar[str | None] = "monitors.read"
    write_permission: ClassVar[str | None] = "monitors.write"
    required_keys = tuple(key for key in RUNTIME_KEYS if key not in DEFAULTS)
    default_values = DEFAULTS

    def represent(self, instances: Sequence[Monitor]) -> list[dict[str, Any]]:
        return monitor_representations(instances)

    def expand(self, name: str, instances: Sequence[Monitor]) -> list[dict[str, Any]]:
        ids = [str(monitor.pk) for monitor in instances]
        states = projection_states(str(self.principal.tenant_id), "monitor", ids)
        return [projection_representation(states[monitor_id]) for monitor_id in ids]

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        return document_report(data, tenant=tenant_principal(self.request).tenant)

    def create_document(self, data: Mapping[str, Any]) -> Monitor:
        tenant = tenant_principal(self.request).tenant
        return monitor_create(tenant=tenant, data=data, actor=self.principal.actor)

    def update_document(
        self, instance: Monitor, data: Mapping[str, Any], expected: int | None
    ) -> Monitor:
        return monitor_update(
            monitor=instance, data=data, actor=self.principal.actor, expected_version=expected
        )

    def delete_document(self, instance: Monitor, expected: int | None) -> None:
        monitor_delete(monitor=instance, actor=self.principal.actor, expected_version=expected)

    @extend_schema(responses=ProjectionSerializer)
    @action(detail=True)
    def projection(self, request: Request, **kwargs: Any) -> Response:
        """How far its last change has come: saved, applied to Redis, acknowledged by runtimes."""
        return Response(self.expand("projection", [self.get_object()])[0])

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **kwargs: Any) -> Response:
        """Stop it until it is resumed."""
        return self._after(monitor_pause)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Undo a pause; a snooze stays."""
        return self._after(monitor_resume)

    @extend_schema(request=SnoozeSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, **kwargs: Any) -> Response:
        """Stop it until a time."""
        form = SnoozeSerializer(data=body_of(request))
        form.is_valid(raise_exception=True)
        return self._after(monitor_snooze, now=timezone.now(), **form.validated_data)

    @extend_schema(operation_id="monitors_wake", request=None, responses={200: MonitorSerializer})
    @snooze.mapping.delete
    def wake(self, request: Request, **kwargs: Any) -> Response:
        """End a snooze now; a pause stays."""
        return self._after(monitor_wake)

    @extend_schema(request=CloneSerializer, responses={201: MonitorSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, **kwargs: Any) -> Response:
        """Create a monitor like this one; a snooze isn't copied."""
        form = CloneSerializer(data=body_of(request))
        form.is_valid(raise_exception=True)
        monitor = self.get_object()
        return self.created(
            monitor_clone(
                monitor=monitor,
                actor=self.principal.actor,
                expected_version=self.expected_version(monitor),
                **form.validated_data,
            )
        )

    def _after(self, service: Callable[..., Monitor], **details: Any) -> Response:
        monitor = self.get_object()
        expected = self.expected_version(monitor)
        return self.answered(
            service(
                monitor=monitor, actor=self.principal.actor, expected_version=expected, **details
            )
        )

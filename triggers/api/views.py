"""Triggers of the tenant. One that a monitor names can't be deleted: 409 lists its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.filters import DocumentFilterSet, StrictBooleanFilter
from blip0.common.api.pagination import SignedCursorPagination
from blip0.common.api.views import DocumentViewSet
from blip0.common.validation import Report
from tenants.api.principals import tenant_principal
from triggers.api.serializers import (
    DeliveryTestSerializer,
    TriggerSerializer,
    delivery_test_representations,
)
from triggers.choices import TriggerKind
from triggers.models import DeliveryTest, Trigger
from triggers.selectors import trigger_representations
from triggers.services import (
    trigger_create,
    trigger_delete,
    trigger_disable,
    trigger_enable,
    trigger_test,
    trigger_update,
    trigger_validate,
)


class TriggerFilterSet(DocumentFilterSet):
    trigger_type = filters.ChoiceFilter(choices=TriggerKind.choices)
    enabled = StrictBooleanFilter()


class TriggerViewSet(DocumentViewSet[Trigger]):
    """Ways to tell somebody: Slack, email, webhook, Telegram, Discord."""

    noun = subject = "trigger"
    queryset = Trigger.objects.live()
    serializer_class = TriggerSerializer
    filterset_class = TriggerFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("slug", "-slug")
    read_permission: ClassVar[str | None] = "triggers.read"
    write_permission: ClassVar[str | None] = "triggers.write"
    required_keys = ("name", "trigger_type", "config")
    sublists = ("tests",)
    default_values: ClassVar[Mapping[str, Any]] = {"enabled": True}

    def represent(self, instances: Sequence[Trigger]) -> list[dict[str, Any]]:
        return trigger_representations(instances)

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        return trigger_validate(data=data)

    def create_document(self, data: Mapping[str, Any]) -> Trigger:
        tenant = tenant_principal(self.request).tenant
        return trigger_create(tenant=tenant, data=data, actor=self.principal.actor)

    def update_document(self, data: Mapping[str, Any]) -> Response:
        return self.changed_by(trigger_update, data=data)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        return self.removed_by(trigger_delete)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **kwargs: Any) -> Response:
        """Let monitors fire it again."""
        return self.changed_by(trigger_enable)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **kwargs: Any) -> Response:
        """Keep it, and its monitors, but send nothing."""
        return self.changed_by(trigger_disable)

    @extend_schema(request=None, responses=DeliveryTestSerializer)
    @action(detail=True, methods=["post"], can_be_tried=False)
    def test(self, request: Request, **kwargs: Any) -> Response:
        """Send one real message with sample values, and say how it went.

        200 also where the other side refused it: see `succeeded`. 30 an hour are allowed.
        """
        trigger = self.get_object()
        self.expected(trigger)
        tested = trigger_test(trigger=trigger, actor=self.principal.actor, now=timezone.now())
        return Response(delivery_test_representations([tested])[0])

    @extend_schema(responses=DeliveryTestSerializer(many=True))
    @action(detail=True, pagination_class=SignedCursorPagination, filter_backends=[])
    def tests(self, request: Request, **kwargs: Any) -> Response:
        """Its test deliveries, the newest first."""
        rows = DeliveryTest.objects.filter(trigger=self.get_object())
        return self.page_of(rows, "-created_at", delivery_test_representations)

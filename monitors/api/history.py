"""Matches and what was sent for them, as runtimes reported it. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from blip0.common.api.filters import time_range
from blip0.common.api.views import M, TenantViewSet
from monitors.choices import ExecutionStatus
from monitors.models import Match, TriggerExecution


class MatchSerializer(serializers.ModelSerializer[Match]):
    """Ids and names are those of the time: history outlives what it speaks of."""

    details = serializers.DictField(help_text="What the runtime reported of the match.")

    class Meta:
        model = Match
        fields = (
            "id",
            "event_id",
            "monitor_id",
            "monitor_name",
            "network",
            "block_number",
            "transaction_id",
            "matched_at",
            "details",
        )
        read_only_fields = fields


class ExecutionSerializer(serializers.ModelSerializer[TriggerExecution]):
    class Meta:
        model = TriggerExecution
        fields = (
            "id",
            "match_id",
            "trigger_id",
            "trigger_name",
            "attempt",
            "status",
            "error",
            "duration_ms",
            "executed_at",
        )
        read_only_fields = fields


class MatchFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    monitor = filters.UUIDFilter(field_name="monitor_id", help_text="Id of a monitor.")
    network = filters.CharFilter(max_length=63, help_text="Slug of a network.")
    transaction = filters.CharFilter(
        field_name="transaction_id", max_length=128, help_text="Hash, or Solana's signature."
    )
    since, until = time_range("matched_at")


class ExecutionFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    match = filters.UUIDFilter(field_name="match_id", help_text="Id of a match.")
    monitor = filters.UUIDFilter(field_name="match__monitor_id", help_text="Id of a monitor.")
    trigger = filters.UUIDFilter(field_name="trigger_id", help_text="Id of a trigger.")
    status = filters.ChoiceFilter(choices=ExecutionStatus.choices)
    since, until = time_range("executed_at")


class HistoryViewSet(TenantViewSet[M]):
    http_method_names = ["get", "head"]
    read_permission: ClassVar[str | None] = "executions.read"
    write_permission: ClassVar[str | None] = None
    lookup_value_converter = "uuid"

    def represent(self, instances: Sequence[M]) -> list[dict[str, Any]]:
        serializer: BaseSerializer[Any] = self.get_serializer(instances, many=True)
        return list(serializer.data)


class MatchViewSet(HistoryViewSet[Match]):
    """Transactions that matched a monitor."""

    queryset = Match.objects.all()
    serializer_class = MatchSerializer
    filterset_class = MatchFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("-matched_at", "matched_at")


class ExecutionViewSet(HistoryViewSet[TriggerExecution]):
    """Attempts to deliver a match through a trigger, and why they failed."""

    queryset = TriggerExecution.objects.all()
    serializer_class = ExecutionSerializer
    filterset_class = ExecutionFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("-executed_at", "executed_at")

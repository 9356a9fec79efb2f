"""The audit log: who did what, as a tenant may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from blip0.common.api.filters import time_range
from blip0.common.api.views import TenantViewSet
from tenants.choices import ActorKind
from tenants.models import AuditRecord

STAFF = "Blip0 staff"


class AuditActorSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ActorKind.choices)
    id = serializers.CharField(allow_blank=True, help_text="Empty for staff and the system.")
    name = serializers.CharField()


class AuditObjectSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)


@extend_schema_field(OpenApiTypes.OBJECT, component_name="AuditMembers")
class _MembersField(serializers.DictField):
    """Members of the object, by name."""


class AuditRecordSerializer(serializers.Serializer[Any]):
    """What was done. `before` and `after` hold the members that differ, without secrets."""

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    action = serializers.CharField(help_text="Such as `monitor.paused`.")
    actor = AuditActorSerializer()
    object = AuditObjectSerializer()
    before = _MembersField(allow_null=True)
    after = _MembersField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)


def audit_representations(records: Sequence[AuditRecord]) -> list[dict[str, Any]]:
    """Staff are the platform's people: a tenant learns that they acted, not who they are."""
    return [
        {
            "id": record.pk,
            "created_at": record.created_at,
            "action": record.action,
            "actor": _actor(record),
            "object": {
                "kind": record.object_kind,
                "id": record.object_id,
                "name": record.object_name,
            },
            "before": record.before,
            "after": record.after,
            "reason": record.reason,
            "request_id": record.request_id,
        }
        for record in records
    ]


def _actor(record: AuditRecord) -> dict[str, str]:
    if record.actor_kind == ActorKind.STAFF:
        return {"kind": record.actor_kind, "id": "", "name": STAFF}
    return {"kind": record.actor_kind, "id": record.actor_id, "name": record.actor_name}


class AuditFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    action = filters.CharFilter(max_length=60, help_text="Such as `monitor.paused`.")
    actor_kind = filters.ChoiceFilter(choices=ActorKind.choices)
    actor_id = filters.CharFilter(
        method="filter_actor", max_length=64, help_text="A user's or an API key's id."
    )
    object_kind = filters.CharFilter(max_length=40, help_text="Such as `monitor`.")
    object_id = filters.CharFilter(max_length=64)
    since, until = time_range("created_at")

    def filter_actor(self, records: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Not staff's: a tenant must not find out who they are by trying ids."""
        return records.filter(actor_id=value).exclude(actor_kind=ActorKind.STAFF)


class AuditLogViewSet(TenantViewSet[AuditRecord]):
    """What members, API keys, staff and the system did in the tenant. Nobody changes it."""

    http_method_names = ["get", "head"]
    queryset = AuditRecord.objects.all()
    serializer_class = AuditRecordSerializer
    filterset_class = AuditFilterSet
    read_permission: ClassVar[str | None] = "audit.read"
    write_permission: ClassVar[str | None] = None
    orderings: ClassVar[tuple[str, ...]] = ("-id", "id")
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[AuditRecord]:
        return super().get_queryset().filter(tenant_id=self.principal.tenant_id)

    def represent(self, instances: Sequence[AuditRecord]) -> list[dict[str, Any]]:
        return audit_representations(instances)

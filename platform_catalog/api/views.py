"""The catalogue, as tenants read it. Staff write it, in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model
from rest_framework.serializers import BaseSerializer

from blip0.common.api.views import M, TenantViewSet
from platform_catalog.api.filters import (
    FilterScriptFilterSet,
    MonitorTemplateFilterSet,
    NetworkFilterSet,
)
from platform_catalog.api.serializers import (
    FilterScriptSerializer,
    MonitorTemplateSerializer,
    NetworkSerializer,
)
from platform_catalog.models import FilterScript, MonitorTemplate, Network


class CatalogueViewSet(TenantViewSet[M]):
    """Any member reads all of it, by natural key."""

    http_method_names = ["get", "head"]
    read_permission: ClassVar[str | None] = None
    write_permission: ClassVar[str | None] = None
    orderings: ClassVar[tuple[str, ...]] = ("slug", "-slug")
    lookup_value_converter = "slug"

    def represent(self, instances: Sequence[Model]) -> list[dict[str, Any]]:
        serializer: BaseSerializer[Any] = self.get_serializer(instances, many=True)
        return list(serializer.data)


class NetworkViewSet(CatalogueViewSet[Network]):
    """Networks that monitors may watch. A disabled one is in no runtime's configuration."""

    queryset = Network.objects.all()
    serializer_class = NetworkSerializer
    filterset_class = NetworkFilterSet


class FilterScriptViewSet(CatalogueViewSet[FilterScript]):
    """Scripts that a monitor's `trigger_conditions` may name."""

    queryset = FilterScript.objects.all()
    serializer_class = FilterScriptSerializer
    filterset_class = FilterScriptFilterSet
    orderings: ClassVar[tuple[str, ...]] = ("name", "-name")


class MonitorTemplateViewSet(CatalogueViewSet[MonitorTemplate]):
    """Monitors to start from: `document` lacks networks, addresses and triggers."""

    queryset = MonitorTemplate.objects.filter(enabled=True)
    serializer_class = MonitorTemplateSerializer
    filterset_class = MonitorTemplateFilterSet

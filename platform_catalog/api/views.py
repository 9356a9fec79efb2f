"""The catalogue, as tenants read it. Staff write it, in the admin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import orjson
from django.db.models import Model
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from blip0.common.api.caching import kept
from blip0.common.api.etags import etag_of, tagged
from blip0.common.api.views import M, TenantViewSet
from blip0.common.canonical import sha256_hex
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
from tenants.selectors import platform_version


class CatalogueViewSet(TenantViewSet[M]):
    """Any member reads all of it, by natural key."""

    http_method_names = ["get", "head"]
    has_tag = True
    read_permission: ClassVar[str | None] = None
    write_permission: ClassVar[str | None] = None
    orderings: ClassVar[tuple[str, ...]] = ("slug", "-slug")
    lookup_value_converter = "slug"

    def represent(self, instances: Sequence[Model]) -> list[dict[str, Any]]:
        serializer: BaseSerializer[Any] = self.get_serializer(instances, many=True)
        return list(serializer.data)

    def list(self, request: Request) -> Response:
        return self._kept(lambda: super(CatalogueViewSet, self).list(request).data)

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return self._kept(self._asked)

    def _asked(self) -> dict[str, Any]:
        instance = self.get_object()
        return self.asked_for([instance], [self.shown(instance)])[0]

    def _kept(self, answer: Callable[[], Mapping[str, Any]]) -> Response:
        """From the cache, by the platform's version: two tenants who ask alike are answered alike.

        One query, which reads the version, where it is there; also for a 304.
        """
        asked = sha256_hex(self.request.build_absolute_uri().encode())

        def made() -> tuple[bytes, str]:
            representation = answer()
            return orjson.dumps(representation), etag_of(representation)

        body, etag = kept(f"catalogue:{platform_version()}:{asked}", made)
        return tagged(self.request, orjson.Fragment(body), etag)


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

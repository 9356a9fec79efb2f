"""What the tenant uses of its plan."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.views import TenantView
from monitors.selectors import used_of_limits
from tenants.api.principals import tenant_principal
from tenants.api.tenant import PlanSerializer
from tenants.choices import Limit
from tenants.selectors import limits_of


class LimitUsageSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField()
    used = serializers.IntegerField(
        allow_null=True,
        help_text="Where each monitor has the limit, the most of one. Null: unknown.",
    )
    over_limit = serializers.BooleanField(
        help_text="What is there stays, and nothing can be added: the limit was lowered since."
    )


class LimitsUsageSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {limit.value: LimitUsageSerializer(help_text=limit.label) for limit in Limit}


class UsageSerializer(serializers.Serializer[Any]):
    plan = PlanSerializer()
    over_limit = serializers.BooleanField(help_text="Of any limit.")
    limits = LimitsUsageSerializer()


class UsageView(TenantView):
    """The plan's limits, with staff's overrides, and how much of each is used."""

    read_permission: ClassVar[str | None] = "usage.read"
    write_permission: ClassVar[str | None] = None

    @extend_schema(operation_id="usage", responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        tenant = tenant_principal(request).tenant
        granted = limits_of(tenant)
        used: dict[Limit, int | None] = {**used_of_limits(), Limit.API_CALLS: self._calls()}
        limits = {
            limit.value: _usage(getattr(granted, limit.value), used[limit]) for limit in Limit
        }
        return Response(
            {
                "plan": {"slug": tenant.plan_id, "name": tenant.plan.name},
                "over_limit": any(usage["over_limit"] for usage in limits.values()),
                "limits": limits,
            }
        )

    def _calls(self) -> int | None:
        """Of the last hour, this one included; None while they aren't counted."""
        if self.allowance is None:
            return None
        hour = self.allowance.standings[0]
        return hour.policy.quota - hour.remaining


def _usage(limit: int, used: int | None) -> dict[str, Any]:
    return {"limit": limit, "used": used, "over_limit": used is not None and used > limit}

"""The tenant itself: its name, what all its monitors have in common, and what staff decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.documents import body_of
from blip0.common.api.etags import PreconditionFailed, etag_of, names, tagged
from blip0.common.api.serializers import StrictSerializer
from blip0.common.api.views import TenantView
from blip0.common.exceptions import Stale
from blip0.common.validation import InvalidDocument, without_read_only
from tenants.api.principals import tenant_principal
from tenants.choices import Severity, TenantStatus
from tenants.models import Tenant
from tenants.services.settings import tenant_update

MAX_INTEGER = 2**31 - 1
WRITABLE = ("name", "alerting")


class PlanSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    name = serializers.CharField()


class TenantThresholdSerializer(StrictSerializer):
    amount = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER)
    window_s = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER, help_text="Seconds.")


class TenantAlertingSerializer(StrictSerializer):
    """Holds for every monitor that has no value of its own."""

    severity = serializers.ChoiceField(Severity.choices, required=False)
    threshold = TenantThresholdSerializer(required=False)
    min_interval_s = serializers.IntegerField(
        min_value=0, max_value=MAX_INTEGER, required=False, help_text="Seconds."
    )


class TenantSettingsSerializer(StrictSerializer):
    read_whole = True

    id = serializers.UUIDField(read_only=True)
    slug = serializers.SlugField(read_only=True, help_text="It never changes.")
    name = serializers.CharField(max_length=200, required=False)
    status = serializers.ChoiceField(TenantStatus.choices, read_only=True)
    plan = PlanSerializer(read_only=True)
    alerting = TenantAlertingSerializer(required=False)
    allow_viewing_keys = serializers.BooleanField(read_only=True, help_text="Staff decide.")
    allow_unfiltered_monitors = serializers.BooleanField(read_only=True, help_text="Staff decide.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


def tenant_representation(tenant: Tenant) -> dict[str, Any]:
    """`tenant` has its plan loaded."""
    alerting: dict[str, Any] = {}
    if tenant.alert_severity:
        alerting["severity"] = tenant.alert_severity
    if tenant.alert_threshold_amount is not None:
        alerting["threshold"] = {
            "amount": tenant.alert_threshold_amount,
            "window_s": tenant.alert_threshold_window_s,
        }
    if tenant.alert_min_interval_s is not None:
        alerting["min_interval_s"] = tenant.alert_min_interval_s
    return {
        "id": str(tenant.pk),
        "slug": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "plan": {"slug": tenant.plan_id, "name": tenant.plan.name},
        "alerting": alerting,
        "allow_viewing_keys": tenant.allow_viewing_keys,
        "allow_unfiltered_monitors": tenant.allow_unfiltered_monitors,
        "created_at": tenant.created_at.isoformat(),
        "updated_at": tenant.updated_at.isoformat(),
    }


class TenantSettingsView(TenantView):
    """The tenant that the credentials are for."""

    read_permission: ClassVar[str | None] = "tenant.read"
    write_permission: ClassVar[str | None] = "tenant.write"
    has_tag = True

    @extend_schema(operation_id="tenant", responses=TenantSettingsSerializer)
    def get(self, request: Request) -> Response:
        representation = tenant_representation(tenant_principal(request).tenant)
        return tagged(request, representation, etag_of(representation))

    @extend_schema(
        operation_id="tenant_change",
        request=TenantSettingsSerializer,
        responses=TenantSettingsSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change the members that are named; `alerting` as a whole."""
        tenant = tenant_principal(request).tenant
        current = tenant_representation(tenant)
        etag, tags = etag_of(current), request.headers.get("If-Match")
        if tags is not None and not names(tags, etag):
            raise PreconditionFailed(etag)
        expected = None if tags is None else tenant.updated_at
        columns = _columns(body_of(request), current)
        actor = self.principal.actor
        try:
            changed = tenant_update(tenant=tenant, data=columns, actor=actor, expected=expected)
        except Stale:
            newer = Tenant.objects.select_related("plan").get(pk=tenant.pk)
            raise PreconditionFailed(etag_of(tenant_representation(newer))) from None
        representation = tenant_representation(changed)
        return Response(representation, headers={"ETag": etag_of(representation)})


def _columns(data: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """What to write. Raises `InvalidDocument` and `ValidationError`."""
    read_only = current.keys() - set(WRITABLE)
    data, findings = without_read_only(data, read_only, current=current)
    if findings:
        raise InvalidDocument(findings)
    form = TenantSettingsSerializer(data=data)
    form.is_valid(raise_exception=True)
    given: dict[str, Any] = form.validated_data
    columns = {"name": given["name"]} if "name" in given else {}
    if "alerting" in given:
        alerting = given["alerting"]
        threshold = alerting.get("threshold") or {}
        columns |= {
            "alert_severity": alerting.get("severity", ""),
            "alert_threshold_amount": threshold.get("amount"),
            "alert_threshold_window_s": threshold.get("window_s"),
            "alert_min_interval_s": alerting.get("min_interval_s"),
        }
    return columns

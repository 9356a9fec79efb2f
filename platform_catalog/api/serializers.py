"""What tenants see of the catalogue."""

from __future__ import annotations

from rest_framework import serializers

from platform_catalog.models import FilterScript, MonitorTemplate, Network


class NetworkSerializer(serializers.ModelSerializer[Network]):
    """Endpoints are the platform's affair and not shown."""

    class Meta:
        model = Network
        fields = (
            "slug",
            "name",
            "network_type",
            "enabled",
            "chain_id",
            "network_passphrase",
            "block_time_ms",
            "confirmation_blocks",
        )
        read_only_fields = fields


class FilterScriptSerializer(serializers.ModelSerializer[FilterScript]):
    script_path = serializers.CharField(
        read_only=True, help_text="What `trigger_conditions` of a monitor name."
    )
    version = serializers.IntegerField(source="current_version", read_only=True)

    class Meta:
        model = FilterScript
        fields = (
            "name",
            "script_path",
            "language",
            "description",
            "arguments",
            "timeout_ms",
            "version",
        )
        read_only_fields = fields


class MonitorTemplateSerializer(serializers.ModelSerializer[MonitorTemplate]):
    class Meta:
        model = MonitorTemplate
        fields = ("slug", "name", "description", "network_types", "document")
        read_only_fields = fields

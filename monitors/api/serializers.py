"""The shape of a monitor, for the OpenAPI document, and the bodies of its actions.

A monitor's rules are in `monitors.validators`.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from blip0.common.api.serializers import StrictSerializer
from monitors.api.examples import (
    CLONE_EXAMPLE,
    FROM_TEMPLATE_EXAMPLE,
    MONITOR_EXAMPLE,
    SNOOZE_EXAMPLE,
)
from monitors.choices import Severity
from monitors.projections import MonitorDocument, body_without_secrets
from monitors.validators.monitor import STATUSES
from platform_catalog.choices import ScriptLanguage


class AddressSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    contract_spec = serializers.JSONField(required=False, help_text="The contract's ABI or spec.")


@extend_schema_field(AddressSerializer(many=True))
class _AddressesField(serializers.ListField):
    """Described here; its rules are the service's."""


class SignedConditionSerializer(serializers.Serializer[Any]):
    signature = serializers.CharField(help_text="Such as `transfer(address,uint256)`.")
    expression = serializers.CharField(required=False)


class TransactionConditionSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(STATUSES)
    expression = serializers.CharField(required=False)


class MatchConditionsSerializer(serializers.Serializer[Any]):
    functions = SignedConditionSerializer(many=True)
    events = SignedConditionSerializer(many=True)
    transactions = TransactionConditionSerializer(many=True)


class ScriptConditionSerializer(serializers.Serializer[Any]):
    script_path = serializers.CharField(help_text="Of a filter script in the catalogue.")
    language = serializers.ChoiceField(ScriptLanguage.choices)
    timeout_ms = serializers.IntegerField()
    arguments = serializers.ListField(child=serializers.CharField(), required=False)


class ThresholdSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1)
    window_s = serializers.IntegerField(min_value=1, help_text="Seconds.")


class AlertingSerializer(serializers.Serializer[Any]):
    """What is left out comes from the tenant's defaults."""

    severity = serializers.ChoiceField(Severity.choices, required=False)
    threshold = ThresholdSerializer(required=False)
    min_interval_s = serializers.IntegerField(required=False, help_text="Seconds.")


@extend_schema_serializer(examples=[MONITOR_EXAMPLE])
class MonitorSerializer(serializers.Serializer[Any]):
    """As in OpenZeppelin Monitor, with networks and triggers by slug."""

    read_whole = True

    id = serializers.UUIDField(read_only=True)
    slug = serializers.SlugField(max_length=63, required=False, help_text="Default: of the name.")
    name = serializers.CharField()
    description = serializers.CharField(required=False, allow_blank=True)
    paused = serializers.BooleanField(required=False)
    snoozed_until = serializers.DateTimeField(read_only=True, allow_null=True)
    networks = serializers.ListField(child=serializers.SlugField(), min_length=1)
    addresses = AddressSerializer(many=True)
    match_conditions = MatchConditionsSerializer()
    trigger_conditions = ScriptConditionSerializer(many=True)
    triggers = serializers.ListField(child=serializers.SlugField())
    chain_configurations = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Viewing keys read as secrets."
    )
    alerting = AlertingSerializer(required=False)
    version = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


@extend_schema_serializer(examples=[SNOOZE_EXAMPLE])
class SnoozeSerializer(StrictSerializer):
    until = serializers.DateTimeField(help_text="In the future.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500)


@extend_schema_serializer(examples=[CLONE_EXAMPLE])
class CloneSerializer(StrictSerializer):
    name = serializers.CharField(max_length=200)
    slug = serializers.CharField(required=False, allow_null=True, help_text="Default: of the name.")


@extend_schema_serializer(examples=[FROM_TEMPLATE_EXAMPLE])
class FromTemplateSerializer(StrictSerializer):
    """A template's slug, and what it lacks."""

    template = serializers.CharField(max_length=63)
    name = serializers.CharField(max_length=200)
    slug = serializers.CharField(required=False, allow_null=True, help_text="Default: of the name.")
    networks = serializers.ListField(child=serializers.CharField(), min_length=1)
    addresses = _AddressesField(
        child=serializers.DictField(),
        help_text="Each is given the template's `contract_spec`, but for one that brings its own.",
    )
    triggers = serializers.ListField(child=serializers.CharField(), default=list)


class RevertSerializer(StrictSerializer):
    entry = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="Id of an entry of the monitor's history."
    )
    secrets = serializers.DictField(
        child=serializers.CharField(max_length=4096, trim_whitespace=False),
        required=False,
        help_text="Viewing keys that the monitor has no more, by the `fingerprint` that the "
        "history has of them. An error names each that is needed.",
    )
    contract_specs = serializers.DictField(
        required=False,
        help_text="Contract specs that no monitor has any more, by the SHA-256 that the history "
        "has of them.",
    )


@extend_schema_field(OpenApiTypes.OBJECT, component_name="RuntimeDocument")
class _RuntimeDocumentField(serializers.DictField):
    """As the runtime contract has it."""


class MonitorDocumentSerializer(serializers.Serializer[Any]):
    """The runtime's document, with each secret as `[redacted]`."""

    runs = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it doesn't run.")
    document = _RuntimeDocumentField(
        allow_null=True, help_text="Null where it can't be made, or all its networks are disabled."
    )


def document_representation(rendered: MonitorDocument | None) -> dict[str, Any]:
    """None stands for a monitor that was deleted meanwhile."""
    if rendered is None:
        return {"runs": False, "reason": "deleted", "document": None}
    reason = rendered.invalid_because or rendered.inactive_because
    body = rendered.body and body_without_secrets(rendered.body)
    return {"runs": not reason, "reason": reason, "document": body}

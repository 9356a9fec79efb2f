"""The shape of a trigger, for the OpenAPI document. Its rules are in `triggers.validators`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiExample,
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from triggers.choices import DisabledReason, HttpMethod, PayloadMode, TriggerKind
from triggers.models import DeliveryTest


class SecretSerializer(serializers.Serializer[Any]):
    set = serializers.BooleanField(help_text="Whether one is stored.")
    hint = serializers.CharField(help_text="Its last four characters.", required=False)


class PlainSecretSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["Plain"])
    value = serializers.CharField()


class KeptSecretSerializer(SecretSerializer):
    """As it was read: what is stored stays."""


SECRET_IN: Final = PolymorphicProxySerializer(
    component_name="Secret",
    serializers=[PlainSecretSerializer, KeptSecretSerializer],
    resource_type_field_name=None,
)


class SecretField(serializers.Field[Any, Any, Any, Any]):
    """Written as `{type, value}`, read as `{set, hint}`; what was read may be sent back."""


class _SecretFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's
    target_class = SecretField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        shown = SECRET_IN if direction == "request" else SecretSerializer()
        reference: dict[str, Any] = auto_schema.resolve_serializer(shown, direction).ref
        return reference


class MessageSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    body = serializers.CharField()


class DurationSerializer(serializers.Serializer[Any]):
    secs = serializers.IntegerField()
    nanos = serializers.IntegerField()


class RetryPolicySerializer(serializers.Serializer[Any]):
    max_retries = serializers.IntegerField(required=False)
    base_for_backoff = serializers.IntegerField(required=False)
    initial_backoff = DurationSerializer(required=False)
    max_backoff = DurationSerializer(required=False)
    jitter = serializers.ChoiceField(["full", "none"], required=False)


class _ConfigSerializer(serializers.Serializer[Any]):
    message = MessageSerializer()
    retry_policy = RetryPolicySerializer(required=False)


class SlackConfigSerializer(_ConfigSerializer):
    slack_url = SecretField()


class DiscordConfigSerializer(_ConfigSerializer):
    discord_url = SecretField()


class TelegramConfigSerializer(_ConfigSerializer):
    token = SecretField()
    chat_id = serializers.CharField()
    disable_web_preview = serializers.BooleanField(required=False)


class EmailConfigSerializer(_ConfigSerializer):
    host = serializers.CharField()
    port = serializers.IntegerField(required=False)
    username = SecretField()
    password = SecretField()
    sender = serializers.CharField()
    recipients = serializers.ListField(child=serializers.CharField())


class WebhookConfigSerializer(_ConfigSerializer):
    url = SecretField()
    method = serializers.ChoiceField(HttpMethod.choices, required=False)
    secret = SecretField(required=False)
    headers = serializers.DictField(
        required=False,
        help_text="Values are texts; all but Content-Type, Accept and User-Agent read as secrets.",
    )
    message = MessageSerializer(required=False)
    payload_mode = serializers.ChoiceField(PayloadMode.choices, required=False)


CONFIG = PolymorphicProxySerializer(
    component_name="TriggerConfig",
    serializers=[
        SlackConfigSerializer,
        EmailConfigSerializer,
        WebhookConfigSerializer,
        TelegramConfigSerializer,
        DiscordConfigSerializer,
    ],
    resource_type_field_name=None,
)


@extend_schema_field(CONFIG)
class _ConfigField(serializers.JSONField):
    pass


TRIGGER_EXAMPLES: Final = [
    OpenApiExample(
        "Slack",
        request_only=True,
        value={
            "name": "Ops",
            "trigger_type": "slack",
            "config": {
                "slack_url": {
                    "type": "Plain",
                    "value": "https://hooks.slack.com/services/T000/B000/XXXX",
                },
                "message": {"title": "${monitor.name}", "body": "See ${transaction.hash}"},
            },
        },
    ),
    OpenApiExample(
        "Webhook, signed",
        request_only=True,
        value={
            "name": "Incidents",
            "trigger_type": "webhook",
            "config": {
                "url": {"type": "Plain", "value": "https://hooks.example.org/incidents"},
                "secret": {"type": "Plain", "value": "a signing key of your own"},
                "headers": {"X-API-Key": "a header that reads as a secret"},
                "message": {"title": "${monitor.name}", "body": "See ${transaction.hash}"},
                "retry_policy": {"max_retries": 3},
            },
        },
    ),
]


@extend_schema_serializer(examples=TRIGGER_EXAMPLES)
class TriggerSerializer(serializers.Serializer[Any]):
    """`config` is the runtime's own, by `trigger_type`, with secrets masked where it is read."""

    read_whole = True

    id = serializers.UUIDField(read_only=True)
    slug = serializers.SlugField(max_length=63, required=False, help_text="Default: of the name.")
    name = serializers.CharField()
    trigger_type = serializers.ChoiceField(TriggerKind.choices)
    enabled = serializers.BooleanField(required=False)
    disabled_reason = serializers.ChoiceField(
        DisabledReason.choices,
        allow_null=True,
        read_only=True,
        help_text="Null where it is enabled.",
    )
    config = _ConfigField()
    version = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class DeliveryTestSerializer(serializers.Serializer[Any]):
    """How a test delivery went. What was answered is never kept."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    succeeded = serializers.BooleanField()
    status = serializers.CharField(
        help_text="HTTP status or SMTP reply code; else `target_refused`, `delivery_failed`, "
        "`delivery_timeout`, or `pending` while it is sent."
    )
    duration_ms = serializers.IntegerField()
    requested_by = serializers.CharField()


def delivery_test_representations(tests: Sequence[DeliveryTest]) -> list[dict[str, Any]]:
    return [
        {
            "id": test.pk,
            "created_at": test.created_at,
            "succeeded": test.succeeded,
            "status": test.status,
            "duration_ms": test.duration_ms,
            "requested_by": test.requested_by,
        }
        for test in tests
    ]

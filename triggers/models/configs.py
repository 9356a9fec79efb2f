"""The typed configuration of a trigger: a table a type, secrets sealed.

Field names are those of the runtime's documents. A null means that the document leaves the key
out and the runtime's own default holds.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from blip0.common.db.fields import SealedTextField, sealed_check
from triggers.choices import HttpMethod, PayloadMode
from triggers.models.trigger import Trigger


class TriggerConfig(models.Model):
    """What every type has: the trigger it configures and the message it sends."""

    trigger = models.OneToOneField(
        Trigger, on_delete=models.CASCADE, primary_key=True, related_name="%(class)s"
    )
    message_title = models.TextField(blank=True)
    message_body = models.TextField(blank=True)
    retry_policy = models.JSONField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} of {self.trigger_id}"


class SlackConfig(TriggerConfig):
    slack_url = SealedTextField()

    class Meta:
        constraints = [sealed_check("slack_url", name="slack_url_sealed")]


class EmailConfig(TriggerConfig):
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(null=True, blank=True)
    username = SealedTextField()
    password = SealedTextField()
    sender = models.CharField(max_length=320)
    recipients = ArrayField(models.CharField(max_length=320))

    class Meta:
        constraints = [
            sealed_check("username", name="email_username_sealed"),
            sealed_check("password", name="email_password_sealed"),
            models.CheckConstraint(
                condition=models.Q(port__isnull=True) | models.Q(port__lte=65535),
                name="email_port",
            ),
            models.CheckConstraint(
                condition=models.Q(recipients__len__gte=1), name="email_recipients"
            ),
        ]


class WebhookConfig(TriggerConfig):
    """`headers` maps names to values; all values but those of three harmless headers are sealed.

    `has_message` tells an absent message (raw payload) from an empty one.
    """

    url = SealedTextField()
    method = models.CharField(max_length=6, choices=HttpMethod.choices, blank=True)
    secret = SealedTextField(null=True)
    headers = models.JSONField(null=True, editable=False)
    payload_mode = models.CharField(max_length=10, choices=PayloadMode.choices, blank=True)
    has_message = models.BooleanField(default=True)

    class Meta:
        constraints = [
            sealed_check("url", name="webhook_url_sealed"),
            sealed_check("secret", name="webhook_secret_sealed"),
            models.CheckConstraint(
                condition=models.Q(method__in=["", *HttpMethod.values]), name="webhook_method"
            ),
            models.CheckConstraint(
                condition=models.Q(payload_mode__in=["", *PayloadMode.values]),
                name="webhook_payload_mode",
            ),
        ]


class TelegramConfig(TriggerConfig):
    token = SealedTextField()
    chat_id = models.CharField(max_length=100)
    disable_web_preview = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [sealed_check("token", name="telegram_token_sealed")]


class DiscordConfig(TriggerConfig):
    discord_url = SealedTextField()

    class Meta:
        constraints = [sealed_check("discord_url", name="discord_url_sealed")]

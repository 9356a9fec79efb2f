"""Closed sets of values."""

from django.db import models


class TriggerKind(models.TextChoices):
    """The types that tenants may use; the spelling is the runtime's."""

    SLACK = "slack", "Slack"
    EMAIL = "email", "Email"
    WEBHOOK = "webhook", "Webhook"
    TELEGRAM = "telegram", "Telegram"
    DISCORD = "discord", "Discord"


class PayloadMode(models.TextChoices):
    TEMPLATE = "template", "Template"
    RAW = "raw", "Raw match"


class HttpMethod(models.TextChoices):
    GET = "GET", "GET"
    POST = "POST", "POST"
    PUT = "PUT", "PUT"
    DELETE = "DELETE", "DELETE"


class DisabledReason(models.TextChoices):
    BY_MEMBER = "by_member", "Disabled by a member"
    SECRET_MISSING = "secret_missing", "A secret was not given at import"

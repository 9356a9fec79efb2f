"""Factories of the app's models. Use them inside a tenant's schema: secrets are sealed for it.

`TriggerFactory()` and its typed siblings make a trigger with its configuration; `document(kind)`
is what a tenant would send to create one.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    RelatedFactory,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory

from blip0.common.sealing import keyring
from triggers.choices import TriggerKind
from triggers.models import (
    DeliveryTest,
    DiscordConfig,
    EmailConfig,
    SlackConfig,
    TelegramConfig,
    Trigger,
    TriggerConfig,
    WebhookConfig,
)
from triggers.store import place_of

C = TypeVar("C", bound=TriggerConfig)

SLACK_URL = "https://hooks.slack.com/services/T000/B000/slackpathsecret"
DISCORD_URL = "https://discord.com/api/webhooks/1/discordpathsecret"
TELEGRAM_TOKEN = "123456789:telegramtokensecret" + "A" * 16
WEBHOOK_URL = "https://hooks.example.org/in/webhookpathsecret"
SIGNING_KEY = "webhook-signing-key-secret"
API_KEY = "webhook-header-api-key-secret"
SMTP_USER = "smtp-user-name-secret@acme.test"
SMTP_PASSWORD = "smtp-password-very-secret"

MESSAGE = {"title": "${monitor.name} fired", "body": "See ${transaction.hash}"}
_CONFIGS: dict[str, dict[str, Any]] = {
    TriggerKind.SLACK: {"slack_url": {"type": "Plain", "value": SLACK_URL}, "message": MESSAGE},
    TriggerKind.DISCORD: {
        "discord_url": {"type": "Plain", "value": DISCORD_URL},
        "message": MESSAGE,
    },
    TriggerKind.TELEGRAM: {
        "token": {"type": "Plain", "value": TELEGRAM_TOKEN},
        "chat_id": "-100200300",
        "disable_web_preview": True,
        "message": MESSAGE,
    },
    TriggerKind.EMAIL: {
        "host": "smtp.acme.test",
        "port": 587,
        "username": {"type": "Plain", "value": SMTP_USER},
        "password": {"type": "Plain", "value": SMTP_PASSWORD},
        "message": MESSAGE,
        "sender": "alerts@acme.test",
        "recipients": ["ops@acme.test", "Ana <ana@acme.test>"],
    },
    TriggerKind.WEBHOOK: {
        "url": {"type": "Plain", "value": WEBHOOK_URL},
        "method": "POST",
        "secret": {"type": "Plain", "value": SIGNING_KEY},
        "headers": {"Content-Type": "application/json", "X-API-Key": API_KEY},
        "message": MESSAGE,
        "payload_mode": "template",
        "retry_policy": {"max_retries": 5, "initial_backoff": {"secs": 1, "nanos": 0}},
    },
}


def document(kind: str = TriggerKind.SLACK, **changes: Any) -> dict[str, Any]:
    """What a tenant sends to create a trigger of this type, every optional key given."""
    data = {"name": f"Ops {kind}", "trigger_type": str(kind), "config": _CONFIGS[kind]}
    return copy.deepcopy({**data, **changes})


def sealed(field: str, plain: str) -> LazyAttribute:
    """`plain`, sealed for the configuration's trigger."""
    return LazyAttribute(lambda config: keyring().seal(plain, place_of(config.trigger.pk)(field)))


class BareTriggerFactory(DjangoModelFactory[Trigger]):
    """A trigger without a configuration, as no service leaves it."""

    class Meta:
        model = Trigger
        skip_postgeneration_save = True

    slug = Sequence(lambda number: f"trigger-{number}")
    name = Sequence(lambda number: f"Trigger {number}")
    trigger_type = TriggerKind.SLACK


class ConfigFactory(DjangoModelFactory[C]):
    class Meta:
        abstract = True

    message_title = MESSAGE["title"]
    message_body = MESSAGE["body"]


class SlackConfigFactory(ConfigFactory[SlackConfig]):
    class Meta:
        model = SlackConfig

    trigger = SubFactory(BareTriggerFactory, trigger_type=TriggerKind.SLACK)
    slack_url = sealed("slack_url", SLACK_URL)


class DiscordConfigFactory(ConfigFactory[DiscordConfig]):
    class Meta:
        model = DiscordConfig

    trigger = SubFactory(BareTriggerFactory, trigger_type=TriggerKind.DISCORD)
    discord_url = sealed("discord_url", DISCORD_URL)


class TelegramConfigFactory(ConfigFactory[TelegramConfig]):
    class Meta:
        model = TelegramConfig

    trigger = SubFactory(BareTriggerFactory, trigger_type=TriggerKind.TELEGRAM)
    token = sealed("token", TELEGRAM_TOKEN)
    chat_id = "-100200300"


class EmailConfigFactory(ConfigFactory[EmailConfig]):
    class Meta:
        model = EmailConfig

    trigger = SubFactory(BareTriggerFactory, trigger_type=TriggerKind.EMAIL)
    host = "smtp.acme.test"
    port = 587
    username = sealed("username", SMTP_USER)
    password = sealed("password", SMTP_PASSWORD)
    sender = "alerts@acme.test"
    recipients = LazyFunction(lambda: ["ops@acme.test"])


class WebhookConfigFactory(ConfigFactory[WebhookConfig]):
    class Meta:
        model = WebhookConfig

    trigger = SubFactory(BareTriggerFactory, trigger_type=TriggerKind.WEBHOOK)
    url = sealed("url", WEBHOOK_URL)
    method = "POST"
    secret = sealed("secret", SIGNING_KEY)
    headers = LazyAttribute(
        lambda config: {
            "Content-Type": "application/json",
            "X-API-Key": keyring().seal(API_KEY, place_of(config.trigger.pk)("headers.X-API-Key")),
        }
    )


class SlackTriggerFactory(BareTriggerFactory):
    trigger_type = TriggerKind.SLACK
    config = RelatedFactory(SlackConfigFactory, factory_related_name="trigger")


class TriggerFactory(SlackTriggerFactory):
    """Any trigger will do."""


class DiscordTriggerFactory(BareTriggerFactory):
    trigger_type = TriggerKind.DISCORD
    config = RelatedFactory(DiscordConfigFactory, factory_related_name="trigger")


class TelegramTriggerFactory(BareTriggerFactory):
    trigger_type = TriggerKind.TELEGRAM
    config = RelatedFactory(TelegramConfigFactory, factory_related_name="trigger")


class EmailTriggerFactory(BareTriggerFactory):
    trigger_type = TriggerKind.EMAIL
    config = RelatedFactory(EmailConfigFactory, factory_related_name="trigger")


class WebhookTriggerFactory(BareTriggerFactory):
    trigger_type = TriggerKind.WEBHOOK
    config = RelatedFactory(WebhookConfigFactory, factory_related_name="trigger")


TRIGGER_FACTORIES: dict[str, type[BareTriggerFactory]] = {
    TriggerKind.SLACK: SlackTriggerFactory,
    TriggerKind.DISCORD: DiscordTriggerFactory,
    TriggerKind.TELEGRAM: TelegramTriggerFactory,
    TriggerKind.EMAIL: EmailTriggerFactory,
    TriggerKind.WEBHOOK: WebhookTriggerFactory,
}


class DeliveryTestFactory(DjangoModelFactory[DeliveryTest]):
    class Meta:
        model = DeliveryTest

    trigger = SubFactory(SlackTriggerFactory)
    succeeded = True
    status = "200"
    duration_ms = 42
    requested_by = "eli@acme.test"

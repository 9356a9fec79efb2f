from triggers.models.configs import (
    DiscordConfig,
    EmailConfig,
    SlackConfig,
    TelegramConfig,
    TriggerConfig,
    WebhookConfig,
)
from triggers.models.trigger import DeliveryTest, Trigger

__all__ = [
    "DeliveryTest",
    "DiscordConfig",
    "EmailConfig",
    "SlackConfig",
    "TelegramConfig",
    "Trigger",
    "TriggerConfig",
    "WebhookConfig",
]

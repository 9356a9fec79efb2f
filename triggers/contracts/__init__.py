"""The types of trigger that tenants may use: a module and a line below for each.

See `docs/add-a-trigger-type.md`.
"""

from blip0.common.registry import Registry
from triggers.contracts.base import TriggerContract
from triggers.contracts.discord import DISCORD
from triggers.contracts.email import EMAIL
from triggers.contracts.slack import SLACK
from triggers.contracts.telegram import TELEGRAM
from triggers.contracts.webhook import WEBHOOK

TRIGGER_TYPES: Registry[TriggerContract] = Registry("trigger type")
TRIGGER_TYPES.register(SLACK.kind, SLACK)
TRIGGER_TYPES.register(EMAIL.kind, EMAIL)
TRIGGER_TYPES.register(WEBHOOK.kind, WEBHOOK)
TRIGGER_TYPES.register(TELEGRAM.kind, TELEGRAM)
TRIGGER_TYPES.register(DISCORD.kind, DISCORD)

__all__ = ["TRIGGER_TYPES", "TriggerContract"]

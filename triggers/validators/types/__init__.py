"""The trigger types by name; a new one is a module here and a line below."""

from triggers.validators.types.base import TriggerType
from triggers.validators.types.discord import DISCORD
from triggers.validators.types.email import EMAIL
from triggers.validators.types.script import SCRIPT
from triggers.validators.types.slack import SLACK
from triggers.validators.types.telegram import TELEGRAM
from triggers.validators.types.webhook import WEBHOOK

TRIGGER_TYPES: dict[str, TriggerType] = {
    kind.name: kind for kind in (SLACK, EMAIL, WEBHOOK, TELEGRAM, DISCORD, SCRIPT)
}

__all__ = ["TRIGGER_TYPES", "TriggerType"]

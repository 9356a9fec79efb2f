from triggers.choices import TriggerKind
from triggers.contracts.base import TriggerContract

DISCORD = TriggerContract(TriggerKind.DISCORD, secrets=("discord_url",))

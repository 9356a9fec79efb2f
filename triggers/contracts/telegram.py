from triggers.choices import TriggerKind
from triggers.contracts.base import TriggerContract

TELEGRAM = TriggerContract(
    TriggerKind.TELEGRAM, secrets=("token",), options=("chat_id", "disable_web_preview")
)

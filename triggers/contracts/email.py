from triggers.choices import TriggerKind
from triggers.contracts.base import TriggerContract

EMAIL = TriggerContract(
    TriggerKind.EMAIL,
    secrets=("username", "password"),
    options=("host", "port", "sender", "recipients"),
)

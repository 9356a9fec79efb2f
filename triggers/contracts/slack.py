from triggers.choices import TriggerKind
from triggers.contracts.base import TriggerContract

SLACK = TriggerContract(TriggerKind.SLACK, secrets=("slack_url",))

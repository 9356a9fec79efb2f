"""The back office of triggers: pages of the tenant that staff have entered."""

from triggers.admin.delivery import DeliveryTestAdmin
from triggers.admin.trigger import TriggerAdmin

__all__ = ["DeliveryTestAdmin", "TriggerAdmin"]

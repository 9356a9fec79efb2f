"""What the services of triggers refuse, besides invalid documents."""

from __future__ import annotations

from blip0.common.exceptions import Conflict, Gone, LimitReached


class TriggerGone(Gone):
    """The trigger was deleted meanwhile."""

    code = "trigger_gone"


class TriggerTypeFixed(Conflict):
    """A trigger keeps its type for life: its table and its secrets depend on it."""

    code = "trigger_type_fixed"


class SecretUnreadable(Conflict):
    """A stored secret can't be opened: its key is gone, or it was altered."""

    code = "secret_unreadable"


class TriggerLimitReached(LimitReached):
    code = "trigger_limit_reached"


class DeliveryTestLimitReached(LimitReached):
    """The tenant has sent as many tests as it may in an hour."""

    code = "delivery_test_limit_reached"

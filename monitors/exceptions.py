"""What the monitors' services refuse, besides invalid documents and taken names."""

from __future__ import annotations

from blip0.common.exceptions import DomainError, Gone, LimitReached


class MonitorGone(Gone):
    """It was deleted, perhaps a moment ago."""

    code = "monitor_gone"


class InvalidSnooze(DomainError):
    code = "invalid_snooze"


class MonitorLimitReached(LimitReached):
    code = "monitor_limit_reached"

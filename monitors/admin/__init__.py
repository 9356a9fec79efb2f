"""The back office of monitors: pages of the tenant that staff have entered."""

from monitors.admin.history import (
    ContractSpecAdmin,
    FindingAdmin,
    MatchAdmin,
    TriggerExecutionAdmin,
)
from monitors.admin.monitor import MonitorAdmin

__all__ = [
    "ContractSpecAdmin",
    "FindingAdmin",
    "MatchAdmin",
    "MonitorAdmin",
    "TriggerExecutionAdmin",
]

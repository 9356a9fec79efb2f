"""The back office of monitors: pages of the tenant that staff have entered, and one of all."""

from monitors.admin import usage  # noqa: F401  # importing it registers the card
from monitors.admin.conflicts import spec_conflicts_page
from monitors.admin.explain import playground
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
    "playground",
    "spec_conflicts_page",
]

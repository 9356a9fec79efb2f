from monitors.models.conditions import MatchCondition, ScriptCondition
from monitors.models.history import Finding, Match, TriggerExecution
from monitors.models.monitor import Monitor, MonitorNetwork, MonitorTrigger
from monitors.models.specs import ContractSpec, MonitorAddress

__all__ = [
    "ContractSpec",
    "Finding",
    "Match",
    "MatchCondition",
    "Monitor",
    "MonitorAddress",
    "MonitorNetwork",
    "MonitorTrigger",
    "ScriptCondition",
    "TriggerExecution",
]

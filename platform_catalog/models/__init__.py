from platform_catalog.models.conflicts import SpecConflictLook
from platform_catalog.models.network import BlockProgress, Network, RpcEndpoint
from platform_catalog.models.script import FilterScript, FilterScriptVersion
from platform_catalog.models.template import MonitorTemplate

__all__ = [
    "BlockProgress",
    "FilterScript",
    "FilterScriptVersion",
    "MonitorTemplate",
    "Network",
    "RpcEndpoint",
    "SpecConflictLook",
]

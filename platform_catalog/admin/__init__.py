"""The back office of the catalogue."""

from platform_catalog.admin.network import BlockProgressAdmin, NetworkAdmin
from platform_catalog.admin.script import FilterScriptAdmin, FilterScriptVersionAdmin
from platform_catalog.admin.template import MonitorTemplateAdmin

__all__ = [
    "BlockProgressAdmin",
    "FilterScriptAdmin",
    "FilterScriptVersionAdmin",
    "MonitorTemplateAdmin",
    "NetworkAdmin",
]

"""The back office of the catalogue."""

from platform_catalog.admin.network import BlockProgressAdmin, NetworkAdmin
from platform_catalog.admin.script import FilterScriptAdmin
from platform_catalog.admin.template import MonitorTemplateAdmin
from platform_catalog.admin.versions import FilterScriptVersionAdmin

__all__ = [
    "BlockProgressAdmin",
    "FilterScriptAdmin",
    "FilterScriptVersionAdmin",
    "MonitorTemplateAdmin",
    "NetworkAdmin",
]

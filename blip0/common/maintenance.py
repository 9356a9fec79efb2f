"""A line that staff put on every page: what will be down, and when."""

from __future__ import annotations

from typing import Final

from blip0.common.setting_kinds import Text
from blip0.common.system_settings import SettingDefinition, setting_value

MAINTENANCE_BANNER: Final = SettingDefinition(
    key="maintenance_banner",
    label="Maintenance banner",
    help="Plain text on every page of the back office and of the browsable API, and the member "
    "`notice` of GET /api/v1/. Empty: none.",
    kind=Text(longest=300),
    default=lambda: "",
    clean=lambda text: " ".join(text.split()),
)


def maintenance_notice() -> str:
    """What stands there now; empty where nothing does. At most one query in two seconds."""
    return setting_value(MAINTENANCE_BANNER)

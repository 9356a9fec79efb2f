"""Checks of the catalogue's documents; `AppConfig.ready()` registers `CHECKS`."""

from blip0.common.validation import Check
from platform_catalog.validators.cron import check_cron
from platform_catalog.validators.network import check_network
from platform_catalog.validators.scripts import check_filter_script

CHECKS: dict[str, Check] = {
    "network": check_network,
    "cron": check_cron,
    "filter_script": check_filter_script,
}

"""Checks of monitors, expressions and contract specs; `AppConfig.ready()` registers `CHECKS`."""

from blip0.common.validation import Check
from monitors.validators.abi import check_abi
from monitors.validators.expressions import check_lone_expression
from monitors.validators.monitor import check_monitor
from monitors.validators.spec import check_spec

CHECKS: dict[str, Check] = {
    "monitor": check_monitor,
    "abi": check_abi,
    "spec": check_spec,
    "expression": check_lone_expression,
}

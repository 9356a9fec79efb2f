"""Script: the platform's own trigger, which runs a program beside the runtime."""

from __future__ import annotations

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.shapes import Struct
from platform_catalog.validators.scripts import SCRIPT_FIELDS, check_script_reference
from triggers.validators.types.base import Config, TriggerType


def _validate(config: Config, at: Path, out: Findings, context: CheckContext) -> None:
    check_script_reference(config, at, out, context)


def _advise(_config: Config, at: Path, out: Findings, context: CheckContext) -> None:
    if context.author == "tenant":
        out.policy(
            "trigger.script",
            at,
            "Script triggers run on the platform's machines and belong to its staff; "
            "use a webhook, and a script of the catalogue as the monitor's condition.",
        )


SCRIPT = TriggerType(
    "script",
    Struct("a script configuration", SCRIPT_FIELDS, positional=False),
    (),
    _validate,
    _advise,
)

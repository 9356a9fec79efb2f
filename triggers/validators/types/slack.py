"""Slack: an incoming webhook."""

from __future__ import annotations

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.secrets import Secret
from blip0.common.validation.shapes import Struct
from triggers.validators.retry import RETRY_FIELD
from triggers.validators.types.base import (
    MESSAGE,
    Config,
    TriggerType,
    validate_message,
    validate_prefix,
    warn_unless_https,
)

URL_PREFIX = "https://hooks.slack.com/"


def _validate(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    validate_prefix(config, "slack_url", URL_PREFIX, at, out)
    validate_message(config, at, out)


def _advise(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    warn_unless_https(config, "slack_url", at, out)


SLACK = TriggerType(
    "slack",
    Struct(
        "a Slack configuration",
        {"slack_url": Secret(), "message": MESSAGE, **RETRY_FIELD},
        hints={"webhook_url": "slack_url", "url": "slack_url"},
        positional=False,
    ),
    ("slack_url",),
    _validate,
    _advise,
)

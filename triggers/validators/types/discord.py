"""Discord: a channel's webhook."""

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

URL_PREFIX = "https://discord.com/api/webhooks/"
MAX_BODY_BYTES = 2000


def _validate(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    validate_prefix(config, "discord_url", URL_PREFIX, at, out)
    validate_message(config, at, out, most_bytes=MAX_BODY_BYTES)


def _advise(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    warn_unless_https(config, "discord_url", at, out)


DISCORD = TriggerType(
    "discord",
    Struct(
        "a Discord configuration",
        {"discord_url": Secret(), "message": MESSAGE, **RETRY_FIELD},
        hints={"webhook_url": "discord_url", "url": "discord_url"},
        positional=False,
    ),
    ("discord_url",),
    _validate,
    _advise,
)

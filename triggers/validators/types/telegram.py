"""Telegram: a bot that writes to a chat."""

from __future__ import annotations

import re

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.secrets import Secret
from blip0.common.validation.shapes import Flag, Struct, Text, optional
from blip0.common.validation.text import is_blank
from triggers.validators.retry import RETRY_FIELD
from triggers.validators.types.base import (
    MESSAGE,
    Config,
    TriggerType,
    secret_of,
    validate_message,
)

MAX_BODY_BYTES = 4096
TOKEN = re.compile(r"[0-9]{8,10}:[a-zA-Z0-9_-]{35}")


def _validate(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    if not TOKEN.fullmatch(secret_of(config, "token")):
        out.invalid(
            "telegram.token",
            ((at, "token"), "value"),
            "A bot's token has 8 to 10 digits, a colon and 35 letters, digits, `_` or `-`; "
            "copy it from BotFather.",
        )
    if is_blank(str(config["chat_id"])):
        out.invalid("telegram.chat", (at, "chat_id"), "`chat_id` is blank; write the chat's id.")
    validate_message(config, at, out, most_bytes=MAX_BODY_BYTES)


def _advise(_config: Config, _at: Path, _out: Findings, _: CheckContext) -> None:
    """Nothing beyond what is refused."""


TELEGRAM = TriggerType(
    "telegram",
    Struct(
        "a Telegram configuration",
        {
            "token": Secret(),
            "chat_id": Text("text, in quotes even where it is a number"),
            "disable_web_preview": optional(Flag()),
            "message": MESSAGE,
            **RETRY_FIELD,
        },
        positional=False,
    ),
    ("token",),
    _validate,
    _advise,
)

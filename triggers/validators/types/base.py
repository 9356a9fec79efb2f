"""What every trigger type has: a shape, the fields that are secret, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.secrets import text_of
from blip0.common.validation.shapes import Struct, Text
from blip0.common.validation.text import byte_length, is_blank

Config: TypeAlias = Mapping[str, object]
Rules: TypeAlias = Callable[[Config, Path, Findings, CheckContext], None]


@dataclass(frozen=True)
class TriggerType:
    """One type of trigger. Both kinds of rules get a configuration that parses.

    `validate` holds what the runtime's validation refuses; it runs only where `trigger_type` and
    the configuration agree. `advise` holds the runtime's warnings and our policy.
    """

    name: str
    shape: Struct
    secrets: tuple[str, ...]
    validate: Rules
    advise: Rules


MESSAGE = Struct("a message with `title` and `body`", {"title": Text(), "body": Text()})


def message_of(config: Config) -> tuple[str, str]:
    """Title and body; both empty where the message is left out."""
    message = MESSAGE.named(config.get("message", {}))
    return str(message.get("title", "")), str(message.get("body", ""))


def secret_of(config: Config, field: str) -> str:
    return text_of(config.get(field)) or ""


def validate_message(
    config: Config, at: Path, out: Findings, *, most_bytes: int | None = None
) -> None:
    """Neither title nor body may be blank, nor the body longer than the receiver takes."""
    place: Path = (at, "message")
    title, body = message_of(config)
    if is_blank(title):
        out.invalid("message.title", (place, "title"), "`title` is blank; write a title.")
    if is_blank(body):
        out.invalid("message.body", (place, "body"), "`body` is blank; write a message.")
    if most_bytes is not None and byte_length(body) > most_bytes:
        out.invalid(
            "message.body_length",
            (place, "body"),
            f"`body` has {byte_length(body)} bytes in UTF-8; at most {most_bytes} are sent. "
            "Shorten it.",
        )


def validate_prefix(
    config: Config, field: str, prefix: str | tuple[str, ...], at: Path, out: Findings
) -> None:
    """The URL in `field` must begin as the receiver's URLs do."""
    if not secret_of(config, field).startswith(prefix):
        wanted = " or ".join((prefix,) if isinstance(prefix, str) else prefix)
        out.invalid(
            "trigger.url",
            ((at, field), "value"),
            f"The URL in `{field}` must begin with {wanted}; copy it from the receiver's settings.",
        )


def warn_unless_https(config: Config, field: str, at: Path, out: Findings) -> None:
    if not secret_of(config, field).startswith("https://"):
        out.runtime_warning(
            "trigger.insecure_url",
            ((at, field), "value"),
            f"The URL in `{field}` is not encrypted; use https://.",
        )

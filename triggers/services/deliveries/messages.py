"""What each type of trigger sends, made of its configuration in plain text. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final, TypeAlias

import orjson

from triggers.choices import HttpMethod, PayloadMode, TriggerKind
from triggers.contracts.base import Config, secret_text

SAMPLE: Final[Mapping[str, str]] = {
    "monitor.name": "Test delivery",
    "transaction.hash": f"0x{'0' * 64}",
    "transaction.signature": "1" * 88,
    "transaction.from": f"0x{'0' * 40}",
    "transaction.to": f"0x{'0' * 40}",
    "transaction.value": "0",
}
"""What stands for a match; other variables stay as they are written, as with the runtime."""

SMTPS_PORT: Final = 465
_STARTTLS_PORTS: Final = (25, 587, 2525)
_TELEGRAM: Final = "https://api.telegram.org"
_MARKDOWN: Final = re.compile(r"([_*\[\]()~`>#+\-=|{}.!\\])")
_VARIABLE: Final = re.compile(r"\$\{([^{}$]*)\}")


@dataclass(frozen=True, kw_only=True)
class HttpMessage:
    method: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class MailMessage:
    host: str
    port: int
    starttls: bool
    username: str = field(repr=False)
    password: str = field(repr=False)
    message: EmailMessage = field(repr=False)


Message: TypeAlias = HttpMessage | MailMessage


def message_of(kind: str, config: Config, *, now_ms: int) -> Message:
    """The message of a trigger of this type. Raises `KeyError` for an unknown one."""
    return _MAKERS[kind](config, now_ms)


def _slack(config: Config, _now_ms: int) -> Message:
    title, body = _texts(config)
    text = {"type": "mrkdwn", "text": f"*{title}*\n\n{body}"}
    return _posted(_plain(config, "slack_url"), {"blocks": [{"type": "section", "text": text}]})


def _discord(config: Config, _now_ms: int) -> Message:
    title, body = _texts(config)
    return _posted(_plain(config, "discord_url"), {"content": f"*{title}*\n\n{body}"})


def _telegram(config: Config, _now_ms: int) -> Message:
    title, body = (_MARKDOWN.sub(r"\\\1", text) for text in _texts(config))
    payload = {
        "chat_id": config["chat_id"],
        "text": f"*{title}*\n\n{body}",
        "parse_mode": "MarkdownV2",
        "disable_web_page_preview": bool(config.get("disable_web_preview")),
    }
    return _posted(f"{_TELEGRAM}/bot{_plain(config, 'token')}/sendMessage", payload)


def _webhook(config: Config, now_ms: int) -> Message:
    """Signed as OpenZeppelin Monitor does: a hex HMAC-SHA256 over the body and the time in ms."""
    if config.get("payload_mode") == PayloadMode.RAW:
        payload = _raw_match()
    else:
        title, text = _texts(config)
        payload = {"title": title, "body": text}
    body = orjson.dumps(payload)
    headers = {"Content-Type": "application/json"}
    for name, value in (config.get("headers") or {}).items():
        headers = {key: kept for key, kept in headers.items() if key.lower() != name.lower()}
        headers[name] = value
    if config.get("secret") is not None:
        key = _plain(config, "secret").encode()
        signed = hmac.new(key, body + str(now_ms).encode(), hashlib.sha256)
        headers |= {"X-Signature": signed.hexdigest(), "X-Timestamp": str(now_ms)}
    return HttpMessage(
        method=str(config.get("method") or HttpMethod.POST),
        url=_plain(config, "url"),
        body=body,
        headers=headers,
    )


def _email(config: Config, _now_ms: int) -> Message:
    title, body = _texts(config)
    message = EmailMessage()
    message["Subject"] = " ".join(title.split())
    message["From"] = config["sender"]
    message["Reply-To"] = config["sender"]
    message["To"] = ", ".join(config["recipients"])
    message.set_content(body)
    port = config.get("port") or SMTPS_PORT
    return MailMessage(
        host=config["host"],
        port=port,
        starttls=port in _STARTTLS_PORTS,
        username=_plain(config, "username"),
        password=_plain(config, "password"),
        message=message,
    )


_MAKERS: Final[Mapping[str, Callable[[Config, int], Message]]] = {
    TriggerKind.SLACK: _slack,
    TriggerKind.EMAIL: _email,
    TriggerKind.WEBHOOK: _webhook,
    TriggerKind.TELEGRAM: _telegram,
    TriggerKind.DISCORD: _discord,
}


def _texts(config: Config) -> tuple[str, str]:
    """Title and body, with the sample's values for its variables."""
    message = config.get("message") or {}
    title, body = (
        _VARIABLE.sub(lambda found: SAMPLE.get(found[1], found[0]), message.get(key, ""))
        for key in ("title", "body")
    )
    return title, body


def _plain(config: Config, key: str) -> str:
    return secret_text(config[key]) or ""


def _posted(url: str, payload: Mapping[str, Any]) -> HttpMessage:
    return HttpMessage(
        method="POST",
        url=url,
        body=orjson.dumps(payload),
        headers={"Content-Type": "application/json"},
    )


def _raw_match() -> dict[str, Any]:
    """The shape of a match of an EVM network, of which nothing matched."""
    nothing: dict[str, list[Any]] = {"functions": [], "events": [], "transactions": []}
    return {
        "EVM": {
            "monitor": {"name": SAMPLE["monitor.name"]},
            "transaction": {"hash": SAMPLE["transaction.hash"]},
            "receipt": None,
            "logs": [],
            "network_slug": "test",
            "matched_on": nothing,
            "matched_on_args": None,
        }
    }

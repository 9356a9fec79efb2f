"""Webhook: an HTTP request of the tenant's own design."""

from __future__ import annotations

import re

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, shorten
from blip0.common.validation.secrets import PLAIN, Secret, kind_of
from blip0.common.validation.shapes import Choice, MapOf, Struct, Text, chosen, defaulted, optional
from triggers.validators.retry import RETRY_FIELD
from triggers.validators.targets import check_url
from triggers.validators.types.base import (
    MESSAGE,
    Config,
    TriggerType,
    message_of,
    secret_of,
    validate_message,
    validate_prefix,
    warn_unless_https,
)

METHODS = ("GET", "POST", "PUT", "DELETE")
AUTHENTICATION_HEADERS = ("X-API-Key", "Authorization")
RESERVED_HEADERS = frozenset(
    {
        # The runtime's own: a tenant's would pass for its signature.
        "x-signature",
        "x-timestamp",
        # How the message travels: the HTTP client's business.
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "http2-settings",
    }
)
"""In lower case."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~]*")


def _validate(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    validate_prefix(config, "url", ("http://", "https://"), at, out)
    method = config.get("method")
    if isinstance(method, str) and method.upper() not in METHODS:
        out.invalid(
            "webhook.method", (at, "method"), f"`method` must be one of {', '.join(METHODS)}."
        )
    if chosen(config.get("payload_mode")) != "raw":
        validate_message(config, at, out)


def _advise(config: Config, at: Path, out: Findings, context: CheckContext) -> None:
    warn_unless_https(config, "url", at, out)
    if kind_of(config["url"]) == PLAIN:
        check_url(secret_of(config, "url"), ((at, "url"), "value"), out, context)
    method = config.get("method")
    if isinstance(method, str) and method not in METHODS and method.upper() in METHODS:
        out.policy(
            "webhook.method_case",
            (at, "method"),
            f"The runtime sends `method` as it is written; write {method.upper()}.",
        )
    if config.get("secret") is not None and not secret_of(config, "secret"):
        out.policy(
            "webhook.secret",
            ((at, "secret"), "value"),
            "`secret` is empty, and nothing can be signed with it: write one, or leave it out.",
        )
    if chosen(config.get("payload_mode")) == "raw" and any(message_of(config)):
        out.advise(
            "webhook.message_ignored",
            (at, "message"),
            "With `payload_mode` raw the match itself is sent, and no message; leave this out.",
            "info",
        )
    headers = config.get("headers")
    _check_headers(headers if isinstance(headers, dict) else {}, (at, "headers"), out)


def _check_headers(headers: dict[str, object], at: Path, out: Findings) -> None:
    if not any(name in headers for name in AUTHENTICATION_HEADERS):
        out.runtime_warning(
            "webhook.authentication",
            at,
            "Neither `X-API-Key` nor `Authorization` is among the headers (in this spelling): "
            "the receiver can't tell who calls.",
        )
    for name, text in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            out.policy(
                "webhook.header_name",
                (at, name),
                f"`{shorten(name)}` can't be the name of a header; use letters, digits and `-`.",
            )
        elif name.lower() in RESERVED_HEADERS:
            out.policy(
                "webhook.header_reserved",
                (at, name),
                f"The header `{name}` is set by the runtime and may not be yours; remove it.",
            )
        if not _HEADER_VALUE.fullmatch(str(text)):
            out.policy(
                "webhook.header_value",
                (at, name),
                f"The value of the header `{shorten(name)}` may hold printable ASCII only.",
            )


WEBHOOK = TriggerType(
    "webhook",
    Struct(
        "a webhook configuration",
        {
            "url": Secret(),
            "method": optional(Text()),
            "secret": optional(Secret()),
            "headers": optional(MapOf(Text())),
            "message": defaulted(MESSAGE),
            "payload_mode": defaulted(Choice(("template", "raw"))),
            **RETRY_FIELD,
        },
        hints={"webhook_url": "url"},
        positional=False,
    ),
    ("url", "secret"),
    _validate,
    _advise,
)

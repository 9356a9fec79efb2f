"""E-mail over SMTP."""

from __future__ import annotations

import re

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.secrets import Secret
from blip0.common.validation.shapes import U16, Integer, ListOf, Struct, Text, optional
from blip0.common.validation.text import (
    WHITESPACE,
    byte_length,
    control_characters,
    is_blank,
)
from triggers.validators.email_address import EmailAddress
from triggers.validators.retry import RETRY_FIELD
from triggers.validators.targets import check_host
from triggers.validators.types.base import (
    MESSAGE,
    Config,
    TriggerType,
    message_of,
    secret_of,
    validate_message,
)

MAX_SUBJECT_BYTES = 998
SECURE_PORTS = (465, 587, 993)
_HOST = re.compile(r"[A-Za-z0-9.-]*\.[A-Za-z0-9.-]*")


def _validate(config: Config, at: Path, out: Findings, _: CheckContext) -> None:
    host = str(config["host"])
    if not _HOST.fullmatch(host):
        out.invalid(
            "email.host",
            (at, "host"),
            "`host` is the name of a mail server, with a dot: letters, digits, dots and hyphens, "
            "without port or blanks.",
        )
    username = secret_of(config, "username")
    if not username or control_characters(username):
        out.invalid(
            "email.username",
            ((at, "username"), "value"),
            "`username` is empty or holds a control character; write the mail server's user.",
        )
    if is_blank(secret_of(config, "password")):
        out.invalid("email.password", ((at, "password"), "value"), "`password` is blank.")
    validate_message(config, at, out)
    _validate_text(config, (at, "message"), out)
    if not config["recipients"]:
        out.invalid("email.recipients", (at, "recipients"), "`recipients` is empty; name one.")


def _validate_text(config: Config, at: Path, out: Findings) -> None:
    title, body = message_of(config)
    if byte_length(title) > MAX_SUBJECT_BYTES:
        out.invalid(
            "email.subject_length",
            (at, "title"),
            f"`title` is the subject: at most {MAX_SUBJECT_BYTES} bytes in UTF-8. Shorten it.",
        )
    if control_characters(title, allowed=WHITESPACE):
        out.invalid("email.subject", (at, "title"), "`title` holds a control character; remove it.")
    if control_characters(body, allowed="\r\n\t"):
        out.invalid("email.body", (at, "body"), "`body` holds a control character; remove it.")


def _advise(config: Config, at: Path, out: Findings, context: CheckContext) -> None:
    host = str(config["host"])
    if _HOST.fullmatch(host):
        check_host(host, (at, "host"), out, context)
    port = config.get("port")
    if port is not None and port not in SECURE_PORTS:
        out.runtime_warning(
            "email.port",
            (at, "port"),
            f"Port {port} is not one of the encrypted ones; use 465 or 587.",
        )


EMAIL = TriggerType(
    "email",
    Struct(
        "an e-mail configuration",
        {
            "host": Text(),
            "port": optional(Integer(U16)),
            "username": Secret(),
            "password": Secret(),
            "message": MESSAGE,
            "sender": EmailAddress(),
            "recipients": ListOf(EmailAddress()),
            **RETRY_FIELD,
        },
        positional=False,
    ),
    ("username", "password"),
    _validate,
    _advise,
)

"""What is sent to hosts that tenants name, over HTTP and SMTP.

No redirect is followed and no proxy of the environment used; the whole exchange ends at its
deadline, whatever the other side does; of an answer a bounded part is read.
"""

from __future__ import annotations

import base64
import http.client
import smtplib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from blip0.common.connecting import (
    Connector,
    Deadline,
    DeliveryFailed,
    TargetRefused,
    keep_deadline,
)
from blip0.common.exceptions import DomainError
from blip0.common.net import host_of

TIMEOUT_S: Final = 10.0
GREETING: Final = 220
MAX_BODY: Final = 64 * 1024
"""Bytes of an answer that are read."""
Security: TypeAlias = Literal["tls", "starttls", "none"]

_PORTS: Final = {"http": 80, "https": 443}
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})
"""Headers that make a request what it is; a caller's would make another one of it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. `body` is its first `MAX_BODY` bytes; `cut` tells whether there were more."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cut: bool

    @property
    def ok(self) -> bool:
        """A redirect isn't: nobody follows it."""
        return 200 <= self.status < 300


def http_send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout_s: float = TIMEOUT_S,
    max_body: int = MAX_BODY,
    connector: Connector | None = None,
) -> Answer:
    """Send one request, and take whatever is answered, a redirect or an error too.

    Raises `TargetRefused` before anything is sent, `DeliveryFailed` and `TookTooLong`. None of
    their messages holds the URL, whose path may be a secret.
    """
    deadline = Deadline.within(timeout_s)
    connector = connector or Connector()
    target = _Target.of(url)
    sent = _headers(target, headers or {})
    plain = connector.connect(target.host, target.port, deadline)
    connection = http.client.HTTPConnection(target.host, target.port)
    # Only so that the header Host has no port where the scheme says which.
    connection.default_port = _PORTS[target.scheme]
    connection.auto_open = 0  # never connects by itself
    with closing(connection):
        connection.sock = (
            connector.wrapped(plain, target.host, deadline) if target.scheme == "https" else plain
        )
        try:
            connection.request(method, target.path, body or None, sent)
            with connection.getresponse() as response:
                read = response.read(max_body + 1)
                return Answer(
                    status=response.status,
                    headers=dict(response.getheaders()),
                    body=read[:max_body],
                    cut=len(read) > max_body,
                )
        except (http.client.HTTPException, OSError) as error:
            deadline.require()
            raise DeliveryFailed(f"The target broke off ({type(error).__name__}).") from error
        except ValueError:  # of http.client: a control character in method or header
            raise TargetRefused("The method or a header holds what can't be sent.") from None


def smtp_open(
    host: str,
    port: int,
    *,
    security: Security,
    timeout_s: float = TIMEOUT_S,
    connector: Connector | None = None,
) -> smtplib.SMTP:
    """A session with a mail server that has greeted, encrypted as asked; close it by `with`.

    All of the session ends at the deadline. Raises `TargetRefused`, `DeliveryFailed`,
    `TookTooLong`; its methods then raise `smtplib`'s and these.
    """
    deadline = Deadline.within(timeout_s)
    session = _Session(connector or Connector(), deadline, implicit=security == "tls")
    try:
        code, _ = session.connect(host, port)
        if code != GREETING:
            raise DeliveryFailed(f"The mail server answered {code}.")
        if security == "starttls":
            session.starttls(context=session.connector.tls)
            if session.sock is not None:
                keep_deadline(session.sock, deadline)
    except (smtplib.SMTPException, OSError) as error:
        session.close()
        deadline.require()
        raise DeliveryFailed(f"The mail server broke off ({type(error).__name__}).") from error
    except DomainError:
        session.close()
        raise
    return session


class _Session(smtplib.SMTP):
    """Connects by a `Connector`; `smtplib` asks for the socket here, as its own `SMTP_SSL` does."""

    def __init__(self, connector: Connector, deadline: Deadline, *, implicit: bool) -> None:
        self.connector, self.deadline, self.implicit = connector, deadline, implicit
        super().__init__(local_hostname="localhost")

    def connect(self, host: str = "localhost", port: int = 0, *_source: Any) -> tuple[int, bytes]:
        self._host = host  # whose certificate STARTTLS must show
        return super().connect(host, port)

    def _get_socket(self, host: str, port: int, _timeout: float) -> Any:
        plain = self.connector.connect(host, port, self.deadline)
        return self.connector.wrapped(plain, host, self.deadline) if self.implicit else plain


@dataclass(frozen=True, kw_only=True)
class _Target:
    """The parts of a URL that a request is made of."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> _Target:
        """Raises `TargetRefused`."""
        host = host_of(url)
        if not host:
            raise TargetRefused("This is no URL with one unmistakable host.")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise TargetRefused("The URL must begin with https:// or http://.")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
        return cls(
            scheme=parts.scheme,
            host=host,
            port=parts.port or _PORTS[parts.scheme],
            path=f"{path}?{query}" if query else path,
            userinfo=parts.netloc.rpartition("@")[0],
        )


def _headers(target: _Target, given: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name.lower() in _OURS:
            raise TargetRefused(f"The header `{name}` is not the sender's to set.")
    sent = {"User-Agent": "blip0", "Accept": "*/*", "Connection": "close", **given}
    if target.userinfo and not any(name.lower() == "authorization" for name in given):
        user = unquote(target.userinfo).encode()
        sent["Authorization"] = f"Basic {base64.b64encode(user).decode()}"
    return sent

"""Connections to hosts that tenants name: judged by the address that is really connected to.

A name is resolved once, each address is judged, and the connection goes to one that was judged: a
name that points elsewhere a moment later changes nothing. Staff may allow hosts and networks
(`blip0.common.allowed_targets`).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias

from blip0.common.allowed_targets import allowed_targets
from blip0.common.exceptions import DomainError
from blip0.common.net import Allowed, address_is_public, forbidden_host

MAX_ATTEMPTS: Final = 4
"""Addresses of one name that are tried."""

Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]
Resolve: TypeAlias = Callable[[str, int], Iterable[Address]]
"""A host and a port as socket addresses. Raises `OSError`."""


class TargetRefused(DomainError):
    """Nothing may be sent to this target; it was not connected to."""

    code = "target_refused"


class DeliveryFailed(DomainError):
    """The target was not reached, or did not answer as it should."""

    code = "delivery_failed"


class TookTooLong(DeliveryFailed):
    """The time was over before the target had answered."""

    code = "delivery_timeout"


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A moment of the monotonic clock."""

    at: float = field(default_factory=time.monotonic)

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        return cls(at=time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds. Raises `TookTooLong` when there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TookTooLong("The time was over before the target had answered.")
        return seconds

    def require(self) -> None:
        """Raises `TookTooLong` when no time is left."""
        _ = self.left


class DeadlineSocket(socket.socket):
    """Each wait ends at the deadline: bytes that come one by one don't prolong it."""

    deadline: Deadline | None = None

    def recv_into(self, *arguments: Any) -> int:
        _wait_no_longer(self)
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        _wait_no_longer(self)
        super().sendall(*arguments)


class DeadlineTLSSocket(ssl.SSLSocket):
    """The same, encrypted."""

    deadline: Deadline | None = None

    def recv_into(self, *arguments: Any) -> int:
        _wait_no_longer(self)
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        _wait_no_longer(self)
        super().sendall(*arguments)


def system_resolve(host: str, port: int) -> Iterable[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


@dataclass(frozen=True, kw_only=True)
class Connector:
    """How to connect; the defaults are the production's."""

    allowed: Allowed = field(default_factory=allowed_targets)
    resolve: Resolve = system_resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __post_init__(self) -> None:
        self.tls.sslsocket_class = DeadlineTLSSocket

    def connect(self, host: str, port: int, deadline: Deadline) -> DeadlineSocket:
        """A connection to an address that may be connected to.

        Raises `TargetRefused`, `DeliveryFailed` and `TookTooLong`.
        """
        problem: OSError | None = None
        for family, address in self._judged(host, port, deadline):
            made = DeadlineSocket(family, socket.SOCK_STREAM)
            made.deadline = deadline
            try:
                made.settimeout(deadline.left)
                made.connect(address)
            except OSError as error:
                made.close()
                problem = error
            else:
                return made
        deadline.require()
        raise DeliveryFailed(f"`{host}` can't be reached: {_reason(problem)}.") from problem

    def wrapped(self, plain: DeadlineSocket, host: str, deadline: Deadline) -> ssl.SSLSocket:
        """The connection encrypted; the certificate must be that of `host`.

        Raises `DeliveryFailed` and `TookTooLong`.
        """
        plain.settimeout(deadline.left)
        try:
            made = self.tls.wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError) as error:
            plain.close()
            deadline.require()
            raise DeliveryFailed(f"No TLS with `{host}`: {_reason(error)}.") from error
        keep_deadline(made, deadline)
        return made

    def _judged(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        by_name = self.allowed.host(host)
        if not by_name and not self.allowed.literal(host) and (reason := forbidden_host(host)):
            raise TargetRefused(f"Nothing can be sent to this host: {reason}.")
        fitting = [
            (family, address)
            for family, address in self._resolved(host, port, deadline)
            if by_name or address_is_public(address[0]) or self.allowed.address(address[0])
        ]
        if not fitting:
            raise TargetRefused(
                "Nothing can be sent to this host: it has no address on the public internet."
            )
        return fitting[:MAX_ATTEMPTS]

    def _resolved(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """In a thread of its own: nothing else can interrupt the resolving of a name."""
        outcome = SimpleQueue[list[Address] | OSError]()

        def resolve() -> None:
            try:
                outcome.put(list(self.resolve(host, port)))
            except (OSError, UnicodeError) as error:
                outcome.put(error if isinstance(error, OSError) else OSError(str(error)))

        threading.Thread(target=resolve, daemon=True).start()
        try:
            found = outcome.get(timeout=deadline.left)
        except Empty:
            raise TookTooLong(f"The name `{host}` was not resolved in time.") from None
        if isinstance(found, OSError):
            raise DeliveryFailed(f"The name `{host}` can't be resolved.") from found
        return found


def keep_deadline(connection: socket.socket, deadline: Deadline) -> None:
    """Hold a socket that was made by a `Connector`'s TLS context to the deadline."""
    if isinstance(connection, DeadlineTLSSocket):
        connection.deadline = deadline


def _wait_no_longer(connection: DeadlineSocket | DeadlineTLSSocket) -> None:
    if connection.deadline is not None:
        connection.settimeout(connection.deadline.left)


def _reason(error: Exception | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "its certificate is not valid"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__ if error else "it has no address"

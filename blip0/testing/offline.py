"""A configuration of gunicorn that keeps its processes on this machine.

Triggers of a test name real hosts, such as `hooks.slack.com`. Python asks audit hooks before it
looks up a name or opens a connection, so a delivery there fails as if the network were away.
"""

from __future__ import annotations

import socket
import sys
from ipaddress import ip_address
from typing import Any


def _stays_here(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and arguments[0].family != socket.AF_UNIX:
        host = arguments[1][0]
    else:
        return
    if host not in (None, "localhost") and not _is_loopback(host):
        raise socket.gaierror(socket.EAI_NONAME, "No test leaves this machine.")


def _is_loopback(host: str | bytes) -> bool:
    try:
        return ip_address(host if isinstance(host, str) else host.decode()).is_loopback
    except ValueError:
        return False


sys.addaudithook(_stays_here)

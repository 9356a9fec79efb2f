"""Ports for servers that are told where to listen before they do."""

from __future__ import annotations

from random import SystemRandom
from typing import Final

from blip0.embedded.server import is_free

_PORTS: Final = range(20_000, 32_000)
"""Below those that Linux and macOS give to clients: nobody's connection is on one by chance."""


def server_port() -> int:
    """One of 127.0.0.1 that is free now."""
    # Chance of its own: tests seed the usual one, each worker alike.
    return next(filter(is_free, SystemRandom().sample(_PORTS, 200)))

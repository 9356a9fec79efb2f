"""What must hold before a process is given requests, besides that its services answer.

The app that knows registers a part in its `AppConfig.ready()`; `/health/ready` asks all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from blip0.common.registry import Registry


class NotReady(Exception):
    """Says why, without addresses or names of customers: it stands in the log."""


Part: TypeAlias = Callable[[], None]
"""Raises `NotReady`, or what its services raise; answers within a second."""

READINESS: Registry[Part] = Registry("part of readiness")

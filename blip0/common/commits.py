"""What follows a commit and must not undo that it was made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction


def after_commit(function: Callable[..., object], *arguments: Any, **named: Any) -> None:
    """Call it once the transaction is committed. What it raises is logged, and nothing else.

    Django's own `robust` asks the callback for its name to log it: a `functools.partial`, which has
    none, turned every failure into an exception for the caller, and kept other callbacks from
    running.
    """

    def call() -> None:
        function(*arguments, **named)

    call.__qualname__ = getattr(function, "__qualname__", repr(function))
    transaction.on_commit(call, robust=True)

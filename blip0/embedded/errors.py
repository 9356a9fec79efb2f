"""The one error of this package, and what the servers' own messages mean for the person reading."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DISK_FULL = "the disk is full. Free some space (`df -h` shows where) and start again"

# Phrases of initdb, PostgreSQL, Valkey and our own launcher, most telling first.
_MEANINGS = (
    ("no space left on device", _DISK_FULL),
    ("disk quota exceeded", _DISK_FULL),
    (
        "permission denied",
        "a file may not be read or written. Start with the user that owns the project's folder",
    ),
    (
        "could not create shared memory segment",
        "the system's shared memory is used up. Stop other databases, or raise its limit",
    ),
    (
        "address already in use",
        "its port was taken by another program in the same moment. Start again",
    ),
)


class EmbeddedError(Exception):
    """An embedded service can't do what was asked; the message is one line with the fix."""


def explain(output: str) -> str:
    """Return what a server's last words mean: a known cause with its fix, or its last line."""
    lowered = output.lower()
    for phrase, meaning in _MEANINGS:
        if phrase in lowered:
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the file errors that a person can fix into an `EmbeddedError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"{path} can't be written: {_DISK_FULL}."
        elif error.errno in (errno.EACCES, errno.EPERM):
            message = (
                f"{error.filename or path} may not be read or written by this user: "
                "start with the user that owns it, or remove it."
            )
        elif error.errno == errno.EROFS:
            message = f"{path} is on a read-only file system: copy the project elsewhere."
        else:
            raise
        raise EmbeddedError(message) from error

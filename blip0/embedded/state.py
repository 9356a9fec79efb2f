"""What is remembered between starts, in `.blip0/services.json` (0600: it holds the passwords).

Cheap to import and to read, since settings do both in every process.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from blip0.embedded.errors import explained
from blip0.embedded.process import ProcessId

FOLDER = ".blip0"
FILE = "services.json"

POSTGRES = "postgres"
PROJECTION = "projection"
CACHE = "cache"

DATABASE = "blip0"
"""Name of the embedded PostgreSQL's role and of its database."""

# Which variables each service answers; a service whose variables are all set isn't started.
VARIABLES = {
    POSTGRES: ("DATABASE_URL",),
    PROJECTION: ("REDIS_PROJECTION_URL",),
    CACHE: ("REDIS_CACHE_URL", "CELERY_BROKER_URL"),
}


@dataclass(frozen=True)
class Endpoints:
    """Where the running embedded services answer; "" for one that doesn't run."""

    database_url: str = ""
    redis_projection_url: str = ""
    redis_cache_url: str = ""
    celery_broker_url: str = ""

    def environment(self) -> dict[str, str]:
        """Return the variables that lead to these services, without those that don't run."""
        return {name.upper(): url for name, url in asdict(self).items() if url}


@dataclass
class Record:
    """One service: what must outlive it (port, password) and, while it runs, its process.

    `owner` is the process that it is tied to, if any.
    """

    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_hex(24))
    process: ProcessId | None = None
    owner: ProcessId | None = None

    def alive(self) -> bool:
        """Tell whether the recorded process runs."""
        return self.process is not None and self.process.alive()


@dataclass
class State:
    """The state file: a record a service."""

    records: dict[str, Record] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> State:
        """Read the state of `folder`; absent or damaged counts as never started.

        Nothing is lost by that: a start sets new passwords on the data it finds. Raises
        EmbeddedError if this user may not read it.
        """
        path = folder / FILE
        with explained(path):
            try:
                raw = json.loads(path.read_bytes())
                return cls({name: _record(entry) for name, entry in raw.items()})
            except FileNotFoundError:
                return cls()
            except (ValueError, KeyError, TypeError, AttributeError):
                return cls()

    def write(self, folder: Path) -> None:
        """Replace the state file in one step. Raises EmbeddedError."""
        content = {name: asdict(record) for name, record in self.records.items()}
        path = folder / FILE
        beside = folder / f"{FILE}.new"
        with explained(path):
            write_private(beside, json.dumps(content, indent=2) + "\n")
            beside.replace(path)

    def endpoints(self) -> Endpoints:
        """Return the addresses of the services whose recorded process runs."""
        alive = {name: record for name, record in self.records.items() if record.alive()}
        urls = {}
        if record := alive.get(POSTGRES):
            urls["database_url"] = (
                f"postgres://{DATABASE}:{record.password}@127.0.0.1:{record.port}/{DATABASE}"
            )
        if record := alive.get(PROJECTION):
            urls["redis_projection_url"] = redis_url(record, 0)
        if record := alive.get(CACHE):
            urls["redis_cache_url"] = redis_url(record, 0)
            urls["celery_broker_url"] = redis_url(record, 1)
        return Endpoints(**urls)


def redis_url(record: Record, database: int) -> str:
    """Return the URL of a Valkey database."""
    return f"redis://:{record.password}@127.0.0.1:{record.port}/{database}"


def read_state(root: Path) -> Endpoints | None:
    """Return where the embedded services of the project at `root` answer; None if none runs.

    Reads one small file and asks the system whether those processes live; starts nothing. Raises
    EmbeddedError if this user may not read that file.
    """
    endpoints = State.read(root / FOLDER).endpoints()
    return endpoints if endpoints.environment() else None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, waiting for another start or stop. Raises EmbeddedError."""
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, from its first byte on. Raises OSError."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _record(entry: dict[str, Any]) -> Record:
    process, owner = (entry[key] and ProcessId(**entry[key]) for key in ("process", "owner"))
    return Record(int(entry["port"]), str(entry["password"]), process, owner)

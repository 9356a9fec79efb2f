"""The embedded services of one project folder: start, stop, status."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.postgres import Postgres
from blip0.embedded.process import ProcessId
from blip0.embedded.server import Server
from blip0.embedded.state import (
    CACHE,
    FOLDER,
    POSTGRES,
    PROJECTION,
    VARIABLES,
    Endpoints,
    Record,
    State,
    locked,
)
from blip0.embedded.valkey import Valkey


class _Places(TypedDict):
    folder: Path
    log: Path
    environ: Mapping[str, str]


@dataclass(frozen=True)
class ServiceStatus:
    """One service: whether it runs here, is stopped, or is given by the environment."""

    name: str
    state: Literal["running", "stopped", "external"]
    port: int = 0
    pid: int = 0


class Services:
    """PostgreSQL and two Valkey instances with their data in `.blip0/` of `root`.

    A service whose variables are set in `environ` is somebody else's and is never started here.
    Every method may be called from several processes at once.
    """

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.folder = root.absolute() / FOLDER
        self.environ = os.environ if environ is None else environ
        servers: tuple[Server, ...] = (
            Postgres(name=POSTGRES, **self._places(POSTGRES)),
            Valkey(name=PROJECTION, **self._places(PROJECTION), policy="noeviction", databases=1),
            # Persistent too, since the broker's queue is its second database.
            Valkey(
                name=CACHE,
                **self._places(CACHE),
                policy="volatile-lru",
                databases=2,
                megabytes=256,
            ),
        )
        self._servers = {server.name: server for server in servers}

    def wanted(self) -> tuple[str, ...]:
        """Return the names of the services that the environment doesn't provide."""
        return tuple(
            name
            for name, variables in VARIABLES.items()
            if not all(self._is_set(variable) for variable in variables)
        )

    def start(self, *, tied: bool = False, durable: bool = True) -> Endpoints:
        """Start what is wanted and doesn't run; return where all that runs answers.

        With `tied`, what this call starts ends with this process, however that ends. Without
        `durable`, a crash of the machine loses data (for tests). Raises EmbeddedError; then
        nothing that this call started is left.
        """
        wanted = self.wanted()
        if not wanted:
            return Endpoints()
        with locked(self.folder):
            self._check_owner()
            state = State.read(self.folder)
            missing = [name for name in wanted if not self._runs(state, name)]
            if missing:
                self._start_missing(state, missing, tied=tied, durable=durable)
            return state.endpoints()

    def stop(self, *, only_mine: bool = False) -> tuple[str, ...]:
        """Stop what runs, PostgreSQL last; return the names. Raises EmbeddedError.

        With `only_mine`, no more than what this very process started tied to itself.
        """
        if not self.folder.exists():
            return ()
        with locked(self.folder):
            state = State.read(self.folder)
            me = ProcessId.current()
            running = tuple(
                name
                for name in self._servers
                if self._runs(state, name) and (not only_mine or state.records[name].owner == me)
            )
            for name in reversed(running):
                self._servers[name].stop(state.records[name])
            state.write(self.folder)
            return running

    def status(self) -> tuple[ServiceStatus, ...]:
        """Return how each service stands. Raises EmbeddedError if the state can't be read."""
        state = State.read(self.folder)
        wanted = self.wanted()
        return tuple(self._status(state, name, name in wanted) for name in self._servers)

    def _check_owner(self) -> None:
        """Root could write here, but would leave files that the owner can't use any more."""
        owner = self.folder.stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedError(
                f"{self.folder} belongs to user {owner}, this is user {os.geteuid()}: "
                f"start as that user, such as with `sudo -u '#{owner}'`."
            )

    def _status(self, state: State, name: str, wanted: bool) -> ServiceStatus:
        record = state.records.get(name)
        if record is not None and record.process is not None and record.alive():
            return ServiceStatus(name, "running", record.port, record.process.pid)
        return ServiceStatus(name, "stopped" if wanted else "external")

    def _start_missing(
        self, state: State, missing: list[str], *, tied: bool, durable: bool
    ) -> None:
        started: list[str] = []
        try:
            for name in missing:
                is_new = name not in state.records
                record = state.records.setdefault(name, Record())
                record.process = None
                record.owner = ProcessId.current() if tied else None
                started.append(name)
                self._servers[name].start(record, is_new=is_new, tied=tied, durable=durable)
            state.write(self.folder)
        except BaseException:
            for name in reversed(started):
                self._servers[name].stop(state.records[name])
            raise

    def _runs(self, state: State, name: str) -> bool:
        return name in state.records and state.records[name].alive()

    def _is_set(self, variable: str) -> bool:
        return bool(self.environ.get(variable) or self.environ.get(f"{variable}_FILE"))

    def _places(self, name: str) -> _Places:
        return {
            "folder": self.folder / name,
            "log": self.folder / "log" / f"{name}.log",
            "environ": self.environ,
        }

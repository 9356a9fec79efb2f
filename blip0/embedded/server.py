"""What PostgreSQL and Valkey have in common: prepared, started on a free port, awaited, stopped."""

from __future__ import annotations

import os
import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from blip0.embedded.errors import EmbeddedError, explain, explained
from blip0.embedded.launch import PLAIN
from blip0.embedded.process import POLL_SECONDS, ProcessId, command_line, spawn
from blip0.embedded.state import Record

START_SECONDS = 60
PORT_ATTEMPTS = 3
LOG_BYTES = 5_000_000


class Server(ABC):
    """One embedded server; a subclass knows its program, we know its life."""

    stop_steps: tuple[tuple[signal.Signals, float], ...]
    """The signals that stop it, mildest first, each with the seconds that it is given."""

    identity = PLAIN

    def __init__(self, *, name: str, folder: Path, log: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.folder = folder
        self.log = log
        self.environ = environ

    @abstractmethod
    def settle(self) -> None:
        """Decide as whom and in which folder it runs. Raises EmbeddedError, OSError."""

    def prepare(self, record: Record, *, is_new: bool, durable: bool) -> None:  # noqa: B027  # not all need it
        """Bring the data folder into a state that can be started. Raises EmbeddedError, OSError.

        With `is_new` the password in `record` has just been made, even if there is data already.
        """

    @abstractmethod
    def command(self, record: Record, *, durable: bool) -> list[str]:
        """Return the command line; may write the server's own configuration file."""

    @abstractmethod
    def is_ready(self, record: Record) -> bool:
        """Tell whether the process in `pid_in_folder` accepts clients."""

    @abstractmethod
    def pid_in_folder(self) -> int:
        """Return the process id that the server itself left in its data folder, or 0."""

    def start(self, record: Record, *, is_new: bool, tied: bool, durable: bool) -> None:
        """Start it, wait until it accepts clients, and note port and process in `record`.

        Raises EmbeddedError with the reason; then no process is left behind.
        """
        with explained(self.folder):
            self._rotate_log()
            self.settle()
            self._stop_forgotten()
            self.prepare(record, is_new=is_new, durable=durable)
            deadline = time.monotonic() + START_SECONDS
            for _ in range(PORT_ATTEMPTS):
                record.port = free_port(record.port)
                said = self._attempt(record, tied=tied, durable=durable, deadline=deadline)
                if record.process is not None:
                    return
                if is_free(record.port):
                    break
        raise EmbeddedError(f"{self.name} did not start: {explain(said)} (log: {self.log}).")

    def stop(self, record: Record) -> None:
        """Stop it if it runs. Raises EmbeddedError if it can't be stopped."""
        if record.process is not None:
            self._stop_process(record.process)
        record.process = None

    def _stop_process(self, process: ProcessId) -> None:
        try:
            gone = process.stop(*self.stop_steps)
        except PermissionError as error:
            raise EmbeddedError(
                f"{self.name} (process {process.pid}) belongs to another user: "
                "stop it as the user that started it."
            ) from error
        if not gone:
            raise EmbeddedError(
                f"{self.name} (process {process.pid}) does not stop: see {self.log}."
            )

    def _attempt(self, record: Record, *, tied: bool, durable: bool, deadline: float) -> str:
        """Start the process and wait; return what it said if it ended instead of getting ready."""
        offset = self.log.stat().st_size if self.log.exists() else 0
        pid = spawn(
            self.command(record, durable=durable),
            log=self.log,
            environ=server_environment(self.environ),
            identity=self.identity,
            tied_by=self.stop_steps[0][0] if tied else None,
        )
        process = ProcessId.of(pid)
        try:
            while process is not None and process.alive():
                if self.pid_in_folder() == pid and self.is_ready(record):
                    record.process = process
                    return ""
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"{self.name} is not ready after {START_SECONDS} s: see {self.log}."
                    )
                time.sleep(POLL_SECONDS)
        finally:
            if record.process is None and process is not None:
                process.stop(*self.stop_steps)
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def _stop_forgotten(self) -> None:
        """Stop a server of this very folder that no state file knows, before a second one starts.

        It is there when the starter was killed before it noted the process, or when somebody
        removed the state file. Two servers on the same files would destroy them.
        """
        pid = self.pid_in_folder()
        process = ProcessId.of(pid) if pid else None
        if process is not None and str(self.folder) in command_line(pid):
            self._stop_process(process)

    def _rotate_log(self) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if nothing listens there on 127.0.0.1, else any free port."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        # As servers do: connections that still linger from the last run don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The little that a server needs: its behaviour must not hang on who starts it."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"} | {
        name: environ[name] for name in kept if name in environ
    }

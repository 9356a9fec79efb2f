"""The embedded Valkey."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from blip0.embedded.binaries import valkey_server
from blip0.embedded.errors import explained
from blip0.embedded.server import Server
from blip0.embedded.state import Record, redis_url, write_private


class Valkey(Server):
    """One Valkey instance; `policy` is what it does when its memory is full."""

    stop_steps = ((signal.SIGTERM, 15), (signal.SIGKILL, 5))

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        log: Path,
        environ: Mapping[str, str],
        policy: str,
        databases: int,
        megabytes: int = 0,
    ) -> None:
        super().__init__(name=name, folder=folder, log=log, environ=environ)
        self.policy = policy
        self.databases = databases
        self.megabytes = megabytes

    def settle(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self, record: Record, *, durable: bool) -> list[str]:
        # A file, not arguments: everybody on the machine may read those, and so the password.
        config = self.folder / "valkey.conf"
        write_private(config, self._config(record, durable=durable))
        return [str(valkey_server(self.environ)), str(config)]

    def is_ready(self, record: Record) -> bool:
        """It answers to our password; while it loads its data it says LOADING instead."""
        try:
            with socket.create_connection(("127.0.0.1", record.port), timeout=1) as connection:
                connection.sendall(f"AUTH {record.password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b""
                while received := connection.recv(4096):
                    answer += received
        except OSError:
            return False
        return b"+PONG" in answer

    def pid_in_folder(self) -> int:
        try:
            return int((self.folder / "valkey.pid").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _config(self, record: Record, *, durable: bool) -> str:
        settings = {
            "bind": "127.0.0.1",
            "port": str(record.port),
            "requirepass": record.password,
            "dir": _quoted(self.folder),
            "pidfile": _quoted(self.folder / "valkey.pid"),
            # So that the command line keeps naming our folder: a forgotten server is known by it.
            "set-proc-title": "no",
            "databases": str(self.databases),
            "maxmemory": f"{self.megabytes}mb",
            "maxmemory-policy": self.policy,
            "appendonly": "yes" if durable else "no",
            "appendfsync": "everysec",
            "save": '""',
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


@dataclass(frozen=True)
class ExtraValkey:
    """A Valkey beside the two of the project; `url` is its database 0."""

    url: str
    server: Valkey
    record: Record

    def stop(self) -> None:
        """Stop it. Raises EmbeddedError."""
        self.server.stop(self.record)


def start_valkey(
    folder: Path,
    *,
    environ: Mapping[str, str],
    databases: int = 4,
    policy: str = "noeviction",
    tied: bool = True,
    durable: bool = False,
) -> ExtraValkey:
    """Start one more Valkey with its data in `folder`, such as one for each test worker.

    With `tied` it ends with the process that calls. Raises EmbeddedError.
    """
    server = Valkey(
        name=f"valkey of {folder.name}",
        folder=folder,
        log=folder / "valkey.log",
        environ=environ,
        policy=policy,
        databases=databases,
    )
    record = Record()
    with explained(folder):
        server.start(record, is_new=True, tied=tied, durable=durable)
    return ExtraValkey(redis_url(record, 0), server, record)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

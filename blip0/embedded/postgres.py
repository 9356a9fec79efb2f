"""The embedded PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from blip0.embedded.binaries import postgres_bin
from blip0.embedded.errors import EmbeddedError, explain
from blip0.embedded.launch import NAMESPACE, NOBODY, PLAIN, UNPRIVILEGED, launch_command
from blip0.embedded.process import ProcessId, command_line
from blip0.embedded.server import Server, server_environment
from blip0.embedded.state import DATABASE, Record, write_private

# Where `nobody` keeps the data if it can't reach the project's folder.
OUTSIDE = Path("/var/lib/blip0")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # The path of a unix socket may have 107 characters at most; a project's folder may have more.
    "unix_socket_directories": "",
    "max_connections": "200",
    # The catalogs of a thousand tenants have half a gigabyte.
    "shared_buffers": "512MB",
    # One query over the schemas of many tenants takes a lock on each of their tables.
    "max_locks_per_transaction": "256",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
}
_SYNCFS_FROM = 14
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """One PostgreSQL cluster with the role and the database `blip0`."""

    # A fast shutdown, then an immediate one: the log recovers what the latter leaves.
    stop_steps = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))

    root_identities = (NAMESPACE, UNPRIVILEGED)
    """How root may run it, best first: PostgreSQL refuses to be root."""

    def __init__(self, *, name: str, folder: Path, log: Path, environ: Mapping[str, str]) -> None:
        super().__init__(name=name, folder=folder, log=log, environ=environ)
        self._version = 0

    def settle(self) -> None:
        self._choose_identity()
        if self.identity == UNPRIVILEGED and not _reachable(self.folder.parent):
            identifier = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
            self.folder = OUTSIDE / identifier / self.folder.name
        self.folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)

    def prepare(self, record: Record, *, is_new: bool, durable: bool) -> None:
        if (self.folder / "PG_VERSION").exists():
            self._check_version()
            self._own(self.folder)
            self._drop_stale_pid()
            if is_new:
                statement = f"ALTER ROLE {DATABASE} PASSWORD '{record.password}'"
                self._single_user(self.folder, statement)
        else:
            self._initialise(record, durable=durable)

    def command(self, record: Record, *, durable: bool) -> list[str]:
        settings = _SETTINGS | {"port": str(record.port)} | ({} if durable else _THROWAWAY)
        if sys.platform == "linux" and self._version >= _SYNCFS_FROM:
            # After a crash it makes sure of all its files: in one call, not in one for each. The
            # schemas of 50 tenants have 7,000 of them, and took twelve seconds.
            settings["recovery_init_sync_method"] = "syncfs"
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program("postgres"), "-D", str(self.folder), *arguments]

    def is_ready(self, record: Record) -> bool:
        """Its own pid file says so in the last line, as `pg_ctl` reads it; the port is the 4th."""
        lines = self._pid_lines()
        return len(lines) > 7 and (lines[3], lines[7].strip()) == (str(record.port), "ready")

    def pid_in_folder(self) -> int:
        lines = self._pid_lines()
        return int(lines[0]) if lines and lines[0].strip().isdecimal() else 0

    def _pid_lines(self) -> list[str]:
        try:
            text = (self.folder / "postmaster.pid").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return text.splitlines()

    def _program(self, name: str) -> str:
        return str(postgres_bin(self.environ) / name)

    def _run(
        self, command: Sequence[str], *, text: str = "", identity: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its programs to the end; it dies with us."""
        launch = launch_command(
            command,
            identity=self.identity if identity is None else identity,
            parent=os.getpid(),
            signal_number=signal.SIGKILL,
        )
        environ = server_environment(self.environ)
        return subprocess.run(
            launch, input=text, env=environ, capture_output=True, text=True, check=False
        )

    def _choose_identity(self) -> None:
        """Find out how it can run here, by trying."""
        choices = self.root_identities if os.geteuid() == 0 else (PLAIN,)
        for identity in choices:
            done = self._run([self._program("postgres"), "--version"], identity=identity)
            if done.returncode == 0:
                found = re.search(r"(\d+)", done.stdout)
                self._version = int(found[1]) if found else 0
                self.identity = identity
                return
        if os.geteuid() == 0:
            raise EmbeddedError(
                "PostgreSQL refuses to run as root, and here neither a user namespace nor the "
                "user nobody can run it: start as an ordinary user."
            )
        raise EmbeddedError(f"{self._program('postgres')} does not run: {explain(done.stderr)}.")

    def _check_version(self) -> None:
        data = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if data != str(self._version):
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {data}, the program is {self._version}: "
                "set PG_BIN to the old one, or remove that folder (and what is in it)."
            )

    def _initialise(self, record: Record, *, durable: bool) -> None:
        """Make the cluster beside its place and move it there complete: killed means not made."""
        new = self.folder.with_name(f"{self.folder.name}.new")
        password = self.folder.with_name(f"{self.folder.name}.password")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        try:
            write_private(password, record.password)
            self._own(new)
            self._own(password)
            command = [
                self._program("initdb"),
                *("-D", str(new)),
                *("--username", DATABASE),
                *("--pwfile", str(password)),
                "--auth=scram-sha-256",
                # Said in full: an empty environment would give SQL_ASCII.
                *("--encoding=UTF8", "--locale=C"),
                # Only from 17 on; before, C sorts by bytes as well.
                *(
                    ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
                    if self._version >= 17
                    else ()
                ),
                *(() if durable else ("--no-sync",)),
            ]
            done = self._run(command)
            self._check(done, "initdb")
            self._single_user(new, f"CREATE DATABASE {DATABASE}")
            new.rename(self.folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        finally:
            password.unlink(missing_ok=True)

    def _single_user(self, data: Path, statement: str) -> None:
        """Run a statement without a server, hence without a password."""
        command = [self._program("postgres"), "--single", "-D", str(data), "postgres"]
        done = self._run(command, text=f"{statement}\n")
        self._check(done, statement.split(" ", 2)[0])
        if "ERROR:" in done.stderr:
            raise EmbeddedError(f"{self.name} did not start: {explain(done.stderr)}.")

    def _check(self, done: subprocess.CompletedProcess[str], what: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(done.stderr)
        if done.returncode != 0:
            raise EmbeddedError(
                f"{self.name} did not start: {explain(done.stderr)} ({what}; log: {self.log})."
            )

    def _drop_stale_pid(self) -> None:
        """Remove the pid file of a killed server if its number now belongs to another program.

        PostgreSQL would take that program for its own older self and refuse to start. Where the
        number belongs to nobody the file stays: PostgreSQL removes it after its own checks.
        """
        pid = self.pid_in_folder()
        if pid and ProcessId.of(pid) and str(self.folder) not in command_line(pid):
            (self.folder / "postmaster.pid").unlink()

    def _own(self, path: Path) -> None:
        """As root, give the files to whoever will run the server; the way may change."""
        if os.geteuid() != 0:
            return
        owner = NOBODY if self.identity == UNPRIVILEGED else 0
        if path.stat().st_uid != owner:
            for place in (path, *path.rglob("*")):
                os.chown(place, owner, owner, follow_symlinks=False)


def _reachable(folder: Path) -> bool:
    """Tell whether every user may enter this folder; ours is opened for that, others' never."""
    folder.chmod(0o711)
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))

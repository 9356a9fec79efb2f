"""Processes known by number and start time, so that a reused number is never taken for ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from blip0.embedded.launch import PLAIN, launch_command

POLL_SECONDS = 0.01


@dataclass(frozen=True)
class ProcessId:
    """A process: its number, and when it started (opaque; comparable within one machine)."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """Return the identity of the running process `pid`, or None if there is none."""
        started = _started(pid)
        return cls(pid, started) if started else None

    @classmethod
    def current(cls) -> ProcessId:
        """Return the identity of this process; it survives an exec."""
        return cls(os.getpid(), _started(os.getpid()))

    def alive(self) -> bool:
        """Tell whether this very process still runs; a zombie doesn't."""
        return self.pid > 0 and _started(self.pid) == self.started

    def stop(self, *steps: tuple[signal.Signals, float]) -> bool:
        """Send each signal in turn, waiting its seconds; tell whether the process is gone."""
        for number, seconds in steps:
            deadline = time.monotonic() + seconds
            if self.alive():
                try:
                    os.kill(self.pid, number)
                except ProcessLookupError:
                    break
            while self.alive() and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        _reap(self.pid)
        return not self.alive()


def command_line(pid: int) -> str:
    """Return the command line of a running process, arguments joined by blanks, or ""."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return os.fsdecode(raw.replace(b"\0", b" "))
    else:
        return _ps(pid, "command=")


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    environ: Mapping[str, str],
    identity: str = PLAIN,
    tied_by: signal.Signals | None = None,
) -> int:
    """Start a server in a session of its own, output appended to `log`; return its process id.

    With `tied_by` it gets that signal when this process dies. Raises OSError.
    """
    if tied_by is None:
        launch = launch_command(command, identity=identity)
    else:
        launch = launch_command(
            command, identity=identity, parent=os.getpid(), signal_number=tied_by
        )
    # Not subprocess: a server that outlives us is no business of a Popen's finaliser.
    return os.posix_spawn(
        launch[0],
        launch,
        dict(environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _started(pid: int) -> str:
    _reap(pid)
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        # The second field is the name, in brackets, and may hold blanks and brackets.
        fields = stat.rpartition(")")[2].split()
        # A zombie whose other threads still end holds its port and files a moment longer.
        ended = fields[0] in "ZX" and int(fields[17]) <= 1
        return "" if ended else f"{_boot()}:{fields[19]}"
    else:
        state, _, started = _ps(pid, "stat=,lstart=").partition(" ")
        return "" if state.startswith("Z") else started.strip()


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _ps(pid: int, columns: str) -> str:
    done = subprocess.run(
        ["ps", "-ww", "-o", columns, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _reap(pid: int) -> None:
    """Collect a child that ended, so that it doesn't stay as a zombie of ours."""
    if pid <= 0 or pid == os.getpid():
        return
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # Not our child: its own parent collects it.
        return

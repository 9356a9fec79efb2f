"""Runs the processes side by side until one ends or somebody says stop (honcho does the work)."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Queue
from pathlib import Path
from typing import TextIO

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from blip0.embedded.launch import launch_command, tie

POLL_SECONDS = 0.2


class TiedProcess(Process):  # type: ignore[misc]  # honcho ships no types
    """A process that ends with the supervisor, even if that is killed without a chance to act.

    honcho runs each command below a small process of its own. That one is tied to the supervisor
    here, and the command to that one.
    """

    def __init__(self, cmd: Sequence[str], **options: object) -> None:
        super().__init__(cmd, **options)
        self._command = cmd
        self._supervisor = os.getpid()

    def run(self, events: Queue[Message] | None = None, ignore_signals: bool = False) -> None:
        """Run the command to its end, reporting to `events`."""
        tie(self._supervisor, signal.SIGKILL)
        launch = launch_command(self._command, parent=os.getpid(), signal_number=signal.SIGTERM)
        # honcho gives its commands to a shell; with exec none stays between us and the program.
        self.cmd = f"exec {shlex.join(launch)}"
        super().run(events, ignore_signals)


class _Printer(Printer):  # type: ignore[misc]  # honcho ships no types
    """Prints what the processes say, and calls back once when the first one has started."""

    def __init__(self, output: TextIO, on_start: Callable[[], None]) -> None:
        super().__init__(output)
        self._on_start: Callable[[], None] | None = on_start

    def write(self, message: Message) -> None:
        super().write(message)
        if self._on_start is not None:
            # Only now: honcho forks before its first message, and a fork wants no threads.
            on_start, self._on_start = self._on_start, None
            on_start()


def supervise(
    commands: Mapping[str, Sequence[str]],
    *,
    root: Path,
    output: TextIO,
    metrics: Path,
    health_url: str,
    on_ready: Callable[[], None],
) -> int:
    """Run the commands in `root` until SIGINT, SIGTERM or the end of one of them stops them all.

    In the folder `metrics` all of them keep their counts; it begins empty.
    `on_ready` is called once, in a thread, when `health_url` answers 200. Returns the exit code:
    0 after a signal, else that of the first process to end, and at least 1.
    """
    shutil.rmtree(metrics, ignore_errors=True)
    stopped = threading.Event()

    def announce() -> None:
        while not stopped.wait(POLL_SECONDS):
            if _answers(health_url):
                on_ready()
                return

    announcer = threading.Thread(target=announce, daemon=True)
    manager = Manager(_Printer(output, announcer.start))
    # honcho has no other place to say which class runs a command.
    manager._process_ctor = TiedProcess  # noqa: SLF001  # see above
    environ = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONUNBUFFERED": "1",
        # Celery advises root against itself at length; on a bare machine root is who there is.
        "PYTHONWARNINGS": "ignore::RuntimeWarning:celery.platforms",
    }
    for name, command in commands.items():
        manager.add_process(name, command, env=environ, cwd=str(root))
    try:
        manager.loop()
    finally:
        stopped.set()
    return 0 if manager.returncode in (130, 143) else manager.returncode or 1


def _answers(url: str) -> bool:
    try:
        # Patient: the port is open long before the first worker is, and asking again helps nobody.
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310  # our own URL
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False

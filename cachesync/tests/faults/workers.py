"""Processes that are there to be killed, forked from a server that has Django loaded."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import forkserver
from typing import Any

from cachesync.tests.faults.processes import Place

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["cachesync.tests.faults.preload", "cachesync.tests.faults.processes"])


def warm_up() -> None:
    """Let the fork server begin to load Django."""
    forkserver.ensure_running()


class Worker:
    """A process, and the place where it works. It begins at once."""

    def __init__(self, target: Callable[..., None], place: Place, *arguments: Any) -> None:
        self.place = place
        self._process = FORK.Process(target=target, args=(place, *arguments), daemon=True)
        self._process.start()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def writes(self) -> bool:
        """Whether it is one of those that the journal knows."""
        return self.place.name.startswith("writer")

    @property
    def exitcode(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL, at whatever it is."""
        self._process.kill()
        self._process.join(10)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self, seconds: float = 20) -> None:
        """SIGTERM, and wait."""
        self._process.terminate()
        self.wait(seconds)

    def wait(self, seconds: float = 20) -> None:
        """Until it has ended. Raises AssertionError with its last words."""
        self._process.join(seconds)
        if self._process.is_alive():
            raise AssertionError(f"{self.place.name} doesn't end: {self.said()}")

    def reached(self, seconds: float = 20) -> None:
        """Until its hook has acted. Raises AssertionError."""
        until(self.place.mark.exists, seconds, f"the hook of {self.place.name}: {self.said()}")

    def said(self) -> str:
        log = self.place.folder / f"{self.place.name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None and self.alive:
            os.kill(self._process.pid, number)


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something to become true. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.01)

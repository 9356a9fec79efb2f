"""The product's processes, as `make up` runs them, beside the load; and the time they took."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from django.conf import settings
from django.db import connection

from blip0.embedded.launch import launch_command
from blip0.embedded.processes import PROCESSES, command
from blip0.embedded.server import free_port
from cachesync.store import Store
from tenants.store.client import cache_redis

APPLICATION: Final = "blip0.benchmarks.timed:application"
START_S: Final = 60.0
STOP_S: Final = 30.0
LOG_BYTES: Final = 4000


class NotServing(Exception):
    """The web process doesn't answer; the message has the end of its log."""


@dataclass(frozen=True)
class Product:
    """All processes, by name, and the services' where these run here. `port` is the web's."""

    port: int
    running: Mapping[str, psutil.Popen]
    services: Mapping[str, psutil.Process]
    logs: Path

    def busy(self) -> dict[str, float]:
        """Seconds of processor time that each has taken so far, its children included."""
        return {name: _busy(process) for name, process in {**self.running, **self.services}.items()}

    def log_of(self, name: str) -> str:
        """The end of what a process has said."""
        return _log(self.logs, name).read_text(encoding="utf-8", errors="replace")[-LOG_BYTES:]


@contextmanager
def product(folder: Path, *, server: str | None) -> Iterator[Product]:
    """Runs every process while the block does. `folder` takes logs, metrics and schedules.

    `server` replaces the web process' command: a module and its arguments, with `{port}` and
    `{application}`. Raises `NotServing`.
    """
    port = free_port()
    commands = {
        name: command(name, root=settings.BASE_DIR, data=folder, port=port) for name in PROCESSES
    }
    commands["web"] = [
        APPLICATION if part == "blip0.wsgi:application" else part for part in commands["web"]
    ]
    if server is not None:
        filled = server.replace("{port}", str(port)).replace("{application}", APPLICATION)
        commands["web"] = [sys.executable, "-m", *shlex.split(filled)]
    metrics = folder / "metrics"
    metrics.mkdir()
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(metrics), "LOG_FORMAT": "json"}
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(_started(name, line, folder, environ))
            for name, line in commands.items()
        }
        served = Product(port, running, _services(), folder)
        _await(served)
        yield served


@contextmanager
def _started(
    name: str, line: list[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[psutil.Popen]:
    with _log(folder, name).open("wb") as log:
        process = psutil.Popen(
            launch_command(line, parent=os.getpid(), signal_number=signal.SIGTERM),
            cwd=settings.BASE_DIR,
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(STOP_S)


def _await(served: Product) -> None:
    """Until the web process answers."""
    until = time.monotonic() + START_S
    url = f"http://127.0.0.1:{served.port}/health/live"
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            gone = served.running["web"].poll() is not None
            if gone or time.monotonic() > until:
                raise NotServing(
                    f"The web process doesn't serve:\n{served.log_of('web')}"
                ) from None
        time.sleep(0.1)


def _services() -> dict[str, psutil.Process]:
    """The services' processes; none of those that run on another machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    processes = {"postgres": backend}
    for name, client in (("redis", Store().client), ("cache", cache_redis())):
        processes[name] = client.info("server")["process_id"]
    found = {name: psutil.Process(pid) for name, pid in processes.items() if psutil.pid_exists(pid)}
    if (parent := found["postgres"].parent() if "postgres" in found else None) is not None:
        found["postgres"] = parent
    return found


def _busy(process: psutil.Process) -> float:
    """Of a process with its children, those that have ended by now included."""
    return sum(sum(each.cpu_times()[:4]) for each in (process, *process.children(recursive=True)))


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"

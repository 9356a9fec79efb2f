"""The web process of `make up`, on this test's database: the API as its callers meet it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from django.db import connection

from blip0.embedded.launch import launch_command
from blip0.embedded.processes import command
from blip0.testing import PROJECT_ROOT
from blip0.testing.ports import server_port

START_S: Final = 60


@contextmanager
def gunicorn(folder: Path, **environ: str) -> Iterator[str]:
    """The address of gunicorn, with these variables; its log is `web.log` in `folder`.

    The test must commit what it wants to be seen. No connection of the server leaves this machine.
    """
    port = server_port()
    server = launch_command(
        [
            *command("web", root=PROJECT_ROOT, data=folder, port=port),
            "--config=python:blip0.testing.offline",
        ],
        parent=os.getpid(),
        signal_number=signal.SIGTERM,
    )
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "web.log").open("wb") as log,
        subprocess.Popen(
            server,
            cwd=PROJECT_ROOT,
            env={**os.environ, "DATABASE_URL": _database_url(), **environ},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            _wait_for(url, process, folder / "web.log")
            yield url
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urlopen(f"{url}/health/live", timeout=START_S):
                return
        except (URLError, ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"gunicorn didn't start:\n{log.read_text()}") from error
        time.sleep(0.05)


def _database_url() -> str:
    """The server is in the environment; which of its databases is ours is in the settings."""
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{server}/{connection.settings_dict['NAME']}"

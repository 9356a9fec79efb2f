"""`manage.py bench kills`: scratch services for the kill loop of the fault suite, which does it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from blip0.embedded.launch import launch_command
from blip0.embedded.services import Services
from blip0.embedded.state import FOLDER, VARIABLES
from blip0.settings.environment import PROJECT_ROOT

LOOP = "cachesync.tests.faults"


def run_kills(seconds: int, writers: int, tenants: int, seed: int) -> bool:
    """Kill every process for that long while tenants are changed; whether all came out right.

    Raises CommandError where the tests aren't installed, and EmbeddedError.
    """
    if not (PROJECT_ROOT / "cachesync/tests/faults").is_dir():
        raise CommandError("The kill loop is a part of the tests: run it in a checkout.")
    options = {"seconds": seconds, "writers": writers, "tenants": tenants, "seed": seed}
    with _scratch() as (folder, environ):
        _run([sys.executable, "manage.py", "migrate", "--verbosity=0"], environ)
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return _run([sys.executable, "-m", LOOP, f"--folder={folder}", *arguments], environ) == 0


@contextmanager
def _scratch() -> Iterator[tuple[Path, Mapping[str, str]]]:
    """A folder with services of its own, and the environment that leads to them."""
    folder = PROJECT_ROOT / FOLDER / "kills" / str(os.getpid())
    folder.mkdir(parents=True)
    theirs = {name for names in VARIABLES.values() for name in names}
    environ = {name: value for name, value in os.environ.items() if name not in theirs}
    services = Services(folder, environ)
    try:
        endpoints = services.start(tied=True)
        settings = {"DJANGO_SETTINGS_MODULE": "blip0.settings", "LOG_LEVEL": "WARNING"}
        yield folder, {**environ, **endpoints.environment(), **settings}
    finally:
        # Also those that the loop started again.
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], environ: Mapping[str, str]) -> int:
    tied = launch_command(command, parent=os.getpid(), signal_number=signal.SIGTERM)
    return subprocess.run(tied, cwd=PROJECT_ROOT, env=environ, check=False).returncode  # noqa: S603  # our own programs

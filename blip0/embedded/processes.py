"""What runs beside the services: the one table of the product's processes.

`manage.py up` runs it; a test compares `docker/` with it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

PROCESSES: Mapping[str, tuple[str, ...]] = {
    "web": (
        "gunicorn",
        "blip0.wsgi:application",
        "--worker-class=gthread",
        "--workers=2",
        "--threads=2",
        "--bind=127.0.0.1:{port}",
        "--no-control-socket",
        # One import for both workers: half the time to the first answer.
        "--preload",
    ),
    "worker": ("celery", "--app=blip0", "--quiet", "worker", "--concurrency=2", "--loglevel=INFO"),
    "beat": ("celery", "--app=blip0", "--quiet", "beat", "--schedule={data}/celerybeat-schedule"),
    "projector": ("manage.py", "projector"),
}
"""Name to command: a Python module or the project's `manage.py`, then its arguments."""


def command(name: str, *, root: Path, data: Path, port: int) -> list[str]:
    """Return the command line of a process, run by this very interpreter.

    `data` is the folder for files that may go. Raises KeyError for an unknown name.
    """
    program, *arguments = (part.format(port=port, data=data) for part in PROCESSES[name])
    if program.endswith(".py"):
        return [sys.executable, str(root / program), *arguments]
    return [sys.executable, "-m", program, *arguments]

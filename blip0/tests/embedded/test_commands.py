"""The commands in a process of their own, as a person calls them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from blip0.tests.embedded.conftest import SOURCE

EXTERNAL = {
    "DATABASE_URL": "postgres://somebody:it's@else/db",
    "REDIS_PROJECTION_URL": "redis://else/0",
    "REDIS_CACHE_URL": "redis://else/1",
    "CELERY_BROKER_URL": "redis://else/2",
}


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in EXTERNAL}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=SOURCE,
        env=kept | {"BLIP0_ENV": "development"} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("start", "Nothing to start: DATABASE_URL, REDIS_PROJECTION_URL, REDIS_CACHE_URL, "),
        ("status", "postgres   external DATABASE_URL set\n"),
        ("env", "export DATABASE_URL='postgres://somebody:it'\"'\"'s@else/db'\n"),
    ],
)
def test_services__everything_set_in_the_environment__says_so_and_exits_with_0(
    action: str, said: str
) -> None:
    done = manage("services", action, **EXTERNAL)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(said)


def test_up__port_taken__one_line_with_the_fix_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = manage("up", BLIP0_PORT=str(port))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"CommandError: port {port} of 127.0.0.1 is taken: stop the program that holds it, or "
        "choose another port with BLIP0_PORT=8001 make up\n"
    )

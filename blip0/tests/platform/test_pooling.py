"""A real PgBouncer in front of the tests' PostgreSQL: in transaction mode nothing may start."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from blip0.testing import PROJECT_ROOT
from blip0.testing.ports import server_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
auth_type = trust
auth_file = {users}
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = extra_float_digits,options
unix_socket_dir =
logfile = {log}
pidfile = {pid}
"""

pytestmark = [
    pytest.mark.usefixtures("committed"),
    pytest.mark.skipif(
        PGBOUNCER is None and os.environ.get("CI") != "true", reason="pgbouncer is not installed"
    ),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others may read: PgBouncer refuses to be root, and becomes nobody."""
    with tempfile.TemporaryDirectory(prefix="blip0-pgbouncer-") as name:
        path = Path(name)
        path.chmod(0o755)
        if os.getuid() == 0:
            shutil.chown(path, "nobody")
        yield path


@pytest.fixture
def pooled(folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the tests' database through PgBouncer, in the mode that the test asks for."""
    mode, size = request.param
    to = connection.settings_dict
    own = server_port()
    users = folder / "users"
    users.write_text(f'"{to["USER"]}" "{to["PASSWORD"]}"\n')
    config = folder / "pgbouncer.ini"
    config.write_text(
        CONFIG.format(
            host=to["HOST"],
            port=to["PORT"],
            own=own,
            users=users,
            mode=mode,
            size=size,
            log=folder / "log",
            pid=folder / "pid",
        )
    )
    command = [str(PGBOUNCER), "-q", str(config)]
    if os.getuid() == 0:
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command)
    try:
        _wait_for(own)
        yield f"postgres://{to['USER']}:{to['PASSWORD']}@127.0.0.1:{own}/{to['NAME']}"
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("pgbouncer doesn't answer")


def start(url: str) -> subprocess.CompletedProcess[str]:
    """A process of ours that asks the database something."""
    return subprocess.run(
        [sys.executable, "manage.py", "tenant_list"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "pooled", [("transaction", 20), ("transaction", 2), ("transaction", 1)], indirect=True
)
def test_start__pooler_in_transaction_mode__refused_with_the_fix(pooled: str) -> None:
    done = start(pooled)
    assert done.returncode != 0
    assert "pool_mode = session" in done.stderr
    assert "acme" not in done.stdout


@pytest.mark.parametrize("pooled", [("session", 20)], indirect=True)
def test_start__pooler_in_session_mode__works(pooled: str) -> None:
    done = start(pooled)
    assert done.returncode == 0, done.stderr
    assert "acme" in done.stdout


def test_start__no_pooler__leaves_no_session_behind() -> None:
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    assert start(url).returncode == 0
    with psycopg.connect(url) as direct:
        row = direct.execute("SHOW statement_timeout").fetchone()
    assert row == ("0",)

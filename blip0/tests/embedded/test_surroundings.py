"""The embedded services where they are run: variables, programs, users, ports, disks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.launch import UNPRIVILEGED
from blip0.embedded.postgres import Postgres
from blip0.embedded.services import Services
from blip0.embedded.state import FOLDER, Endpoints, read_state
from blip0.tests.embedded.conftest import SOURCE
from blip0.tests.embedded.support import (
    client,
    execute,
    processes,
)

EXTERNAL = {
    "DATABASE_URL": "postgres://somebody@else/db",
    "REDIS_PROJECTION_URL": "redis://else/0",
    "REDIS_CACHE_URL": "redis://else/1",
    "CELERY_BROKER_URL": "redis://else/2",
}


def test_start__port_of_last_time_taken__takes_another(valkeys: Services) -> None:
    first = valkeys.start(durable=False)
    valkeys.stop()
    port = urlsplit(first.redis_cache_url).port
    with socket.create_server(("127.0.0.1", port or 0)):
        second = valkeys.start(durable=False)

    assert urlsplit(second.redis_cache_url).port != port
    assert second.redis_projection_url == first.redis_projection_url
    assert client(second.redis_cache_url).ping()


def test_start__everything_set_in_the_environment__starts_nothing(root: Path) -> None:
    services = Services(root, environ=EXTERNAL)

    assert services.start() == Endpoints()

    assert not (root / FOLDER).exists()
    assert {status.state for status in services.status()} == {"external"}


def test_start__database_set_in_the_environment__starts_only_the_others(root: Path) -> None:
    services = Services(root, environ={"DATABASE_URL_FILE": "/run/secrets/database"})
    try:
        endpoints = services.start(durable=False)

        assert endpoints.database_url == ""
        assert list(endpoints.environment()) == [
            "REDIS_PROJECTION_URL",
            "REDIS_CACHE_URL",
            "CELERY_BROKER_URL",
        ]
        assert not (root / FOLDER / "postgres").exists()
    finally:
        services.stop()


def test_start__no_programs__one_line_with_the_fix(root: Path) -> None:
    services = Services(root, environ={"PG_BIN": str(root)})

    with pytest.raises(EmbeddedError, match=r"PG_BIN=.* holds no `postgres`.*unset it") as caught:
        services.start()

    assert "\n" not in str(caught.value)
    assert read_state(root) is None


def test_start__data_of_another_version__says_so(services: Services, root: Path) -> None:
    services.start(durable=False)
    services.stop()
    (root / FOLDER / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(
        EmbeddedError, match=r"made by PostgreSQL 12, the program is \d+: set PG_BIN"
    ):
        services.start(durable=False)

    assert read_state(root) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_start__ordinary_user__runs_as_that_user(tmp_path: Path) -> None:
    interpreter = _interpreter_for_everybody()
    root = Path("/tmp") / f"blip0-ordinary-{os.getpid()}"
    root.mkdir()
    os.chown(root, 65534, 65534)
    code = f"""
import sys
sys.path[:0] = {[str(SOURCE), *(path for path in sys.path if path.endswith("site-packages"))]!r}
import os, pathlib
from blip0.embedded.services import Services
services = Services(pathlib.Path({str(root)!r}), environ={{}})
services.start(durable=False)
print(*(os.stat(f"/proc/{{status.pid}}").st_uid for status in services.status()))
services.stop()
"""
    try:
        done = subprocess.run(
            [interpreter, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
        )
        assert done.stdout == "65534 65534 65534\n", done.stderr
        # Root would leave files behind that this user can't use any more.
        with pytest.raises(EmbeddedError, match="belongs to user 65534, this is user 0: start as"):
            Services(root, environ={}).start()
    finally:
        subprocess.run(["rm", "-r", str(root)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user needs no other identity")
@pytest.mark.parametrize("reachable", [True, False])
def test_start__root_without_user_namespaces__runs_as_nobody(
    services: Services,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reachable: bool,
) -> None:
    monkeypatch.setattr(Postgres, "root_identities", (UNPRIVILEGED,))
    outside = Path("/tmp") / f"blip0-nobody-{os.getpid()}"
    monkeypatch.setattr("blip0.embedded.postgres.OUTSIDE", outside)
    if reachable:
        for folder in (root, *root.parents):
            if not folder.stat().st_mode & 1:
                folder.chmod(0o711)
    else:
        root.chmod(0o700)
    try:
        endpoints = services.start(durable=False)
        pid = processes(root)[0].pid

        assert Path(f"/proc/{pid}").stat().st_uid == 65534
        assert execute(endpoints, "SELECT 1") == [(1,)]
        assert (root / FOLDER / "postgres").exists() is reachable
        assert outside.exists() is not reachable
        services.stop()
        # Where namespaces work again the same folder goes on.
        if reachable:
            monkeypatch.undo()
            assert services.start(durable=False) == endpoints
    finally:
        services.stop()
        subprocess.run(["rm", "-rf", str(outside)], check=True)


@pytest.mark.parametrize("size", ["64k", "30m"])
def test_start__disk_full__one_line_with_the_fix(tmp_path: Path, size: str) -> None:
    """A real small file system: too small for the files of initdb, or for its first log."""
    code = """
import pathlib, sys
from blip0.embedded.errors import EmbeddedError
from blip0.embedded.services import Services
try:
    Services(pathlib.Path(sys.argv[1]), environ={}).start()
except EmbeddedError as error:
    print(error)
"""
    mount = f'mount -t tmpfs -o size={size} none "$1" && exec "$2" -c "$3" "$1"'
    unshare = ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run(
        [*unshare, "sh", "-c", mount, "sh", str(tmp_path), sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
        cwd=SOURCE,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no file system of our own here: {done.stderr.strip()}")
    assert "the disk is full. Free some space" in done.stdout, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1


def _interpreter_for_everybody() -> str:
    """A Python of our version that another user may run; ours may be in root's home."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/python{version}"):
        try:
            done = subprocess.run(
                [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                capture_output=True,
                text=True,
                check=False,
                user=65534,
                group=65534,
                cwd="/",
            )
        except OSError:
            continue
        if done.stdout.strip() == version:
            return candidate
    pytest.skip(f"no Python {version} that the user nobody may run")

"""The embedded services, really started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.launch import UNPRIVILEGED
from blip0.embedded.postgres import Postgres
from blip0.embedded.process import ProcessId, command_line
from blip0.embedded.services import Services
from blip0.embedded.state import FOLDER, Endpoints, State, read_state
from blip0.embedded.valkey import start_valkey
from blip0.tests.embedded.conftest import SOURCE, python

NAMES = ("postgres", "projection", "cache")
EXTERNAL = {
    "DATABASE_URL": "postgres://somebody@else/db",
    "REDIS_PROJECTION_URL": "redis://else/0",
    "REDIS_CACHE_URL": "redis://else/1",
    "CELERY_BROKER_URL": "redis://else/2",
}
START = """
import pathlib, sys, time
from blip0.embedded.services import Services
services = Services(pathlib.Path(sys.argv[1]), environ={})
print(services.start(tied=sys.argv[2] == "tied", durable=False), flush=True)
if sys.argv[2] == "tied":
    time.sleep(60)
"""


def execute(endpoints: Endpoints, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(endpoints.database_url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)


def processes(root: Path) -> list[ProcessId]:
    records = State.read(root / FOLDER).records
    return [record.process for record in records.values() if record.process]


def kill_everything(root: Path) -> None:
    """As an out-of-memory killer or a power cut would: no process gets a last word."""
    mains = [psutil.Process(process.pid) for process in processes(root)]
    everything = [*mains, *(child for main in mains for child in main.children(recursive=True))]
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=10)


def wait_until_gone(processes: list[ProcessId], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while any(process.alive() for process in processes):
        assert time.monotonic() < deadline, "still running"
        time.sleep(0.02)


def test_start__new_folder__three_real_servers_with_their_settings(running: Services) -> None:
    endpoints = running.start()

    assert execute(endpoints, "SHOW server_encoding") == [("UTF8",)]
    assert execute(endpoints, "SHOW max_locks_per_transaction") == [("256",)]
    assert execute(endpoints, "SHOW fsync") == [("on",)]
    execute(endpoints, "CREATE EXTENSION pg_trgm")
    projection = client(endpoints.redis_projection_url)
    cache = client(endpoints.redis_cache_url)
    assert projection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert projection.config_get("appendonly") == {"appendonly": "yes"}
    assert projection.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert cache.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
    assert cache.config_get("databases") == {"databases": "2"}
    assert client(endpoints.celery_broker_url).ping()
    assert read_state(running.root) == endpoints
    assert [status.state for status in running.status()] == ["running"] * 3


def test_start__already_running__changes_nothing_and_takes_no_time(running: Services) -> None:
    endpoints = read_state(running.root)
    before = processes(running.root)

    began = time.monotonic()
    again = Services(running.root, environ={}).start()

    assert time.monotonic() - began < 0.2
    assert again == endpoints
    assert processes(running.root) == before


def test_stop__running__leaves_no_process_and_keeps_ports_for_the_next_start(
    services: Services, root: Path
) -> None:
    endpoints = services.start(durable=False)
    running = processes(root)
    children = [
        child
        for process in running
        for child in psutil.Process(process.pid).children(recursive=True)
    ]

    assert services.stop() == NAMES

    assert not any(process.alive() for process in running)
    assert not any(child.is_running() for child in children)
    assert read_state(root) is None
    assert services.stop() == ()
    assert services.start(durable=False) == endpoints


def test_start__everything_killed__nothing_committed_is_lost(
    services: Services, root: Path
) -> None:
    endpoints = services.start(durable=True)
    execute(endpoints, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)")
    client(endpoints.redis_projection_url).set("kept", "8")
    client(endpoints.celery_broker_url).set("kept", "9")

    kill_everything(root)
    assert (root / FOLDER / "postgres" / "postmaster.pid").exists()
    assert read_state(root) is None
    again = services.start(durable=True)

    assert again == endpoints
    assert execute(again, "SELECT id FROM kept") == [(7,)]
    assert client(again.redis_projection_url).get("kept") == "8"
    assert client(again.celery_broker_url).get("kept") == "9"


def test_start__process_numbers_reused_by_others__recovers_and_leaves_them_alone(
    services: Services, root: Path
) -> None:
    services.start(durable=False)
    kill_everything(root)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        state_file = root / FOLDER / "services.json"
        state = json.loads(state_file.read_text())
        for entry in state.values():
            entry["process"]["pid"] = stranger.pid
        state_file.write_text(json.dumps(state))
        pid_file = root / FOLDER / "postgres" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        (root / FOLDER / "cache" / "valkey.pid").write_text(f"{stranger.pid}\n")

        assert read_state(root) is None
        endpoints = services.start(durable=False)

        assert execute(endpoints, "SELECT 1") == [(1,)]
        services.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_start__state_file_lost_while_running__replaces_the_servers_and_keeps_the_data(
    services: Services, root: Path
) -> None:
    endpoints = services.start(durable=True)
    execute(endpoints, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)")
    client(endpoints.redis_projection_url).set("kept", "8")
    forgotten = processes(root)
    (root / FOLDER / "services.json").unlink()

    again = services.start(durable=True)

    assert not any(process.alive() for process in forgotten)
    assert execute(again, "SELECT id FROM kept") == [(7,)]
    assert client(again.redis_projection_url).get("kept") == "8"


@pytest.mark.parametrize("content", ['{"postgres": {"port"', '{"postgres": 1}', "[]", '{"a": {}}'])
def test_state__damaged_file__counts_as_never_started(root: Path, content: str) -> None:
    (root / FOLDER).mkdir()
    (root / FOLDER / "services.json").write_text(content)

    assert State.read(root / FOLDER) == State()
    assert read_state(root) is None


def test_start__one_server_died__only_that_one_is_started(valkeys: Services, root: Path) -> None:
    endpoints = valkeys.start(durable=False)
    projection, cache = processes(root)
    os.kill(cache.pid, signal.SIGKILL)
    wait_until_gone([cache])

    assert valkeys.start(durable=False) == endpoints

    assert processes(root)[0] == projection
    assert client(endpoints.redis_cache_url).ping()


def test_start__port_of_last_time_taken__takes_another(valkeys: Services) -> None:
    first = valkeys.start(durable=False)
    valkeys.stop()
    port = urlsplit(first.redis_cache_url).port
    with socket.create_server(("127.0.0.1", port or 0)):
        second = valkeys.start(durable=False)

    assert urlsplit(second.redis_cache_url).port != port
    assert second.redis_projection_url == first.redis_projection_url
    assert client(second.redis_cache_url).ping()


def test_start__two_at_once__one_set_of_servers(services: Services, root: Path) -> None:
    starters = [python(START, root, "untied") for _ in range(2)]

    outputs = [starter.communicate(timeout=60)[0] for starter in starters]

    assert [starter.returncode for starter in starters] == [0, 0], outputs
    assert outputs[0] == outputs[1] == f"{services.start()}\n"


def test_start__tied_and_parent_killed__servers_end_with_it(services: Services, root: Path) -> None:
    starter = python(START, root, "tied")
    assert starter.stdout is not None
    assert "database_url" in starter.stdout.readline()
    running = processes(root)
    assert len(running) == 3

    # The owner is who started them: nobody else's `only_mine` touches them.
    assert services.stop(only_mine=True) == ()
    starter.kill()
    starter.communicate()

    wait_until_gone(running)


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


def test_start__passwords__only_in_files_of_the_owner(running: Services) -> None:
    records = State.read(running.folder).records

    for record in records.values():
        assert record.process is not None
        assert record.password not in command_line(record.process.pid)
    holders = [
        path
        for path in running.folder.rglob("*")
        if path.is_file() and records["projection"].password.encode() in path.read_bytes()
    ]
    assert {path.name for path in holders} == {"services.json", "valkey.conf"}
    assert {path.stat().st_mode & 0o077 for path in holders} == {0}


def test_start__wrong_password__is_refused(running: Services) -> None:
    endpoints = running.start()
    password = urlsplit(endpoints.database_url).password or ""

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(endpoints.database_url.replace(password, "wrong"))
    with pytest.raises(redis.AuthenticationError):
        client(f"redis://127.0.0.1:{urlsplit(endpoints.redis_cache_url).port}/0").ping()


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


def test_start_valkey__one_more__answers_and_stops(root: Path) -> None:
    valkey = start_valkey(root / "gw0", environ={}, databases=3)

    assert client(valkey.url).config_get("databases") == {"databases": "3"}
    assert client(valkey.url).config_get("appendonly") == {"appendonly": "no"}
    valkey.stop()
    with pytest.raises(redis.ConnectionError):
        client(valkey.url).ping()


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

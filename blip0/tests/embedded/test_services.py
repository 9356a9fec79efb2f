"""The embedded services, really started and stopped."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from blip0.embedded.process import command_line
from blip0.embedded.services import Services
from blip0.embedded.state import State, read_state
from blip0.embedded.valkey import start_valkey
from blip0.tests.embedded.conftest import python
from blip0.tests.embedded.support import (
    START,
    client,
    execute,
    processes,
)

NAMES = ("postgres", "projection", "cache")


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


def test_start__already_running__changes_nothing_and_takes_no_time(
    running: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints = read_state(running.root)
    before = processes(running.root)
    # All that takes time: to start a server, and to wait for it.
    monkeypatch.delattr("os.posix_spawn")
    monkeypatch.delattr("time.sleep")

    again = Services(running.root, environ={}).start()

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


def test_start__two_at_once__one_set_of_servers(services: Services, root: Path) -> None:
    starters = [python(START, root, "untied") for _ in range(2)]

    outputs = [starter.communicate(timeout=60)[0] for starter in starters]

    assert [starter.returncode for starter in starters] == [0, 0], outputs
    assert outputs[0] == outputs[1] == f"{services.start()}\n"


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


def test_start_valkey__one_more__answers_and_stops(root: Path) -> None:
    valkey = start_valkey(root / "gw0", environ={}, databases=3)

    assert client(valkey.url).config_get("databases") == {"databases": "3"}
    assert client(valkey.url).config_get("appendonly") == {"appendonly": "no"}
    valkey.stop()
    with pytest.raises(redis.ConnectionError):
        client(valkey.url).ping()

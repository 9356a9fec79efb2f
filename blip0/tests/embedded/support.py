"""What the tests of several modules share: ways to look at servers, and to kill them."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import psycopg
import redis

from blip0.embedded.process import ProcessId
from blip0.embedded.state import FOLDER, Endpoints, State

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
    psutil.wait_procs(everything, timeout=60)


def wait_until_gone(processes: list[ProcessId], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while any(process.alive() for process in processes):
        assert time.monotonic() < deadline, "still running"
        time.sleep(0.02)

"""The embedded services after a crash: of one server, of all, of who started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blip0.embedded.services import Services
from blip0.embedded.state import FOLDER, State, read_state
from blip0.tests.embedded.conftest import python
from blip0.tests.embedded.support import (
    START,
    client,
    execute,
    kill_everything,
    processes,
    wait_until_gone,
)


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

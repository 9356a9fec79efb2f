"""The ground of each fault: how many seeds, how long, and how fast.

`FAULTS=short` is one seed at a quickened pace, for a minute in CI; else three seeds at the
product's own pace. `FAULT_SEEDS` (whole numbers, separated by commas) and `FAULT_SECONDS` (how long
writers write around a fault) change that. A test's name ends in its seed: the same one again makes
the same random choices, as far as a machine repeats itself.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection, connections

from blip0.embedded.valkey import start_valkey
from blip0.testing.database import server_conninfo
from blip0.testing.plugin import servers_key
from cachesync.tests.faults.database import Database
from cachesync.tests.faults.ground import DATA, Ground, Model, Pace, opened
from cachesync.tests.faults.processes import Place, populate, reconcile_once
from cachesync.tests.faults.workers import Worker, warm_up

SHORT = os.environ.get("FAULTS") == "short"
SEEDS = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "1" if SHORT else "1,2,3").split(",")]
SECONDS = float(os.environ.get("FAULT_SECONDS", "0.4" if SHORT else "3"))
PACE = (
    Pace(sweep_s=0.25, reconcile_s=0.75, writing_s=SECONDS)
    if SHORT
    else Pace(sweep_s=5.0, reconcile_s=30.0, writing_s=SECONDS)
)
MONITORS, TENANTS = 5, 3

OpenGround = Callable[[int], AbstractContextManager[Ground]]


@pytest.fixture(scope="session")
def fork_server() -> None:
    """It gets ready while the test database is made."""
    warm_up()


@pytest.fixture(scope="session")
def open_ground(
    request: pytest.FixtureRequest,
    fork_server: None,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[OpenGround]:
    """`with open_ground(seed) as ground:` three tenants with monitors, all of them projected."""
    servers = request.config.stash[servers_key]
    folder = servers.run / f"faults-{servers.worker}"
    folder.mkdir()
    with django_db_blocker.unblock():
        connections.close_all()
        current = connection.settings_dict
        ours = Database(server_conninfo(current), str(current["NAME"]))
    database = ours.copied(f"{ours.name}_faults")
    valkey = start_valkey(folder / "model", environ=os.environ, durable=True)

    def work(target: Callable[..., None], *args: int) -> None:
        pace = PACE.sweep_s, PACE.reconcile_s
        place = Place(target.__name__, folder, database.name, valkey.url, *pace, seed=0)
        worker = Worker(target, place, *args)
        worker.wait(60)
        assert worker.exitcode == 0, worker.said()

    work(populate, MONITORS, TENANTS)
    work(reconcile_once)
    valkey.stop()
    model = Model(database, folder / "model" / DATA)
    numbers = itertools.count(1)

    def open_one(seed: int) -> AbstractContextManager[Ground]:
        number = next(numbers)
        name = f"{database.name}_{number}"
        return opened(folder / str(number), model=model, name=name, seed=seed, pace=PACE)

    yield open_one
    database.drop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each fault did, and what the checker saw of it."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
    ]
    told = [dict(report.user_properties) for report in reports]
    lines = sorted(properties["fault"] for properties in told if "fault" in properties)
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)

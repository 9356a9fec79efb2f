"""The ground of each fault: how many seeds, how long, and where.

`FAULT_SEEDS` are whole numbers, separated by commas; `FAULT_SECONDS` is how long writers write
around each fault; `FAULT_PACE` is `quick`, or `real` for the product's own five and thirty seconds.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection, connections

from blip0.testing.database import server_conninfo
from blip0.testing.plugin import servers_key
from cachesync.tests.faults.ground import FORK, Ground, Pace, opened
from cachesync.tests.faults.processes import Place, populate

SEEDS = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "1").split(",")]
SECONDS = float(os.environ.get("FAULT_SECONDS", "0.6"))
PACE = (
    Pace(sweep_s=5.0, reconcile_s=30.0, writing_s=SECONDS)
    if os.environ.get("FAULT_PACE") == "real"
    else Pace(sweep_s=0.3, reconcile_s=1.0, writing_s=SECONDS)
)
MONITORS = 5

OpenGround = Callable[[int], AbstractContextManager[Ground]]


@pytest.fixture(scope="session")
def open_ground(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[OpenGround]:
    """`with open_ground(seed) as ground:` three tenants with monitors, all of them projected."""
    servers = request.config.stash[servers_key]
    folder = servers.run / f"faults-{servers.worker}"
    folder.mkdir()
    with django_db_blocker.unblock():
        connections.close_all()
        current = connection.settings_dict
        server, ours = server_conninfo(current), str(current["NAME"])
    model = f"{ours}_faults"
    numbers = itertools.count(1)

    def open_one(seed: int) -> AbstractContextManager[Ground]:
        number = next(numbers)
        return opened(
            folder / str(number),
            server=server,
            model=model,
            name=f"{model}_{number}",
            seed=seed,
            pace=PACE,
        )

    home = Ground(folder, server, model, 0, PACE)
    home.copy_database(ours, model)
    place = Place("populate", folder, model, "", PACE.sweep_s, PACE.reconcile_s, seed=0)
    process = FORK.Process(target=populate, args=(place, MONITORS), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == 0, (folder / "populate.log").read_text()
    yield open_one
    home.drop_database(model)

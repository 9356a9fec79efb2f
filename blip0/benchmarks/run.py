"""The API under an open load, from the tenants to the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from blip0.benchmarks.load import Answer, Call
from blip0.benchmarks.mix import SHARES, Mix
from blip0.benchmarks.processes import Product, product
from blip0.benchmarks.report import ApiReport, Spread, lines_by
from blip0.benchmarks.world import places_ensure
from cachesync.benchmarks.measures import Machine
from cachesync.benchmarks.processes import apart
from cachesync.benchmarks.rebuilding import settle
from cachesync.benchmarks.world import require_own_database
from cachesync.selectors.scopes import wanted_versions
from cachesync.services.drift import scope_drift
from cachesync.services.status import projection_status
from cachesync.services.sweep import sweep
from cachesync.store import Store

WARM_S: Final = 5.0
"""At the same rate and untold: imports, plans and connections of a server that has just begun."""
SETTLED_WITHIN_S: Final = 30.0
GENERATOR: Final = "generator"


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much there is, and how it is asked for. `rate` is calls a second of all clients."""

    tenants: int
    monitors: int
    rate: float
    clients: int
    seconds: float
    seed: int
    server: str | None = None
    """The web server: see `processes.product`. None: that of production."""


def measure(load: Load, *, say: Callable[[str], None]) -> ApiReport:
    """Make the tenants where they are missing, and measure.

    Raises `Conflict` on a database with other tenants, and `NotServing`.
    """
    require_own_database(tenants=load.tenants)
    settings.PROJECTION_RECEIVERS = False  # the projector's first sweep finds all that is new
    places = places_ensure(tenants=load.tenants, monitors=load.monitors, say=say)
    say("projecting them")
    with apart() as pool:
        pool.submit(_project).result()
    mix = Mix(places, load.seed)
    warm = mix.calls(rate=load.rate, seconds=min(WARM_S, load.seconds))
    calls = mix.calls(rate=load.rate, seconds=load.seconds)
    connection.close()
    with (
        tempfile.TemporaryDirectory() as folder,
        product(Path(folder), server=load.server) as served,
    ):
        _make(warm, served, load.clients)
        say(f"{load.rate:g} calls a second for {load.seconds:g} s")
        before = served.busy()
        answers, generator_s = _make(calls, served, load.clients)
        busy = {name: spent - before[name] for name, spent in served.busy().items()}
        _await_projection()
        if any(answer.status in (0, 500, 502, 503) for answer in answers):
            say(served.log_of("web"))
        server_command = " ".join(served.running["web"].cmdline()[2:])
    say("comparing Redis with Postgres")
    with apart() as pool:
        drift = pool.submit(_drift).result()
    pairs = list(zip(calls, answers, strict=True))
    pairs.sort(key=lambda pair: (list(SHARES).index(pair[0].group), pair[0].operation))
    return ApiReport(
        world=(
            f"{load.tenants:,} tenants with {load.monitors} monitors each, {load.clients} clients"
        ),
        server_command=server_command,
        rate=load.rate,
        seconds=load.seconds,
        lasted=max(call.due + answer.total for call, answer in pairs),
        groups=lines_by(pairs, "group"),
        operations=lines_by(pairs, "operation"),
        late=Spread.of(answer.late * 1000 for answer in answers),
        busy={**busy, GENERATOR: generator_s},
        drift=drift,
        machine=Machine.now(),
    )


def _make(calls: Sequence[Call], served: Product, clients: int) -> tuple[list[Answer], float]:
    """The answers, and the processor time that asking for them took."""
    done = subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", "blip0.benchmarks.load", str(served.port), str(clients)],
        cwd=settings.BASE_DIR,
        input=json.dumps([asdict(call) for call in calls]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    made = json.loads(done.stdout)
    return [Answer(**answer) for answer in made["answers"]], made["busy_s"]


def _project() -> None:
    store = Store()
    sweep(store=store)
    settle(store)


def _await_projection() -> None:
    """Until the processes have projected every change, as long as they may take for it."""
    store, until = Store(), time.monotonic() + SETTLED_WITHIN_S
    while projection_status(store=store, now=timezone.now()).dirty and time.monotonic() < until:
        time.sleep(0.2)


def _drift() -> int:
    """How many scopes of Redis differ from Postgres, each byte compared."""
    store = Store()
    return sum(not scope_drift(scope, store).is_clean for scope in wanted_versions())

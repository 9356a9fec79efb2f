"""`manage.py bench kills`: every process killed, again and again, while tenants are changed.

Scratch services and the product's own processes, restarted as a supervisor does. At the end
Postgres and Redis must be equal. `blip0.management.kills` starts the services and then this.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
import psycopg
import redis
from django.conf import settings

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.launch import launch_command
from blip0.embedded.processes import PROCESSES, command
from blip0.embedded.services import Services
from blip0.embedded.state import CACHE, DATABASE, POSTGRES, PROJECTION, VARIABLES, State
from blip0.testing import PROJECT_ROOT
from blip0.testing.database import server_conninfo
from cachesync.tests.faults import processes, truth
from cachesync.tests.faults.checker import Report
from cachesync.tests.faults.database import Database
from cachesync.tests.faults.fault import OLD
from cachesync.tests.faults.narrator import Narrator
from cachesync.tests.faults.processes import Place, Writing
from cachesync.tests.faults.workers import Worker

PROGRAMS = tuple(name for name in PROCESSES if name != "web")
SERVICES = (POSTGRES, PROJECTION, CACHE)
BETWEEN_KILLS_S = (0.3, 3.0)
PAUSE_S = 1.5
"""Of a writer after a transaction, on average."""
MONITORS = 3
"""Of each tenant, at first."""
QUIET_S = 90.0
"""After the last kill everything must be equal by then; the promise is 30 s, on a machine that
isn't starting a dozen programs meanwhile."""


@dataclass(frozen=True)
class Options:
    folder: Path
    seconds: float
    writers: int
    tenants: int
    seed: int


@dataclass
class Programs:
    """Worker, beat and projector, by the command lines of `make up`."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def keep_up(self) -> list[str]:
        """Start whichever doesn't run; their names."""
        started = [name for name in PROGRAMS if not self._runs(name)]
        for name in started:
            line = command(name, root=PROJECT_ROOT, data=self.folder, port=0)
            tied = launch_command(line, parent=os.getpid(), signal_number=signal.SIGKILL)
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    tied, cwd=PROJECT_ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
        return started

    def kill(self, name: str) -> None:
        """SIGKILL, with its children: nobody else would end them."""
        process = self.running[name]
        kill_tree(process.pid)
        process.wait()

    def _runs(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is None


def kill_tree(pid: int) -> None:
    try:
        main = psutil.Process(pid)
        doomed = [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in doomed:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(doomed, timeout=10)


class Loop:
    """The kills, and what keeps everything up between them."""

    def __init__(self, services: Services, database: Database, options: Options) -> None:
        self.kills: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        """Processes that ended without a kill of their own."""
        self._folder = options.folder
        self._services = services
        self._options = options
        self._dice = Random(options.seed)
        self._database = database
        self._narrator = Narrator(options.folder / "journal", database)
        self._programs = Programs(options.folder)
        self._writers: list[Worker] = []
        self._checker: Worker | None = None
        self._made = 0

    def run(self) -> None:
        """Kill until the time is over; then everything runs and nobody writes."""
        self._narrator.baseline()
        self._checker = self._work(processes.checker, "checker", 0.05)
        self._programs.keep_up()
        for number in range(self._options.writers):
            self._writers.append(self._writer(number))
        deadline = time.monotonic() + self._options.seconds
        while time.monotonic() < deadline:
            time.sleep(self._dice.uniform(*BETWEEN_KILLS_S))
            victim = self._dice.choice((*PROGRAMS, *SERVICES, *["writer"] * 4))
            self.kills[victim] += 1
            self._kill(victim)
            self._keep_up()
        while self._writers:
            self._writers.pop().kill()
        self._keep_up()
        self._narrator.resolve()

    def finish(self) -> Report:
        """End the checker, after a last look at everything."""
        assert self._checker is not None
        self._checker.end(120)
        report = Report(**json.loads((self._folder / "report.json").read_text(encoding="utf-8")))
        if self._checker.exitcode != 0:
            raise SystemExit(f"the checker failed: {self._checker.said()}")
        return report

    def close(self) -> None:
        for name in self._programs.running:
            self._programs.kill(name)
        for worker in (*self._writers, *([self._checker] if self._checker else [])):
            worker.kill()
        self._narrator.close()

    def _kill(self, victim: str) -> None:
        if victim == "writer":
            number = self._dice.randrange(len(self._writers))
            self._writers[number].kill()
            self._writers[number] = self._writer(number)
        elif victim in PROGRAMS:
            self._programs.kill(victim)
        elif victim == PROJECTION:
            # It may lose what it hadn't written to its file: then it starts with old data.
            with self._narrator.fault(*OLD, stops_clock=False):
                self._kill_service(victim)
        else:
            self._kill_service(victim)

    def _kill_service(self, name: str) -> None:
        record = State.read(self._services.folder).records[name]
        if record.process is not None:
            kill_tree(record.process.pid)
        deadline = time.monotonic() + 30
        while True:
            try:
                self._services.start(tied=True)
                return
            except EmbeddedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _keep_up(self) -> None:
        for name in self._programs.keep_up():
            if not self.kills[name]:
                self.ends[name] += 1
        for number, writer in enumerate(self._writers):
            if not writer.alive:
                self.ends["writer"] += 1
                self._writers[number] = self._writer(number)

    def _writer(self, number: int) -> Worker:
        # The catalogue is for one writer: each of its changes is one of every tenant.
        return self._work(
            processes.writer, "writer", Writing(pause_s=PAUSE_S, switches_network=number == 0)
        )

    def _work(self, target: Callable[..., None], name: str, *arguments: Any) -> Worker:
        self._made += 1
        seed = self._dice.randrange(2**32)
        place = place_of(self._folder, f"{name}-{self._made}", self._database, seed)
        return Worker(target, place, *arguments)


def place_of(folder: Path, name: str, database: Database, seed: int = 0) -> Place:
    url = settings.REDIS_PROJECTION_URL
    return Place(name, folder, database.name, url, sweep_s=5, reconcile_s=30, seed=seed)


def settle(database: Database, client: redis.Redis) -> tuple[float, list[str]]:
    """Wait until Postgres and Redis are equal, byte by byte: how long it took, and what isn't."""
    started = time.monotonic()
    while True:
        try:
            with database.connect() as connection:
                found = truth.differences(connection, client)
        except (redis.RedisError, psycopg.Error) as error:
            found = [repr(error)]
        waited = time.monotonic() - started
        if not found or waited > QUIET_S:
            return waited, found
        time.sleep(0.2)


def verified() -> str:
    """What `manage.py projection_verify` finds wrong, rendering everything anew; "" if nothing."""
    line = [sys.executable, "manage.py", "projection_verify", "--deep", "--schema"]
    done = subprocess.run(line, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout[-2000:] + done.stderr[-2000:]


def main() -> int:
    options = _options()
    # An end from outside must not skip what puts an end to everything here.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    services = Services(options.folder, _without_services(os.environ))
    # As children of ours: nobody else would collect those that we kill.
    services.stop()
    services.start(tied=True)
    database = Database(server_conninfo(settings.DATABASES["default"]), DATABASE)
    say = sys.stdout.write
    say(f"Seed {options.seed}. Making {options.tenants} tenants ...\n")
    sys.stdout.flush()
    making = place_of(options.folder, "populate", database)
    populating = Worker(processes.populate, making, MONITORS, options.tenants)
    populating.wait(600)
    if populating.exitcode != 0:
        raise SystemExit(f"no tenants: {populating.said()}")
    client = redis.Redis.from_url(settings.REDIS_PROJECTION_URL, decode_responses=True)
    loop = Loop(services, database, options)
    try:
        say(f"Killing for {options.seconds:.0f} s ...\n")
        sys.stdout.flush()
        loop.run()
        seconds, differing = settle(database, client)
        wrong = verified()
        report = loop.finish()
    finally:
        loop.close()
    say(_told(options, loop, report, seconds, differing, wrong))
    if not (differing or wrong or report.violations or report.unseen):
        return 0
    for name in PROGRAMS:
        log = options.folder / f"{name}.log"
        say(f"{name} said last:\n{log.read_text(errors='replace')[-2000:]}\n")
    return 1


def _without_services(environ: Mapping[str, str]) -> dict[str, str]:
    """They are scratch services of `options.folder`, which we start again where they are killed."""
    theirs = {name for names in VARIABLES.values() for name in names}
    return {name: value for name, value in environ.items() if name not in theirs}


def _told(
    options: Options,
    loop: Loop,
    report: Report,
    seconds: float,
    differing: list[str],
    wrong: str,
) -> str:
    kills = ", ".join(f"{name} {count}" for name, count in sorted(loop.kills.items()))
    lines = [
        f"{sum(loop.kills.values())} kills in {options.seconds:.0f} s: {kills}",
        f"ended by themselves and were started again: {dict(loop.ends) or 'none'}",
        f"{options.writers} writers in {options.tenants} tenants: {report.committed} transactions",
        f"greatest staleness: {report.staleness_max:.2f} s",
        f"its median: {report.staleness_p50:.2f} s, 99 % below {report.staleness_p99:.2f} s",
        f"looks of the checker: {report.looks}",
        f"violations: {report.violations or 'none'}",
        f"seen of Redis' own restarts, and excused: {report.excused or 'nothing'}",
        f"never seen: {len(report.unseen)}",
        f"equal {seconds:.1f} s after the last kill: {'no' if differing else 'yes'}",
        f"rendered anew and compared: {wrong or 'equal'}",
        *differing[:10],
        *(f"{kind}: {example}" for kind, some in report.examples.items() for example in some),
    ]
    return "\n".join(lines) + "\n"


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="cachesync.tests.faults")
    parser.add_argument("--folder", type=Path, required=True, help="Of the running services.")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--writers", type=int, required=True)
    parser.add_argument("--tenants", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    return Options(**vars(parser.parse_args()))

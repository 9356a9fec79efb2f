"""Where a fault happens: a database, a Valkey and processes of its own, and the checker beside.

Everything that a ground starts ends with it, and with the process that opened it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import redis

from blip0.embedded.valkey import ExtraValkey, start_valkey
from cachesync.tests.faults import processes, truth
from cachesync.tests.faults.checker import Report
from cachesync.tests.faults.database import Database
from cachesync.tests.faults.history import LIMIT_S
from cachesync.tests.faults.narrator import Narrator
from cachesync.tests.faults.processes import SKIP, Code, Hook, Place, Writing
from cachesync.tests.faults.workers import Worker

DATA = "appendonlydir"
"""Where a Valkey has its data, in its folder."""
_COMPARISON = "cachesync.services.reconcile._verify_some"
_WRITING = ("hset", "hdel", "sadd", "srem", "rename", "expire", "xadd", "del", "unlink")


class NotSettled(AssertionError):
    """Redis doesn't hold what Postgres has, though there was time."""


@dataclass(frozen=True)
class Pace:
    """How fast the product's loops go, and how long writers write around a fault, in seconds."""

    sweep_s: float
    reconcile_s: float
    writing_s: float
    deep_s: float = 60.0
    """Within that time the reconciliations compare all bytes: half of them in each."""


class Ground:
    """Opened with `opened`. `told` speaks to the checker, `redis` decodes responses."""

    def __init__(
        self, folder: Path, database: Database, valkey: ExtraValkey, seed: int, pace: Pace
    ) -> None:
        self.folder = folder
        self.database = database
        self.valkey = valkey
        # Typed as redis-py can't: it doesn't tell what a client that decodes returns.
        self.redis: Any = redis.Redis.from_url(valkey.url, decode_responses=True)
        self.pace = pace
        self.dice = Random(seed)
        self.told = Narrator(folder / "journal", database)
        self.compares_bytes = False
        self._workers: list[Worker] = []
        self._checker: Worker | None = None

    # Processes

    def start(
        self,
        target: Callable[..., None],
        *args: Any,
        name: str = "",
        hooks: Collection[Hook] = (),
        settings: Mapping[str, Any] | None = None,
        url: str = "",
        code: Code | None = None,
    ) -> Worker:
        """A process of `processes`. `url`: another way to Redis than the straight one; `code`:
        it runs another version.
        """
        place = Place(
            name=f"{name or target.__name__}-{len(self._workers)}",
            folder=self.folder,
            database=self.database.name,
            redis_url=url or self.valkey.url,
            sweep_s=self.pace.sweep_s,
            reconcile_s=self.pace.reconcile_s,
            seed=self.dice.randrange(2**32),
            hooks=tuple(hooks),
            settings={"PROJECTION_DEEP_CYCLE_S": self.pace.deep_s, **(settings or {})},
            code=code,
        )
        worker = Worker(target, place, *args)
        self._workers.append(worker)
        return worker

    def projector(self, **options: Any) -> Worker:
        return self.start(processes.projector, **options)

    def reconciler(self, *, hooks: Collection[Hook] = (), **options: Any) -> Worker:
        """Without the comparison of all bytes, unless this ground has it: it would mend in time
        whatever is for the sweep, or for a look for lost keys.
        """
        if not self.compares_bytes:
            hooks = (*hooks, Hook(_COMPARISON, SKIP, times=1_000_000))
        return self.start(processes.reconciler, hooks=hooks, **options)

    def writer(self, writing: Writing | None = None, **options: Any) -> Worker:
        return self.start(processes.writer, writing or Writing(), **options)

    def command(self, *arguments: str) -> None:
        """`manage.py` with these arguments, to its end."""
        self.start(processes.command, *arguments, name=arguments[0]).wait(60)

    def reconcile_once(self, **options: Any) -> None:
        self.start(processes.reconcile_once, **options).wait(60)

    def watch(self, pause_s: float = 0.02) -> None:
        """Start the checker. What Postgres holds now is committed."""
        self.told.baseline()
        self._checker = self.start(processes.checker, pause_s)

    def random_moment(self, share: float = 1.0) -> None:
        """Let a random part of the time for writing pass, and some transactions, if any come."""
        seconds = self.dice.uniform(0.1, 1.0) * self.pace.writing_s * share
        enough = self.told.committed() + self.dice.randint(1, 1 + int(10 * seconds))
        deadline = time.monotonic() + 10 * seconds
        time.sleep(seconds)
        while self._writers_alive() and self.told.committed() < enough:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)

    def _writers_alive(self) -> bool:
        return any(worker.alive for worker in self._workers if worker.writes)

    def rest(self) -> None:
        """The writers end, at whatever they are."""
        self._kill(lambda worker: worker.writes)

    def stop_all(self) -> None:
        """Everything but the checker ends, at whatever it is."""
        self._kill(lambda worker: worker is not self._checker)

    def _kill(self, doomed: Callable[[Worker], bool]) -> None:
        for worker in filter(doomed, self._workers):
            worker.kill()
        self.told.resolve()

    def finish(self) -> Report:
        """End the checker after one more look at everything."""
        assert self._checker is not None
        time.sleep(0.1)
        self._checker.end(60)
        report = self.seen_so_far()
        assert self._checker.exitcode == 0, self._checker.said()
        assert report is not None
        return report

    def seen_so_far(self) -> Report | None:
        """What the checker reported last, at most a second ago."""
        file = self.folder / "report.json"
        if not file.exists():
            return None
        return Report(**json.loads(file.read_text(encoding="utf-8")))

    # Truth

    def settle(self, seconds: float = LIMIT_S) -> float:
        """Wait until Redis holds what Postgres has; how long it took. Raises `NotSettled`."""
        started = time.monotonic()
        while True:
            try:
                with self.database.connect() as connection:
                    found = truth.differences(connection, self.redis)
            except redis.RedisError as error:
                found = [repr(error)]
            waited = time.monotonic() - started
            if not found:
                return waited
            if waited > seconds:
                raise NotSettled(f"after {waited:.1f} s: " + "\n".join(found[:5]))
            time.sleep(0.05)

    def is_current(self, slug: str) -> bool:
        """Whether Redis holds what Postgres has of one tenant, whatever is with the others."""
        scope = self.database.tenants()[slug]
        with self.database.connect() as connection:
            wanted = truth.scopes(connection, only=scope)[scope]
        return not list(truth.scope_differences(wanted, self.redis))

    def writes(self) -> int:
        """Commands that changed something in Redis, the heartbeat left out."""
        statistics = self.redis.info("commandstats")
        return sum(statistics.get(f"cmdstat_{name}", {}).get("calls", 0) for name in _WRITING)

    # Damage

    def restart_valkey(self, old_data: Path | None = None) -> None:
        """Stop it and start it, with the data of `old_data` if given."""
        data = self.valkey.server.folder / DATA
        self.valkey.server.stop(self.valkey.record)
        if old_data is not None:
            shutil.rmtree(data)
            shutil.copytree(old_data, data)
        self.valkey.server.start(self.valkey.record, is_new=False, tied=True, durable=True)

    def kill_valkey(self) -> None:
        process = self.valkey.record.process
        assert process is not None
        process.stop((signal.SIGKILL, 5))

    def copy_valkey(self) -> Path:
        """A copy of what it holds now."""
        copy = self.folder / f"copy-{time.monotonic_ns()}"
        self.redis.execute_command("WAITAOF", 1, 0, 5000)
        shutil.copytree(self.valkey.server.folder / DATA, copy)
        return copy

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        self.redis.close()
        self.valkey.stop()
        self.told.close()


@dataclass(frozen=True)
class Model:
    """What each ground begins with: a database, and a Valkey's data that hold all of it."""

    database: Database
    data: Path


@contextmanager
def opened(folder: Path, *, model: Model, name: str, seed: int, pace: Pace) -> Iterator[Ground]:
    """A ground with a copy of the model."""
    folder.mkdir(parents=True)
    database = model.database.copied(name)
    shutil.copytree(model.data, folder / "valkey" / DATA)
    valkey = start_valkey(folder / "valkey", environ=os.environ, durable=True)
    ground = Ground(folder, database, valkey, seed, pace)
    try:
        ground.settle()
        yield ground
    finally:
        ground.close()
        database.drop()
        shutil.rmtree(folder, ignore_errors=True)

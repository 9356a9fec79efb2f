"""Where a fault happens: a database, a Valkey and processes of its own, and the checker beside.

Everything that a ground starts ends with it, and with the process that opened it.
"""

from __future__ import annotations

import json
import multiprocessing
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

import psycopg
import redis
from psycopg import sql

from blip0.embedded.valkey import ExtraValkey, start_valkey
from cachesync.tests.faults import processes, truth
from cachesync.tests.faults.checker import Report
from cachesync.tests.faults.history import LIMIT_S
from cachesync.tests.faults.journal import Fact, Journal, JournalReader, ObjectState, Stage
from cachesync.tests.faults.processes import Hook, Place, Writing

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["cachesync.tests.faults.preload", "cachesync.tests.faults.processes"])


_WRITING = ("hset", "hdel", "sadd", "srem", "rename", "expire", "xadd", "del", "unlink")


class NotSettled(AssertionError):
    """Redis doesn't hold what Postgres has, though there was time."""


@dataclass(frozen=True)
class Pace:
    """How fast the product's loops go, and how long writers write around a fault, in seconds."""

    sweep_s: float
    reconcile_s: float
    writing_s: float


class Worker:
    """A process of the ground."""

    def __init__(self, place: Place, process: multiprocessing.process.BaseProcess) -> None:
        self.place = place
        self._process = process

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def exitcode(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL, at whatever it is."""
        self._process.kill()
        self._process.join(10)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self, seconds: float = 20) -> None:
        """SIGTERM, and wait."""
        self._process.terminate()
        self.wait(seconds)

    def wait(self, seconds: float = 20) -> None:
        """Until it has ended. Raises AssertionError with its last words."""
        self._process.join(seconds)
        if self._process.is_alive():
            raise AssertionError(f"{self.place.name} doesn't end: {self.said()}")

    def reached(self, seconds: float = 20) -> None:
        """Until its hook has acted. Raises AssertionError."""
        until(self.place.mark.exists, seconds, f"the hook of {self.place.name}: {self.said()}")

    def said(self) -> str:
        log = self.place.folder / f"{self.place.name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None and self.alive:
            os.kill(self._process.pid, number)


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something to become true. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.01)


class Ground:
    """Opened with `opened`. `server` is a connection string to a Postgres without `dbname`."""

    def __init__(self, folder: Path, server: str, database: str, seed: int, pace: Pace) -> None:
        self.folder = folder
        self.database = database
        self.pace = pace
        self.dice = Random(seed)
        self._server = server
        self._workers: list[Worker] = []
        self.valkey: ExtraValkey
        self.redis: Any
        """A client that decodes responses, which redis-py's types can't tell."""
        self._journal = Journal(folder / "journal", "ground")
        self._checker: Worker | None = None
        self._faults = 0

    # Processes

    def start(
        self,
        target: Callable[..., None],
        *args: Any,
        name: str = "",
        hooks: Collection[Hook] = (),
        settings: Mapping[str, Any] | None = None,
        url: str = "",
        render_version: int | None = None,
    ) -> Worker:
        """A process of `processes`. `url`: another way to Redis than the straight one;
        `render_version`: it runs other code, of that version.
        """
        number = len(self._workers)
        place = Place(
            name=f"{name or target.__name__}-{number}",
            folder=self.folder,
            database=self.database,
            redis_url=url or self.valkey.url,
            sweep_s=self.pace.sweep_s,
            reconcile_s=self.pace.reconcile_s,
            seed=self.dice.randrange(2**32),
            hooks=tuple(hooks),
            settings=settings or {},
            render_version=render_version,
        )
        process = FORK.Process(target=target, args=(place, *args), daemon=True)
        process.start()
        worker = Worker(place, process)
        self._workers.append(worker)
        return worker

    def projector(self, **options: Any) -> Worker:
        return self.start(processes.projector, **options)

    def reconciler(self, **options: Any) -> Worker:
        return self.start(processes.reconciler, **options)

    def writer(self, writing: Writing | None = None, **options: Any) -> Worker:
        return self.start(processes.writer, writing or Writing(), **options)

    def reconcile_once(self, **options: Any) -> None:
        self.start(processes.reconcile_once, **options).wait(60)

    def watch(self, pause_s: float = 0.01) -> None:
        """Start the checker. What Postgres holds now is committed."""
        self.baseline()
        self._checker = self.start(processes.checker, pause_s)

    def random_moment(self, share: float = 1.0) -> None:
        """Let a random part of the time for writing pass."""
        time.sleep(self.dice.uniform(0.1, 1.0) * self.pace.writing_s * share)

    # The journal

    def baseline(self) -> None:
        facts = list(self._facts())
        self._journal.write(Stage.BASELINE, facts=[vars(fact) for fact in facts])

    @contextmanager
    def fault(
        self, *excuses: str, within_s: float = LIMIT_S, other_history: Collection[str] = ()
    ) -> Iterator[None]:
        """Tell the checker of damage, before and after, and what readers see of it by itself,
        `within_s` after it at most.
        """
        self._faults += 1
        name = f"fault {self._faults}"
        self._journal.write(Stage.FAULT, name=name, excuses=excuses, within_s=within_s)
        try:
            yield
        finally:
            self._journal.write(Stage.FAULT_OVER, name=name, other_history=list(other_history))

    def resolve(self) -> None:
        """Ask Postgres what became of transactions whose writers can't say."""
        open_ones: dict[str, float] = {}
        for line in JournalReader(self.folder / "journal").new_lines():
            if line.stage is Stage.COMMITTING:
                open_ones.setdefault(line.data["tx"], line.at)
        for line in JournalReader(self.folder / "journal").new_lines():
            if line.stage in {Stage.COMMITTED, Stage.ROLLED_BACK}:
                open_ones.pop(line.data["tx"], None)
        with self.connect() as connection:
            for name, at in open_ones.items():
                # Waits for whoever is at it. Once our row is there, theirs never comes.
                ours = connection.execute(
                    "INSERT INTO public.fault_transaction VALUES (%s) ON CONFLICT DO NOTHING",
                    [name],
                ).rowcount
                stage = Stage.ROLLED_BACK if ours else Stage.COMMITTED
                self._journal.write(stage, tx=name, at=at)

    # Truth

    def connect(self, database: str = "") -> psycopg.Connection[Any]:
        conninfo = psycopg.conninfo.make_conninfo(self._server, dbname=database or self.database)
        return psycopg.connect(conninfo, autocommit=True)

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """SQL past all services, in a transaction of its own."""
        with self.connect() as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def tenants(self) -> dict[str, str]:
        """Slug → id of the tenants that live."""
        rows = self.execute("SELECT slug, id::text FROM tenants_tenant WHERE status = 'active'")
        return dict(sorted(rows))

    def schema(self, tenant_id: str) -> str:
        return f"t_{tenant_id.replace('-', '')}"

    def differences(self) -> list[str]:
        with self.connect() as connection:
            return truth.differences(connection, self.redis)

    def is_current(self, slug: str) -> bool:
        """Whether Redis holds what Postgres has of one tenant, whatever is with the others."""
        scope = self.tenants()[slug]
        with self.connect() as connection:
            wanted = truth.scopes(connection, only=scope)[scope]
        return not list(truth.scope_differences(wanted, self.redis))

    def committed(self) -> int:
        """How many transactions of writers."""
        [[count]] = self.execute("SELECT count(*) FROM public.fault_transaction")
        return int(count)

    def writes(self) -> int:
        """Commands that changed something in Redis, the heartbeat left out."""
        statistics = self.redis.info("commandstats")
        return sum(statistics.get(f"cmdstat_{name}", {}).get("calls", 0) for name in _WRITING)

    def environment(self, redis_url: str) -> dict[str, str]:
        """The variables by which a program of its own works on this database and that Redis."""
        server = psycopg.conninfo.conninfo_to_dict(self._server)
        address = "{user}:{password}@{host}:{port}".format(**server)
        return {
            **os.environ,
            "DATABASE_URL": f"postgres://{address}/{self.database}",
            "REDIS_PROJECTION_URL": redis_url,
        }

    def settle(self, seconds: float = LIMIT_S) -> float:
        """Wait until Redis holds what Postgres has; how long it took. Raises `NotSettled`."""
        started = time.monotonic()
        while True:
            try:
                found = self.differences()
            except redis.RedisError as error:
                found = [repr(error)]
            waited = time.monotonic() - started
            if not found:
                return waited
            if waited > seconds:
                raise NotSettled(f"after {waited:.1f} s: " + "\n".join(found[:5]))
            time.sleep(0.05)

    def rest(self) -> None:
        """The writers end, at whatever they are."""
        for worker in self._workers:
            if worker.place.name.startswith(("writer", "naive")):
                worker.kill()
        self.resolve()

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

    # Damage

    def restart_valkey(self, old_data: Path | None = None) -> None:
        """Stop it and start it, with the data of `old_data` if given."""
        data = self.valkey.server.folder / "appendonlydir"
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
        shutil.copytree(self.valkey.server.folder / "appendonlydir", copy)
        return copy

    def copy_database(self, source: str, copy: str) -> None:
        """As `pg_dump` and restore would, or a copied data folder. Nobody may be connected."""
        with self.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [source],
            )
            names = [sql.Identifier(name) for name in (copy, source)]
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(names[0]))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))

    def drop_database(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        self.redis.close()
        self.valkey.stop()
        self._journal.close()

    def _facts(self) -> Iterator[Fact]:
        for tenant in self.tenants().values():
            schema = self.schema(tenant)
            for monitor, marker, paused in self.execute(
                f"SELECT id::text, min_interval_s, paused FROM {schema}.monitors_monitor "
                "WHERE deleted_at IS NULL"
            ):
                state = ObjectState.PAUSED if paused else ObjectState.ACTIVE
                yield Fact(tenant, monitor, marker or 0, state)
            for trigger, body in self.execute(
                f"SELECT trigger_id::text, message_body FROM {schema}.triggers_slackconfig"
            ):
                yield Fact(tenant, trigger, int(body.rpartition(" ")[2]), ObjectState.TOLD)


@contextmanager
def opened(
    folder: Path, *, server: str, model: str, name: str, seed: int, pace: Pace
) -> Iterator[Ground]:
    """A ground with a copy of the database `model`, projected once."""
    folder.mkdir(parents=True)
    ground = Ground(folder, server, name, seed, pace)
    ground.copy_database(model, name)
    ground.valkey = start_valkey(folder / "valkey", environ=os.environ, durable=True)
    ground.redis = redis.Redis.from_url(ground.valkey.url, decode_responses=True)
    try:
        ground.reconcile_once()
        ground.settle()
        yield ground
    finally:
        ground.close()
        ground.drop_database(name)
        shutil.rmtree(folder, ignore_errors=True)

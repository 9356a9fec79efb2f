"""Faults of history and of format: a database put back, and documents that a reader can't know."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from blip0.testing import PROJECT_ROOT
from cachesync.tests.faults.fault import DAMAGED, OLD, Fault, loops
from cachesync.tests.faults.ground import Ground
from cachesync.tests.faults.interrupted import all_quiet
from cachesync.tests.faults.processes import Code, Writing
from cachesync.tests.faults.workers import until
from cachesync.tests.faults.writing import by_service

NEW_FORMAT = Code(render_version=2, schema=2)


def database_restored_then_written(ground: Ground) -> None:
    """Postgres goes back to a backup and on from there; Redis holds a future that never comes.

    Nothing of it is overwritten in silence, until the operator says so.
    """
    ground.stop_all()
    backup = ground.database.copied(f"{ground.database.name}_backup")
    _write_into_each(ground)
    ground.stop_all()
    ground.reconcile_once()
    ground.settle()
    held = _held(ground)
    scopes = ground.database.tenants().values()
    with ground.told.fault(*OLD, other_history=scopes):
        ground.database.put_back(backup)
        # Markers of the time that is no more must not come again.
        ground.database.execute("SELECT setval('public.fault_marker', 1000000)")
        loops(ground)
        ground.random_moment()
        assert _held(ground) == held, "overwritten before anybody wrote"
        # Past the versions of the lost future, as far as chance wants.
        for _ in range(ground.dice.randint(1, 3)):
            _write_into_each(ground)
        ground.random_moment()
        assert _held(ground) == held, "overwritten once the numbers were higher"
        ground.command("projection_rebuild", "--new-epoch", "--yes")
        ground.settle()


def _write_into_each(ground: Ground) -> None:
    writers = [
        ground.writer(Writing(operations=(by_service,), tenants=(slug,), most=2))
        for slug in ground.database.tenants()
    ]
    for writer in writers:
        writer.wait()


def _held(ground: Ground) -> dict[str, Any]:
    """What readers find of the tenants."""
    found: dict[str, Any] = {}
    for scope in ground.database.tenants().values():
        for name in ("projection:meta", "projection:index"):
            found[f"{scope} {name}"] = ground.redis.hgetall(f"tenant:{scope}:{name}")
        found[scope] = ground.redis.smembers(f"tenant:{scope}:monitors:active")
    for key in ground.redis.scan_iter("tenant:*:monitor:*"):
        found[key] = ground.redis.get(key)
    return found


def format_changes_under_an_old_reader(ground: Ground) -> None:
    """New code writes documents of a new major. Who doesn't know it keeps what it has."""
    ground.rest()
    with ground.told.fault(*DAMAGED):
        ground.writer(Writing(most=6), name="writer-new", code=NEW_FORMAT).wait()
        assert '"schema": 2' not in _read_by_old_reader(ground), "it takes what it can't know"
        new = ground.projector(name="new", code=NEW_FORMAT)
        ready = "platform:projection:ready"
        until(lambda: ground.redis.hget(ready, "schema") == "2", 30, "the new format isn't ready")
        assert not _read_by_old_reader(ground), "it starts with what it can't know"
        new.kill()
        # Rolled back: the old code leaves a newer rendering alone, and builds up what is missing.
        all_quiet(ground)
        ground.redis.flushall()


def _read_by_old_reader(ground: Ground) -> str:
    """What `python -m cachesync.reader`, which knows schema 1, gets; "" if it refuses to start."""
    done = subprocess.run(
        [sys.executable, "-m", "cachesync.reader", ground.valkey.url],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        assert done.stderr.startswith("not ready"), done.stderr
        return ""
    return done.stdout


FAULTS = (
    Fault("database restored behind Redis, then written", database_restored_then_written),
    Fault("format change with an old reader", format_changes_under_an_old_reader),
)

"""Faults of the processes that write: killed, frozen, overtaken, or of two minds."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from cachesync.tests.faults import processes
from cachesync.tests.faults.fault import Fault, everybody, loops, nobody
from cachesync.tests.faults.ground import Ground
from cachesync.tests.faults.processes import FAIL, KILL, SKIP, STOP, Code, Hook, Writing
from cachesync.tests.faults.workers import Worker, until
from cachesync.tests.faults.writing import (
    VERY_MANY,
    abandoned,
    by_raw_sql,
    by_service,
    create_very_many,
    delete_by_cascade,
    in_bulk,
    link_or_unlink,
    purge_tenant,
    refused_at_commit,
    save_one_update_other,
    trigger_by_raw_sql,
)

PUSH = "cachesync.receivers.write_through"
APPLY = "cachesync.services.project._apply"
COMMIT = "django.db.backends.base.base.BaseDatabaseWrapper._commit"
OLD_CODE = Code(render_version=0)
PATIENT = {"PROJECTION_WRITE_THROUGH_TIMEOUT_S": 5.0}
"""Where nobody sweeps, a push that a busy machine makes late would never be made up for."""
OTHERS = ("globex", "initech")


def killed_between_commit_and_push(ground: Ground) -> None:
    hook = Hook(PUSH, KILL, nth=ground.dice.randint(1, 4))
    ground.writer(hooks=[hook]).wait()


def killed_before_commit(ground: Ground) -> None:
    hook = Hook(COMMIT, KILL, nth=ground.dice.randint(1, 4))
    ground.writer(hooks=[hook]).wait()
    ground.told.resolve()


def rolled_back_at_the_last_moment(ground: Ground) -> None:
    writing = Writing(operations=(abandoned, refused_at_commit, by_service))
    for _ in range(2):
        ground.writer(writing)
    ground.random_moment()


def older_writer_is_slow(ground: Ground) -> None:
    """One that has rendered, and sleeps before it applies while others go on."""
    slow = ground.projector(name="slow", hooks=[Hook(APPLY, STOP, nth=ground.dice.randint(1, 3))])
    slow.reached()
    ground.random_moment()
    slow.thaw()


def pushes_of_pairs(ground: Ground) -> None:
    """Nobody sweeps: what sends no signal must come with what does."""
    writing = Writing(operations=(save_one_update_other,), most=8)
    ground.writer(writing, settings=PATIENT).wait()


def first_push_is_lost(ground: Ground) -> None:
    writing = Writing(operations=(by_service,), tenants=("acme",), most=2)
    ground.writer(writing, hooks=[Hook(PUSH, SKIP)], settings=PATIENT).wait()


def writes_without_signals(ground: Ground) -> None:
    operations = (
        *(in_bulk, by_raw_sql, link_or_unlink, trigger_by_raw_sql),
        *(save_one_update_other, delete_by_cascade),
    )
    ground.writer(Writing(operations=operations, write_through=False, most=12)).wait()


def killed_while_staging(ground: Ground) -> None:
    stage = Hook("cachesync.store.Store._set_all", KILL, nth=ground.dice.randint(1, 3))
    doomed = ground.projector(name="doomed", hooks=[stage])
    ground.writer(
        Writing(operations=(create_very_many,), most=1, write_through=False, tenants=("initech",))
    ).wait()
    doomed.wait()
    loops(ground)


def very_many_are_there(ground: Ground) -> None:
    scope = ground.database.tenants()["initech"]
    assert int(ground.redis.hget(f"tenant:{scope}:projection:meta", "count") or 0) > VERY_MANY
    assert not list(ground.redis.scan_iter("*:projection:stage:*", count=5000)) or all(
        ground.redis.ttl(key) > 0
        for key in ground.redis.scan_iter("*:projection:stage:*", count=5000)
    )


def lock_is_left(ground: Ground) -> None:
    """A worker stands still with the lock, and is killed. Till then the sweep goes on alone."""
    holder = ground.reconciler(name="holder", hooks=[Hook("cachesync.tasks.reconcile_all", STOP)])
    holder.reached()
    ground.reconciler()
    ground.projector()
    ground.writer(Writing(operations=(by_raw_sql,), write_through=False, most=6)).wait()
    ground.settle(3 * ground.pace.sweep_s + 5)
    scope = ground.database.tenants()["acme"]
    with ground.told.fault("dangling", "unreadable"):
        [monitor, *_] = ground.redis.hkeys(f"tenant:{scope}:projection:index")
        ground.redis.delete(f"tenant:{scope}:monitor:{monitor}")
    time.sleep(2 * ground.pace.reconcile_s if ground.pace.reconcile_s < 5 else 0)
    assert not ground.redis.exists(f"tenant:{scope}:monitor:{monitor}"), "nobody had the lock"
    holder.kill()


def one_tenant_is_poisoned(ground: Ground) -> None:
    """Its rows can't be read. The others' changes show all the same."""
    schema = ground.database.schema(ground.database.tenants()["acme"])
    ground.database.execute(f"ALTER TABLE {schema}.monitors_monitor RENAME TO monitors_gone")
    try:
        # Only the sweep can bring these; `settle` can't be asked before acme is well.
        ground.writer(Writing(write_through=False, tenants=OTHERS, most=12)).wait()
        for slug in OTHERS:
            until(partial(ground.is_current, slug), 30, f"{slug} waits for acme")
    finally:
        ground.database.execute(f"ALTER TABLE {schema}.monitors_gone RENAME TO monitors_monitor")


def acme_has_a_change(ground: Ground) -> None:
    """One that makes the sweep come by it."""
    ground.writer(
        Writing(write_through=False, operations=(by_raw_sql,), tenants=("acme",), most=1)
    ).wait()
    loops(ground)


def rendering_fails_for_a_while(ground: Ground) -> None:
    hook = Hook("cachesync.projections.monitor_documents", FAIL, times=ground.dice.randint(2, 8))
    ground.projector(name="failing", hooks=[hook]).reached()


def tenant_is_purged(ground: Ground) -> None:
    """While others write into it."""
    slug = ground.dice.choice(OTHERS)
    writing = Writing(operations=(purge_tenant,), tenants=(slug,), most=1)
    while slug in ground.database.tenants():
        # Whoever waits in a ring with it may win.
        ground.writer(writing).wait()


def hint_is_lost(ground: Ground) -> None:
    """Too much for a request, and whom it wakes can't be reached: the sweep finds it."""
    nowhere = {"CACHES": {"default": {"LOCATION": "redis://127.0.0.1:1/0"}}}
    writer = ground.writer(
        Writing(operations=(create_very_many,), most=1, tenants=("initech",)), settings=nowhere
    )
    writer.wait()
    assert "projector.not_woken" in writer.said()


def old_and_new_code(ground: Ground) -> None:
    """A deploy: the old code renders other bytes at a lower version, and goes on for a while."""
    with ground.told.fault(*("vanished", "unreadable", "two_winners")):
        ground.redis.flushall()
        ground.reconcile_once(name="old", code=OLD_CODE)
        versions = _render_versions(ground)
        assert set(versions.values()) == {"0"}, versions
    for _ in range(2):
        ground.projector(name="old", code=OLD_CODE)
        ground.writer(name="writer-old", code=OLD_CODE)
    ground.random_moment()
    everybody(ground)


def new_code_has_won(ground: Ground) -> None:
    """Old and new are still at work: neither writes any more."""
    versions = _render_versions(ground)
    assert set(versions.values()) == {"1"}, versions
    all_quiet(ground)


def _render_versions(ground: Ground) -> dict[str, str]:
    metas = [f"tenant:{scope}:projection:meta" for scope in ground.database.tenants().values()]
    return {meta: str(ground.redis.hget(meta, "render_version")) for meta in metas}


def all_quiet(ground: Ground) -> None:
    """Nobody changes anything: no loop writes a thing."""
    once_round = 2 * ground.pace.sweep_s + ground.pace.reconcile_s
    # At first maybe what only a reconciliation does, whenever a busy machine gets to it: the key of
    # a network that no document names any more goes.
    for _ in range(5):
        before = ground.writes()
        time.sleep(once_round)
        written = ground.writes() - before
        if not written:
            return
    raise AssertionError(f"{written} writes in a round, and nothing changed")


def any_process_is_killed(ground: Ground) -> None:
    """Again and again, whichever it hits, as an operating system out of memory does."""
    deadline = time.monotonic() + 3 * ground.pace.writing_s
    crew: dict[Callable[..., None], Callable[[], Worker]] = {
        processes.projector: ground.projector,
        processes.reconciler: ground.reconciler,
        processes.writer: ground.writer,
    }
    running = {target: start() for target, start in crew.items()}
    while time.monotonic() < deadline:
        time.sleep(ground.dice.uniform(0, 0.3))
        target = ground.dice.choice(list(crew))
        running[target].kill()
        running[target] = crew[target]()


FAULTS = (
    Fault("killed between commit and push", killed_between_commit_and_push, crew=loops),
    Fault("killed before the commit", killed_before_commit, crew=loops),
    Fault("push before commit", rolled_back_at_the_last_moment, crew=loops),
    Fault("a slow older writer", older_writer_is_slow),
    Fault("save X and update Y in one transaction", pushes_of_pairs, crew=nobody, within_s=1),
    Fault("two commits, first push lost", first_push_is_lost, crew=nobody, within_s=1),
    Fault("bulk, raw, through and cascade writes", writes_without_signals, crew=loops),
    Fault(
        "one huge tenant, killed while staging",
        killed_while_staging,
        very_many_are_there,
        crew=nobody,
    ),
    Fault("a lock left by a killed worker", lock_is_left, crew=nobody),
    Fault(
        "one failure that skips the rest of a sweep", one_tenant_is_poisoned, crew=acme_has_a_change
    ),
    Fault("a failed render", rendering_fails_for_a_while),
    Fault("a tenant purged while it is written to", tenant_is_purged),
    Fault("a lost hint", hint_is_lost, crew=loops),
    Fault("two versions of the code writing", old_and_new_code, new_code_has_won, crew=nobody),
    Fault("any process killed, again and again", any_process_is_killed, crew=nobody),
)

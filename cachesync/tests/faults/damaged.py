"""Faults of Redis: lost, altered, slow, full, read-only, put back, and what looks like one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import redis

from blip0.embedded.launch import launch_command
from blip0.embedded.valkey import start_valkey
from blip0.testing import PROJECT_ROOT
from cachesync.tests.faults import runtime
from cachesync.tests.faults.fault import DAMAGED, OLD, Fault, loops, nobody
from cachesync.tests.faults.ground import Ground
from cachesync.tests.faults.history import LIMIT_S
from cachesync.tests.faults.interrupted import all_quiet
from cachesync.tests.faults.processes import Writing
from cachesync.tests.faults.proxy import Proxy
from cachesync.tests.faults.views import Kind
from cachesync.tests.faults.workers import until
from cachesync.tests.faults.writing import delete_all

PATIENCE_S = 2.0
"""What a transaction may take at most where Redis doesn't answer."""


def everything_flushed(ground: Ground) -> None:
    with ground.told.fault(Kind.VANISHED, Kind.UNREADABLE, Kind.TWO_WINNERS):
        ground.redis.flushall()


def list_entry_without_document(ground: Ground) -> None:
    prefix = f"tenant:{ground.dice.choice(list(ground.database.tenants().values()))}"
    with ground.told.fault(Kind.DANGLING, Kind.UNREADABLE):
        ground.redis.delete(f"{prefix}:monitor:{_any(ground, prefix)}")


def _any(ground: Ground, prefix: str) -> str:
    return str(ground.dice.choice(sorted(ground.redis.hkeys(f"{prefix}:projection:index"))))


def one_key_lost(ground: Ground) -> None:
    """Three of the kinds of keys, one after the other."""
    prefix = f"tenant:{ground.dice.choice(list(ground.database.tenants().values()))}"
    keys = [
        f"{prefix}:projection:meta",
        f"{prefix}:projection:index",
        f"{prefix}:monitors:active",
        f"{prefix}:monitor:{_any(ground, prefix)}",
        "platform:projection:tenants",
        "platform:projection:ready",
        "platform:projection:meta",
        "platform:projection:index",
        "platform:networks:ethereum_mainnet",
        "platform:filters:even_blocks",
    ]
    for key in ground.dice.sample(keys, 3):
        with ground.told.fault(*DAMAGED):
            ground.redis.delete(key)
        ground.random_moment()


def one_key_altered(ground: Ground) -> None:
    """Each is repaired before the next: of a member too many and one too few nothing would tell."""
    slug, scope = ground.dice.choice(list(ground.database.tenants().items()))
    prefix = f"tenant:{scope}"
    client, some = ground.redis, _any(ground, prefix)
    ways: list[Callable[[], object]] = [
        lambda: client.hset(f"{prefix}:projection:meta", "rev", "x"),
        lambda: client.hdel(f"{prefix}:projection:meta", "token"),
        lambda: client.hset(f"{prefix}:projection:meta", "digest", "0"),
        lambda: client.hincrby(f"{prefix}:projection:meta", "count", 1),
        lambda: client.hset(f"{prefix}:projection:index", "x", "1:0"),
        lambda: client.hset(f"{prefix}:projection:index", some, "1:0"),
        lambda: client.hdel(f"{prefix}:projection:index", some),
        lambda: client.sadd(f"{prefix}:monitors:active", "x"),
        lambda: client.srem(f"{prefix}:monitors:active", some),
        lambda: client.hdel("platform:projection:index", "networks:base"),
    ]
    for alter in ground.dice.sample(ways, 3):
        with ground.told.fault(*DAMAGED):
            alter()
        until(partial(ground.is_current, slug), LIMIT_S, f"{slug} isn't repaired")
        ground.random_moment()


def bytes_altered(ground: Ground) -> None:
    """Nothing that a list, a count or a version could tell of."""
    scope = ground.dice.choice(list(ground.database.tenants().values()))
    one, other = ground.dice.sample(
        sorted(ground.redis.hkeys(f"tenant:{scope}:projection:index")), 2
    )
    key = f"tenant:{scope}:monitor:{one}"
    ways: list[Callable[[], object]] = [
        lambda: ground.redis.append(key, " "),
        lambda: ground.redis.set(key, "{}"),
        lambda: ground.redis.copy(f"tenant:{scope}:monitor:{other}", key, replace=True),
        lambda: ground.redis.append("platform:networks:ethereum_mainnet", "x"),
        lambda: ground.redis.set("platform:filters:even_blocks", "{}"),
    ]
    for alter in ground.dice.sample(ways, 2):
        with ground.told.fault(*DAMAGED, Kind.FOREIGN, within_s=LIMIT_S + ground.pace.deep_s):
            alter()
        ground.random_moment()


def written_past_the_triggers(ground: Ground) -> None:
    """As a restore with `session_replication_role` or a superuser's repair writes."""
    rows = f"{ground.database.schema(ground.database.tenants()['acme'])}.monitors_monitor"
    ground.database.execute(
        f"SET session_replication_role = replica; UPDATE {rows} SET severity = 'critical'"
    )


# Away


def redis_is_slow(ground: Ground) -> None:
    """It answers late, then not at all; a commit waits for neither."""
    with Proxy(ground.valkey.url).running() as proxy:
        _ = [ground.writer(url=proxy.url), ground.projector(url=proxy.url)]
        with ground.told.fault():
            proxy.delay_s = ground.dice.uniform(0.02, 0.4)
            ground.random_moment()
            proxy.silent = True
            written = ground.told.committed()
            started = time.monotonic()
            until(lambda: ground.told.committed() >= written + 3, 30, "nothing is written")
            each = (time.monotonic() - started) / 3
            assert each < PATIENCE_S, f"a transaction takes {each:.1f} s"
            proxy.silent, proxy.delay_s = False, 0.0
        ground.rest()


def redis_is_full(ground: Ground) -> None:
    """Every kind of change goes on meanwhile, deletions too: none may show in part."""
    with ground.told.fault():
        ground.redis.config_set("maxmemory", 1)
        ground.random_moment(share=2)
        ground.redis.config_set("maxmemory", 0)


def redis_is_read_only(ground: Ground) -> None:
    with ground.told.fault():
        ground.redis.config_set("min-replicas-to-write", 1)
        ground.random_moment()
        ground.redis.config_set("min-replicas-to-write", 0)


def redis_restarts_with_old_data(ground: Ground) -> None:
    old = ground.copy_valkey()
    ground.random_moment()
    with ground.told.fault(*OLD):
        ground.restart_valkey(old)


def redis_restarts(ground: Ground) -> None:
    """With all that it had promised, but for the last second."""
    with ground.told.fault(*OLD):
        ground.kill_valkey()
        ground.restart_valkey()


# What looks like a fault


def tenant_is_empty(ground: Ground) -> None:
    ground.writer(Writing(operations=(delete_all,), tenants=("acme",), most=1)).wait()


def empty_is_not_missing(ground: Ground) -> None:
    """No monitors: present, `count` 0, left alone. No meta: nothing is known, and it comes back."""
    scope = ground.database.tenants()["acme"]
    meta = f"tenant:{scope}:projection:meta"
    assert ground.redis.hget(meta, "count") == "0"
    assert runtime.read(ground.redis).tenants[scope] == []
    all_quiet(ground)
    with ground.told.fault(*DAMAGED):
        ground.redis.delete(meta)
        configuration = runtime.read(ground.redis)
    assert scope not in configuration.tenants or ground.redis.exists(meta)
    ground.settle()


def equal_content_is_saved(ground: Ground) -> None:
    """Rows that stay equal change nothing; other columns move the version and no document."""
    ground.rest()
    ground.settle()
    scope = ground.database.tenants()["globex"]
    rows = f"{ground.database.schema(scope)}.monitors_monitor"
    meta = f"tenant:{scope}:projection:meta"
    before = ground.redis.hgetall(meta)
    ground.database.execute(f"UPDATE {rows} SET name = name, min_interval_s = min_interval_s")
    time.sleep(2 * ground.pace.sweep_s)
    assert ground.redis.hgetall(meta) == before, "equal rows were written"
    index = ground.redis.hgetall(f"tenant:{scope}:projection:index")
    ground.database.execute(f"UPDATE {rows} SET description = 'not for the runtime'")
    ground.settle()
    assert ground.redis.hgetall(f"tenant:{scope}:projection:index") == index, "written again"


def bytes_are_stable(ground: Ground) -> None:
    """`manage.py projector` under other hash seeds fills an empty Redis with the same bytes.

    Those that are stored come from processes with a seed of chance. The key of a network that was
    disabled a moment ago may still be among them, and is never put into an empty Redis.
    """
    stored = _documents(ground.redis)
    rows = ground.database.execute("SELECT slug FROM platform_catalog_network WHERE NOT enabled")
    going = {f"platform:networks:{slug}" for (slug,) in rows}
    with ExitStack() as stack:
        # At once: each loads Django first.
        clients = [stack.enter_context(_filling(ground, seed)) for seed in ("0", "4242")]
        for client in clients:
            ready = partial(client.exists, "platform:projection:ready")
            until(ready, 60, "not ready")
            found = _documents(client)
            assert stored.keys() - going <= found.keys() <= stored.keys()
            assert [key for key in found if found[key] != stored[key]] == []


@contextmanager
def _filling(ground: Ground, hash_seed: str) -> Iterator[Any]:
    """A client of a Redis that was empty when `manage.py projector` began with it."""
    valkey = start_valkey(ground.folder / f"seed-{hash_seed}", environ=os.environ)
    client = redis.Redis.from_url(valkey.url, decode_responses=True)
    command = [sys.executable, str(PROJECT_ROOT / "manage.py"), "projector"]
    tied = launch_command(command, parent=os.getpid(), signal_number=signal.SIGKILL)
    environ = {
        **os.environ,
        "DATABASE_URL": ground.database.url,
        "REDIS_PROJECTION_URL": valkey.url,
        "PYTHONHASHSEED": hash_seed,
    }
    with (ground.folder / f"seed-{hash_seed}.log").open("w") as log:
        process = subprocess.Popen(tied, env=environ, stdout=log, stderr=log)
    try:
        yield client
    finally:
        process.kill()
        process.wait()
        client.close()
        valkey.stop()


def _documents(client: Any) -> dict[str, str]:
    """Every document that isn't about to go."""
    keys = [*client.scan_iter("tenant:*:monitor:*"), *client.scan_iter("platform:[nf]*")]
    return {key: client.get(key) for key in keys if client.ttl(key) == -1}


def failed_render_after_a_pause(ground: Ground) -> None:
    """It ran and can't be rendered: the last good document runs on. A pause wins all the same."""
    scope = ground.database.tenants()["acme"]
    active = f"tenant:{scope}:monitors:active"
    rows = f"{ground.database.schema(scope)}.monitors_monitor"
    monitor = min(ground.redis.smembers(active))

    def runs() -> bool:
        return bool(ground.redis.sismember(active, monitor))

    def follow() -> None:
        until(lambda: ground.is_current("acme"), 30, "acme isn't brought up to date")

    [[name]] = ground.database.execute(f"SELECT name FROM {rows} WHERE id = '{monitor}'")
    with ground.told.fault(Kind.IDLE):
        ground.database.execute(f"UPDATE {rows} SET name = ' ' WHERE id = '{monitor}'")
        follow()
        assert runs(), "the last good document"
        ground.database.execute(f"UPDATE {rows} SET paused = true WHERE id = '{monitor}'")
        follow()
        assert not runs(), "a pause needs no rendering"
        ground.database.execute(f"UPDATE {rows} SET paused = false WHERE id = '{monitor}'")
        follow()
        assert not runs(), "it can't be rendered, and doesn't begin to run"
        ground.database.execute(f"UPDATE {rows} SET name = %s WHERE id = '{monitor}'", name)
        follow()
        assert runs()


FAULTS = (
    Fault("list entry without a document", list_entry_without_document),
    Fault("FLUSHALL", everything_flushed),
    Fault("one key lost", one_key_lost),
    Fault("one key altered", one_key_altered),
    Fault("bytes altered", bytes_altered, deeply=True),
    Fault("a write that no trigger saw", written_past_the_triggers, deeply=True),
    Fault("Redis slow", redis_is_slow),
    Fault("Redis full", redis_is_full),
    Fault("Redis read-only", redis_is_read_only),
    Fault("Redis restarted with old data", redis_restarts_with_old_data),
    Fault("Redis killed and restarted", redis_restarts),
    Fault("empty mistaken for missing", tenant_is_empty, empty_is_not_missing, crew=loops),
    Fault("equal content rewritten", equal_content_is_saved),
    Fault("unstable bytes", nobody, bytes_are_stable),
    Fault("a failed render after a pause", failed_render_after_a_pause, crew=loops),
    Fault("phantom drift", nobody, all_quiet),
)

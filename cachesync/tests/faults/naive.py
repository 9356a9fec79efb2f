"""The control: a writer as people write it first. The checker must catch it, or checks nothing.

It renders with the real code and pushes whatever it read, as a pipeline of SETs: no compare and
set, no script, no snapshot.
"""

from __future__ import annotations

import hashlib
import random
import time
from enum import StrEnum
from typing import Any

import redis

from blip0.common.canonical import canonical_bytes
from blip0.common.tenancy import in_tenant
from cachesync.tests.faults.writing import (
    Abandoned,
    Work,
    Writer,
    by_service,
    create,
    delete,
    pause_or_resume,
    save_one_update_other,
)
from monitors.projections import monitor_documents
from tenants.models import ConfigVersion, Tenant

BUSY_S = 0.02
"""For so long a busy machine stops by itself now and then: here always, where it matters."""
OPERATIONS = (by_service, pause_or_resume, save_one_update_other, create, delete)


class Flaw(StrEnum):
    """What is wrong with it."""

    NO_COMPARE = "no_compare"
    """Pushes after the commit, in order, and doesn't look who was there meanwhile."""
    PUSH_EARLY = "push_early"
    """Pushes before it commits, and doesn't always commit."""
    LIST_FIRST = "list_first"
    """Lists a monitor before its document is there."""
    DELETE_FIRST = "delete_first"
    """Deletes the tenant's keys, then computes them anew."""


def run(writer: Writer, flaw: Flaw, url: str, dice: random.Random) -> None:
    """Write and push for ever."""
    client = redis.Redis.from_url(url, socket_timeout=5)

    def early(work: Work, inner: random.Random) -> None:
        by_service(work, inner)
        push(work.tenant, client, flaw, dice)
        if inner.random() < 0.5:
            raise Abandoned

    while True:
        tenant = dice.choice(writer.tenants)
        if flaw is Flaw.PUSH_EARLY:
            writer.write(early, tenant)
        elif writer.write(dice.choice(OPERATIONS), tenant):
            push(tenant, client, flaw, dice)


def push(tenant: Tenant, client: redis.Redis, flaw: Flaw, dice: random.Random) -> None:
    prefix = f"tenant:{tenant.pk}"
    if flaw is Flaw.DELETE_FIRST:
        held: Any = client.hkeys(f"{prefix}:projection:index")
        client.delete(
            f"{prefix}:projection:meta",
            f"{prefix}:projection:index",
            f"{prefix}:monitors:active",
            *(f"{prefix}:monitor:{name.decode()}" for name in held),
        )
    with in_tenant(tenant.pk):
        version = ConfigVersion.objects.get(scope=str(tenant.pk))
        rendered = monitor_documents(tenant)
    # Others must get past who has to be late.
    time.sleep(dice.uniform(0, 0.3) if flaw is Flaw.NO_COMPARE else BUSY_S)
    bodies = {
        str(key): canonical_bytes(item.body)
        for key, item in rendered.items()
        if item.body is not None
    }
    active = {str(key) for key, item in rendered.items() if not item.inactive_because}
    _write(client, prefix, version, bodies, active, flaw)


def _write(
    client: redis.Redis,
    prefix: str,
    version: ConfigVersion,
    bodies: dict[str, bytes],
    active: set[str],
    flaw: Flaw,
) -> None:
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    lines = (f"{name} {hashes[name]} {int(name in active)}\n" for name in sorted(hashes))
    pipeline = client.pipeline(transaction=flaw is Flaw.NO_COMPARE)
    documents = [(f"{prefix}:monitor:{name}", body) for name, body in bodies.items()]
    if flaw is not Flaw.LIST_FIRST:
        for key, body in documents:
            pipeline.set(key, body)
    pipeline.delete(f"{prefix}:projection:index", f"{prefix}:monitors:active")
    for name, digest in hashes.items():
        pipeline.hset(f"{prefix}:projection:index", name, f"{version.version}:{digest}")
    if active:
        pipeline.sadd(f"{prefix}:monitors:active", *active)
    meta: Any = {
        "rev": version.version,
        "epoch": version.epoch,
        "token": str(version.token),
        "render_version": 1,
        "schema": 1,
        "status": version.status,
        "count": len(active),
        "digest": hashlib.sha256("".join(lines).encode()).hexdigest(),
    }
    pipeline.hset(f"{prefix}:projection:meta", mapping=meta)
    if flaw is Flaw.LIST_FIRST:
        pipeline.execute()
        time.sleep(BUSY_S)
        for key, body in documents:
            pipeline.set(key, body)
    pipeline.execute()

"""A start-up read word by word as the contract tells the runtime to: no MULTI, no retries hidden.

Written once more here, beside `cachesync.reader`: the promise is made to whoever reads the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

ATTEMPTS = 50


class NotReady(Exception):
    """There is no `ready` of a schema that we know."""


class Torn(Exception):
    """A scope was never whole between two looks at its meta."""


@dataclass
class Configuration:
    networks: set[str] = field(default_factory=set)
    tenants: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Running monitors. A tenant without meta is unknown, and left out."""

    def monitors(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for tenant_id, monitors in self.tenants.items():
            yield from ((tenant_id, monitor) for monitor in monitors)


def read(client: redis.Redis) -> Configuration:
    """Everything that a runtime starts with. `client` decodes. Raises `NotReady`, `Torn`, and
    ValueError, KeyError, TypeError or AttributeError for what isn't a document.
    """
    redis_: Any = client
    ready = redis_.hgetall("platform:projection:ready")
    if ready.get("schema") != "1":
        raise NotReady(str(ready))
    fields = redis_.hkeys("platform:projection:index")
    bodies = redis_.mget([f"platform:{name}" for name in fields]) if fields else []
    configuration = Configuration(
        {
            json.loads(body)["slug"]
            for name, body in zip(fields, bodies, strict=True)
            if name.startswith("networks:") and body is not None
        }
    )
    for tenant_id in redis_.smembers("platform:projection:tenants"):
        documents = _read_tenant(redis_, f"tenant:{tenant_id}")
        if documents is not None:
            configuration.tenants[tenant_id] = documents
    return configuration


def _read_tenant(client: Any, prefix: str) -> list[dict[str, Any]] | None:
    meta = f"{prefix}:projection:meta"
    for _ in range(ATTEMPTS):
        before = client.hmget(meta, "rev", "epoch", "count")
        if before[0] is None:
            return None
        active = list(client.smembers(f"{prefix}:monitors:active"))
        bodies = client.mget([f"{prefix}:monitor:{name}" for name in active]) if active else []
        if client.hmget(meta, "rev", "epoch", "count") != before:
            continue
        if None in bodies or len(bodies) != int(before[2]):
            raise Torn(f"{prefix} at {before}: {len(active)} run, {bodies.count(None)} are missing")
        return [_monitor(json.loads(body)) for body in bodies]
    raise Torn(f"{prefix} never holds still")


def _monitor(document: dict[str, Any]) -> dict[str, Any]:
    monitor: dict[str, Any] = document["monitor"]
    return {"networks": list(monitor["networks"]), "paused": monitor["paused"]}

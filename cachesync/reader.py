"""A reader of the projection, as the runtime's authors would write one.

Needs `redis`, and `cryptography` to open sealed secrets; imports nothing of Django or of the code
that writes. `python -m cachesync.reader URL` prints one start-up read as JSON.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import redis
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEMA = 1
ATTEMPTS = 20


class NotReady(Exception):
    """There is no complete projection of a schema that we know: keep what you have."""


class Torn(Exception):
    """A scope kept moving while it was read."""


@dataclass
class TenantConfiguration:
    """A tenant at one version: its running monitors' documents by id."""

    meta: dict[str, str]
    index: dict[str, str]
    active: list[str]
    documents: dict[str, dict[str, Any]]


@dataclass
class Configuration:
    """Everything that a runtime needs to start."""

    ready: dict[str, str]
    platform_meta: dict[str, str]
    networks: dict[str, dict[str, Any]]
    filters: dict[str, dict[str, Any]]
    tenants: dict[str, TenantConfiguration] = field(default_factory=dict)


def read_all(client: redis.Redis) -> Configuration:
    """A start-up read. `client` decodes responses.

    Raises `NotReady`; `Torn` where a scope never held still. Missing is unknown, never empty: a
    tenant without meta is left out, and only `count` 0 means that it watches nothing.
    """
    ready = cast(dict[str, str], client.hgetall("platform:projection:ready"))
    if not ready or int(ready["schema"]) > SCHEMA:
        raise NotReady(f"platform:projection:ready is {ready or 'missing'}")
    meta, networks, filters = _read_platform(client)
    configuration = Configuration(ready, meta, networks, filters)
    for tenant_id in sorted(cast(set[str], client.smembers("platform:projection:tenants"))):
        tenant = read_tenant(client, tenant_id)
        if tenant is not None:
            configuration.tenants[tenant_id] = tenant
    return configuration


def read_tenant(client: redis.Redis, tenant_id: str) -> TenantConfiguration | None:
    """One tenant: meta, set, documents, meta again; repeated until it held still."""
    prefix = f"tenant:{tenant_id}"
    for _ in range(ATTEMPTS):
        before = cast(dict[str, str], client.hgetall(f"{prefix}:projection:meta"))
        if not before:
            return None
        index = cast(dict[str, str], client.hgetall(f"{prefix}:projection:index"))
        active = sorted(cast(set[str], client.smembers(f"{prefix}:monitors:active")))
        keys = [f"{prefix}:monitor:{monitor_id}" for monitor_id in active]
        bodies = cast(list[str | None], client.mget(keys)) if keys else []
        after = cast(dict[str, str], client.hgetall(f"{prefix}:projection:meta"))
        if _moved(before, after):
            continue
        if None in bodies or len(active) != int(before["count"]):
            continue
        documents = {
            monitor_id: json.loads(cast(str, body))
            for monitor_id, body in zip(active, bodies, strict=True)
        }
        return TenantConfiguration(before, index, active, documents)
    raise Torn(prefix)


def _read_platform(
    client: redis.Redis,
) -> tuple[dict[str, str], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    for _ in range(ATTEMPTS):
        before = cast(dict[str, str], client.hgetall("platform:projection:meta"))
        index = cast(dict[str, str], client.hgetall("platform:projection:index"))
        fields = sorted(index)
        bodies = (
            cast(list[str | None], client.mget([f"platform:{name}" for name in fields]))
            if fields
            else []
        )
        after = cast(dict[str, str], client.hgetall("platform:projection:meta"))
        if _moved(before, after) or None in bodies:
            continue
        parts: dict[str, dict[str, dict[str, Any]]] = {"networks": {}, "filters": {}}
        for name, body in zip(fields, bodies, strict=True):
            kind, _, key = name.partition(":")
            parts[kind][key] = json.loads(cast(str, body))
        return before, parts["networks"], parts["filters"]
    raise Torn("platform")


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    return any(before.get(name) != after.get(name) for name in ("rev", "epoch", "token"))


def open_sealed(document: dict[str, Any], keys: Mapping[str, bytes]) -> dict[str, Any]:
    """The monitor's document with every sealed string opened, wherever it stands.

    `keys` maps key ids to 32 bytes. The associated data is `tenant|object|field`: the object is
    the trigger, or the monitor outside `triggers`; the field is the key that holds the secret,
    with `headers.` before a header's name. Raises `cryptography.exceptions.InvalidTag`.
    """
    tenant_id = document["tenant_id"]
    opened = dict(document)
    opened["monitor"] = _opened(document["monitor"], (tenant_id, document["id"]), "", keys)
    opened["triggers"] = {
        trigger_id: _opened(trigger, (tenant_id, trigger_id), "", keys)
        for trigger_id, trigger in document["triggers"].items()
    }
    return opened


def _opened(value: Any, owner: tuple[str, str], name: str, keys: Mapping[str, bytes]) -> Any:
    if isinstance(value, dict):
        return {key: _opened(item, owner, _field(name, key), keys) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, owner, name, keys) for item in value]
    if isinstance(value, str) and value.startswith("sealed:v1:"):
        _, _, key_id, encoded = value.split(":", 3)
        blob = base64.b64decode(encoded)
        data = "|".join((*owner, name)).encode()
        return AESGCM(keys[key_id]).decrypt(blob[:12], blob[12:], data).decode()
    return value


def _field(name: str, key: str) -> str:
    """`{"type", "value"}` is one secret under its own key; a header's name follows `headers.`."""
    if name == "headers":
        return f"headers.{key}"
    return name if key in {"type", "value"} and name else key


def documents(configuration: Configuration) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every running monitor's document with its tenant's id."""
    for tenant_id, tenant in configuration.tenants.items():
        for document in tenant.documents.values():
            yield tenant_id, document


def main(url: str) -> int:
    client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)
    try:
        configuration = read_all(client)
    except NotReady as problem:
        sys.stderr.write(f"not ready: {problem}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(configuration)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

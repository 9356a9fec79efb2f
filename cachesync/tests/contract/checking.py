"""Validates what stands in Redis against the published schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from cachesync.keys import CHANGES, READY
from cachesync.services.contract.files import golden_file, golden_names, schema_file


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads(schema_file(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def schema_name(golden: str) -> str:
    """`monitor.evm` is an example of `monitor`."""
    return golden.partition(".")[0]


def goldens() -> dict[str, Any]:
    """The golden documents by name."""
    return {name: json.loads(golden_file(name)) for name in golden_names()}


def broken(client: Any) -> Iterator[str]:
    """What in Redis isn't as its schema says, with the key. Unknown keys too."""
    for key in sorted(client.keys("*")):
        for name, value in _values(client, key):
            if name == "":
                yield f"{key}: no schema"
                continue
            for error in validator(name).iter_errors(value):
                yield f"{key}: {error.json_path}: {error.message[:200]}"


def _values(client: Any, key: str) -> Iterator[tuple[str, Any]]:
    parts = key.split(":")
    match parts:
        case ["platform", "networks", _]:
            yield "network", json.loads(client.get(key))
        case ["platform", "filters", _]:
            yield "filter", json.loads(client.get(key))
        case ["tenant", _, "monitor", _]:
            yield "monitor", json.loads(client.get(key))
        case [*_, "projection", "meta" | "index"]:
            yield parts[-1], client.hgetall(key)
        case ["runtime", _, "ack"]:
            yield "ack", client.hgetall(key)
        case _ if key == READY:
            yield "ready", client.hgetall(key)
        case _ if key == CHANGES:
            yield from (("change", fields) for _, fields in client.xrange(key))
        case _ if key not in KNOWN and not key.endswith(":monitors:active"):
            yield "", None


KNOWN = {"platform:projection:tenants", "platform:projection:heartbeat", "runtime:instances"}

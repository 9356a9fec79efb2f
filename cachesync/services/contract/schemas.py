"""All schemas by name, and where in Redis each of them stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cachesync.contracts import SCHEMA_VERSION
from cachesync.keys import CHANGES, READY, Scope
from cachesync.services.contract import documents, records
from cachesync.services.contract.shapes import Schema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TENANT: Final = Scope("{tenant_id}")


@dataclass(frozen=True)
class Stored:
    """A schema and the key, with its type in Redis, under which such a thing stands.

    A HASH and an entry of a STREAM are objects of texts, a message of a CHANNEL is JSON.
    """

    type: str
    key: str
    schema: Callable[[], Schema]


_SCHEMAS: Final[Mapping[str, Stored]] = {
    "network": Stored("STRING", "platform:networks:{slug}", documents.network),
    "filter": Stored("STRING", "platform:filters:{name}", documents.filter_script),
    "monitor": Stored("STRING", _TENANT.document("{monitor_id}"), documents.monitor),
    "meta": Stored("HASH", "{scope}:projection:meta", records.meta),
    "index": Stored("HASH", "{scope}:projection:index", records.index),
    "ready": Stored("HASH", READY, records.ready),
    "change": Stored("STREAM", CHANGES, records.change),
    "hint": Stored("CHANNEL", "blip0:{scope}:update", records.hint),
    "ack": Stored("HASH", "runtime:{instance}:ack", records.ack),
    **{
        f"event-{name}": Stored("STREAM", "runtime:events, in the field `event`", schema)
        for name, schema in (
            ("match", records.event_match),
            ("trigger-execution", records.event_trigger_execution),
            ("block-progress", records.event_block_progress),
        )
    },
}


def _whole(name: str, stored: Stored) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:blip0:runtime-contract:{name}:{SCHEMA_VERSION}",
        "title": name,
        "description": " ".join((stored.schema.__doc__ or "").split()),
        "x-redis": {"type": stored.type, "key": stored.key},
        **{key: value for key, value in stored.schema().items() if key != "description"},
    }


SCHEMAS: Final[Mapping[str, Schema]] = {
    name: _whole(name, stored) for name, stored in _SCHEMAS.items()
}
"""JSON Schema 2020-12 by name. Each stands alone: references lead into itself only."""

"""The documents: networks, filter scripts, and monitors with their triggers."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.secrets import PLAIN
from blip0.common.validation.text import MAX_NAME
from cachesync.contracts import SCHEMA_VERSION
from cachesync.services.contract.shapes import (
    CATALOGUE,
    OBJECT,
    SECRET,
    SHA256,
    UUID,
    Schema,
    closed,
    ref,
    refined,
    schema_of,
)
from monitors.services.rules import ALERTING
from monitors.validators.monitor import MONITOR
from monitors.validators.spec import NOUN as SPEC_NOUN
from platform_catalog.choices import RpcType
from platform_catalog.validators.network import (
    ENDPOINT_TYPES,
    MAX_CONFIRMATIONS,
    MAX_WEIGHT,
    MIN_BLOCK_TIME_MS,
    NETWORK,
)
from platform_catalog.validators.scripts import EXTENSIONS, FILTER_SCRIPT
from triggers.contracts import TRIGGER_TYPES
from triggers.validators.retry import RETRY_POLICY
from triggers.validators.trigger import TRIGGER
from triggers.validators.types import TRIGGER_TYPES as TRIGGER_SHAPES
from triggers.validators.types.base import MESSAGE
from triggers.validators.types.webhook import METHODS

VERSION: Schema = {"const": SCHEMA_VERSION, "type": "integer"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
SUFFIXED: Schema = {"type": "string", "pattern": r"\S.* \[[a-z0-9][a-z0-9_-]{0,62}\]$"}
"""The name that its owner gave it and the tenant's slug, so that it is unique over all tenants."""
SCRIPT_PATH: Schema = {
    "type": "string",
    "pattern": rf"^filters/[a-z][a-z0-9_]{{0,62}}\.({'|'.join(sorted(EXTENSIONS.values()))})$",
}
AT_LEAST_ONE: Schema = {"minimum": 1}
_OF_A_KIND: Mapping[str, Mapping[str, Schema]] = {
    "email": {"recipients": {"minItems": 1}, "host": {"minLength": 1}},
    "webhook": {"method": {"enum": list(METHODS)}},
}
SPEC: Schema = {
    "description": f"{SPEC_NOUN}; as its chain's tools write it",
    "type": ["array", "object"],
    "items": {"type": "object"},
}


def network() -> Schema:
    """Exactly the runtime's Network object."""
    schema = refined(
        schema_of(NETWORK),
        {
            "slug": CATALOGUE,
            "name": NAME,
            "block_time_ms": {"minimum": MIN_BLOCK_TIME_MS},
            "confirmation_blocks": {"minimum": 1, "maximum": MAX_CONFIRMATIONS},
            "cron_schedule": {"minLength": 1},
            "rpc_urls/items/type_": {"enum": RpcType.values},
            "rpc_urls/items/weight": {"maximum": MAX_WEIGHT},
        },
    )
    protocols = [_endpoints_of(kind) for kind in ENDPOINT_TYPES]
    return schema | {"allOf": protocols, "$defs": {"secret": SECRET}}


def _endpoints_of(kind: str) -> Schema:
    """One kind of network speaks another protocol than all others."""

    def endpoints(of_type: str) -> Schema:
        items = {"properties": {"type_": {"const": of_type}}}
        return {"properties": {"rpc_urls": {"items": items}}}

    return {
        "if": {"properties": {"network_type": {"const": kind}}},
        "then": endpoints(ENDPOINT_TYPES[kind]),
        "else": endpoints(RpcType.RPC.value),
    }


def filter_script() -> Schema:
    """A script that the runtime runs, once it has checked the signature."""
    return refined(
        schema_of(FILTER_SCRIPT),
        {
            "schema": VERSION,
            "name": CATALOGUE,
            "version": AT_LEAST_ONE,
            "script_path": SCRIPT_PATH,
            "sha256": SHA256,
            "timeout_ms": AT_LEAST_ONE,
            "signature": SHA256 | {"description": "HMAC-SHA256 of the canonical JSON of the rest"},
        },
    )


def monitor() -> Schema:
    """The envelope, and the runtime's own objects inside."""
    kinds = [str(kind) for kind in TRIGGER_TYPES]
    envelope = closed(
        {
            "schema": VERSION,
            "id": UUID,
            "tenant_id": UUID,
            "slug": OBJECT,
            "alerting": ref("alerting"),
            "monitor": ref("monitor"),
            "triggers": {
                "description": "Triggers by their id; those that `monitor.triggers` names",
                "type": "object",
                "propertyNames": UUID,
                "additionalProperties": {"oneOf": [ref(f"trigger_{kind}") for kind in kinds]},
            },
        }
    )
    definitions = {
        "alerting": _alerting(),
        "monitor": _monitor(),
        **{f"trigger_{kind}": _trigger(kind) for kind in kinds},
        "message": schema_of(MESSAGE),
        "retry_policy": schema_of(RETRY_POLICY),
        # Tenants write plain values only: anything else would be the platform's own secrets.
        "secret": refined(SECRET, {"type": {"const": PLAIN}}),
    }
    return envelope | {"$defs": definitions}


def _alerting() -> Schema:
    return refined(
        schema_of(ALERTING), {"threshold/amount": AT_LEAST_ONE, "threshold/window_s": AT_LEAST_ONE}
    )


def _monitor() -> Schema:
    some = {"minItems": 1, "uniqueItems": True}
    return refined(
        schema_of(MONITOR),
        {
            "name": SUFFIXED,
            "networks": some,
            "networks/items": CATALOGUE,
            "addresses/items/contract_spec": SPEC,
            "match_conditions/functions/items/signature": {"minLength": 1},
            "match_conditions/events/items/signature": {"minLength": 1},
            "trigger_conditions/items/script_path": SCRIPT_PATH,
            "trigger_conditions/items/timeout_ms": AT_LEAST_ONE,
            "triggers": {"uniqueItems": True},
            "triggers/items": UUID,
        },
    )


def _trigger(kind: str) -> Schema:
    config = refined(
        schema_of(TRIGGER_SHAPES[kind].shape),
        {
            "message": ref("message"),
            "retry_policy": ref("retry_policy"),
            **_OF_A_KIND.get(kind, {}),
        },
    )
    return refined(
        schema_of(TRIGGER),
        {"name": SUFFIXED, "trigger_type": {"const": kind}, "config": config},
    )

"""What stands beside the documents: meta, index, stream, hints, and what runtimes write.

Fields of a HASH and of a stream's entry are texts, also where they hold a number.
"""

from __future__ import annotations

from django.db import models

from cachesync.contracts import SCHEMA_VERSION
from cachesync.services.contract.documents import VERSION
from cachesync.services.contract.shapes import CATALOGUE, MOMENT, SHA256, TEXT, UUID, Schema, closed
from monitors.models import Match, TriggerExecution
from platform_catalog.models import BlockProgress
from tenants.models import ConfigVersion
from tenants.models.versions import PLATFORM_SCOPE

NUMBER: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}
SCOPE: Schema = {
    "type": "string",
    "pattern": rf"^({PLATFORM_SCOPE}|[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})$",
}
_DOCUMENT = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(networks|filters):[a-z][a-z0-9_]{0,62}"
DOCUMENT: Schema = {"type": "string", "pattern": f"^({_DOCUMENT})$"}


def meta() -> Schema:
    """The state of a scope."""
    return closed(
        {
            "rev": NUMBER,
            "epoch": NUMBER,
            "token": UUID,
            "render_version": NUMBER,
            "schema": {"const": str(SCHEMA_VERSION)},
            "status": {"enum": ConfigVersion.Status.values},
            "count": NUMBER | {"description": "Of the active set; for the platform of the index"},
            "digest": SHA256,
            "written_at": MOMENT,
        }
    )


def index() -> Schema:
    """Every document of a scope: the version that wrote it, and its hash."""
    entry = {"type": "string", "pattern": "^[0-9]+:[0-9a-f]{64}$"}
    return {"type": "object", "propertyNames": DOCUMENT, "additionalProperties": entry}


def ready() -> Schema:
    """There once a whole projection is."""
    return closed(
        {
            "epoch": NUMBER,
            "schema": {"const": str(SCHEMA_VERSION)},
            "completed_at": MOMENT,
            "tenants": NUMBER,
        }
    )


def change() -> Schema:
    """An entry of the stream: from `prev_rev` to `rev`."""
    name = f'"({_DOCUMENT})"'
    ids = {
        "type": "string",
        "pattern": rf"^(|\[\]|\[{name}(, {name}){{0,9}}\])$",
        "description": "A JSON list of at most ten documents; empty: list the scope again",
    }
    return closed({"scope": SCOPE, "rev": NUMBER, "prev_rev": NUMBER, "epoch": NUMBER, "ids": ids})


def hint() -> Schema:
    """A message of `blip0:platform:update` or `blip0:tenant:{tenant_id}:update`."""
    return closed(
        {
            "event_type": {"enum": ["create", "update", "delete", "invalidate"]},
            "resource_type": {"enum": ["monitor", "network", "filter", "tenant", "platform"]},
            "resource_id": TEXT | {"minLength": 1},
            "tenant_id": {"anyOf": [UUID, {"type": "null"}]},
            "timestamp": MOMENT,
            "metadata": closed({"rev": {"type": "integer", "minimum": 1}}),
        }
    )


def ack() -> Schema:
    """What a runtime runs: `epoch:rev` by scope, or `NACK epoch:rev reason`."""
    said = {"type": "string", "pattern": r"^([0-9]+:[0-9]+|NACK [0-9]+:[0-9]+ [\s\S]+)$"}
    return {"type": "object", "propertyNames": SCOPE, "additionalProperties": said}


def event_match() -> Schema:
    """A transaction that matched a monitor."""
    return _event(
        "match",
        {"tenant_id": UUID},
        Match,
        "event_id monitor_id monitor_name network block_number transaction_id matched_at details",
    )


def event_trigger_execution() -> Schema:
    """An attempt to deliver a match, which `match_event_id` names."""
    return _event(
        "trigger_execution",
        {"tenant_id": UUID, "match_event_id": _column(Match, "event_id")},
        TriggerExecution,
        "trigger_id trigger_name attempt status error duration_ms executed_at",
    )


def event_block_progress() -> Schema:
    """The last block of a network that was processed."""
    network = {"network": CATALOGUE}
    return _event("block_progress", network, BlockProgress, "block_number instance reported_at")


def _event(kind: str, own: dict[str, Schema], model: type[models.Model], columns: str) -> Schema:
    names = columns.split()
    members = {"schema": VERSION, "type": {"const": kind}, **own}
    members |= {name: _column(model, name) for name in names}
    optional = tuple(name for name in names if _may_lack(model, name))
    return closed(members, optional=optional)


def _may_lack(model: type[models.Model], name: str) -> bool:
    column = model._meta.get_field(name)
    return isinstance(column, models.Field) and (column.blank or column.has_default())


def _column(model: type[models.Model], name: str) -> Schema:
    """What the column that keeps it can hold. Raises `TypeError` for another kind of column."""
    match column := model._meta.get_field(name):
        case models.CharField() if column.choices:
            return {"enum": [value for value, _ in column.choices]}
        case models.CharField():
            return {
                "type": "string",
                "minLength": int(not column.blank),
                "maxLength": column.max_length,
            }
        case models.TextField():
            return dict(TEXT)
        case models.UUIDField():
            return dict(UUID)
        case models.DateTimeField():
            return dict(MOMENT)
        case models.PositiveBigIntegerField():
            return {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
        case models.PositiveSmallIntegerField():
            return {"type": "integer", "minimum": 1, "maximum": 2**15 - 1}
        case models.PositiveIntegerField():
            return {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
        case models.JSONField():
            return {"type": "object"}
    raise TypeError(f"{model.__name__}.{name}: a kind of column that has no schema yet")

"""JSON Schema of a validator's shape: as the documents are written, not as authors may write them.

Authors may write null for an absent member, and members that the runtime ignores; what is rendered
has neither. So members with a default are optional and never null, and objects are closed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeAlias

from blip0.common.slugs import CATALOGUE_SLUG, OBJECT_SLUG
from blip0.common.validation.secrets import KINDS, Secret
from blip0.common.validation.shapes import (
    Anything,
    Choice,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Nullable,
    Shape,
    Struct,
    Text,
)
from platform_catalog.validators.network import MaxPastBlocks
from triggers.validators.email_address import EmailAddress
from triggers.validators.retry import DURATION, Duration

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
OBJECT: Schema = {"type": "string", "pattern": OBJECT_SLUG}
CATALOGUE: Schema = {"type": "string", "pattern": CATALOGUE_SLUG}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$",
}
SECRET: Schema = {
    "type": "object",
    "description": "A secret. A value that begins with `sealed:v1:` is to be opened first.",
    "properties": {"type": {"enum": sorted(KINDS.values())}, "value": TEXT},
    "required": ["type", "value"],
    "additionalProperties": False,
}
"""To be defined as `secret` by every schema that has one."""

_LEAVES: Mapping[type, Schema] = {
    Anything: {},
    Flag: {"type": "boolean"},
    Text: TEXT,
    EmailAddress: TEXT,
    MaxPastBlocks: {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "unlimited"}]},
}


def closed(members: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": dict(members),
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    """What the schema has under `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def schema_of(shape: Shape) -> Schema:
    """The schema of a shape. Raises `TypeError` for one that it doesn't know."""
    match shape:
        case Struct():
            return _struct(shape)
        case Nullable():
            return schema_of(shape.inner)
        case ListOf():
            most = {} if shape.most is None else {"maxItems": shape.most}
            return {"type": "array", "items": schema_of(shape.inner), **most}
        case MapOf():
            return {"type": "object", "additionalProperties": schema_of(shape.inner)}
        case Choice():
            return {"enum": list(shape.words)}
        case Integer():
            return {"type": "integer", "minimum": 0, "maximum": shape.high}
        case Secret():
            return ref("secret")
        case Duration():
            return schema_of(DURATION)
    if type(shape) in _LEAVES:
        return dict(_LEAVES[type(shape)])
    raise TypeError(f"{type(shape).__name__} has no schema yet: add it here")


def refined(schema: Schema, changes: Mapping[str, Schema]) -> Schema:
    """A copy with more said at some places, such as `rpc_urls/items/weight`.

    A step names a member of an object, or a keyword such as `items`. A reference takes the place
    of what is there. Raises `KeyError` for a place that isn't there.
    """
    result: Schema = copy.deepcopy(schema)
    for path, more in changes.items():
        place = result
        for step in filter(None, path.split("/")):
            properties = place.get("properties", {})
            place = properties[step] if step in properties else place[step]
        if "$ref" in more:
            place.clear()
        place.update(copy.deepcopy(more))
    return result


def _struct(shape: Struct) -> Schema:
    optional = tuple(name for name, field in shape.fields.items() if field.when_absent != "error")
    members = {name: schema_of(field.shape) for name, field in shape.fields.items()}
    return {"description": shape.noun, **closed(members, optional=optional)}

"""The operations of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`query` and `headers` are the names of its parameters; `members` are those of its body."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    headers: frozenset[str]
    members: frozenset[str]


@cache
def operations() -> Mapping[str, Operation]:
    """All of them, by operation id."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    schemas = document["components"]["schemas"]
    return {
        described["operationId"]: Operation(
            name=described["operationId"],
            method=method,
            path=path,
            query=frozenset(_named(described, "query")),
            headers=frozenset(_named(described, "header")),
            members=frozenset(_members(described, schemas)),
        )
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    }


def _named(described: Mapping[str, Any], place: str) -> Iterator[str]:
    return (each["name"] for each in described.get("parameters", ()) if each["in"] == place)


def _members(described: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    for content in described.get("requestBody", {}).get("content", {}).values():
        for schema in (content["schema"], *content["schema"].get("oneOf", ())):
            name = schema.get("$ref", "").rpartition("/")[2]
            yield from schemas.get(name, schema).get("properties", ())

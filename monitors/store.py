"""What belongs to monitors, read in two statements and without making an object of each row.

Plain SQL: every read of the API and every check of a saved monitor waits for it, and through the
models it takes five queries and most of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

_CHILDREN: Final = """
SELECT monitor_id, 'networks', json_agg(network_id ORDER BY position, network_id)::text
FROM monitors_monitornetwork WHERE monitor_id = ANY(%(ids)s) GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'addresses',
    json_agg(json_build_array(address, contract_spec_id) ORDER BY position)::text
FROM monitors_monitoraddress WHERE monitor_id = ANY(%(ids)s) GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'conditions',
    json_agg(json_build_array(kind, signature, status, expression) ORDER BY kind, position)::text
FROM monitors_matchcondition WHERE monitor_id = ANY(%(ids)s) GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'scripts', json_agg(
    json_build_array(script_id, language, condition.arguments, condition.timeout_ms)
    ORDER BY position
)::text
FROM monitors_scriptcondition AS condition JOIN platform_catalog_filterscript ON name = script_id
WHERE monitor_id = ANY(%(ids)s) GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'triggers', json_agg(slug ORDER BY position, slug)::text
FROM monitors_monitortrigger JOIN triggers_trigger AS fired ON fired.id = trigger_id
WHERE monitor_id = ANY(%(ids)s) GROUP BY monitor_id
"""
_SPECS: Final = "SELECT sha256, content FROM monitors_contractspec WHERE sha256 = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """What belongs to one monitor, in order."""

    networks: list[str] = field(default_factory=list)
    addresses: list[tuple[str, str | None]] = field(default_factory=list)
    """Address, and the hash of its contract spec."""
    conditions: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """Kind, signature, status and expression."""
    scripts: list[tuple[str, str, list[str] | None, int]] = field(default_factory=list)
    """Name, language, arguments and timeout in milliseconds."""
    triggers: list[str] = field(default_factory=list)
    """Slugs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What belongs to one monitor, and the canonical texts of its contract specs by hash."""

    children: Children
    specs: Mapping[str, bytes]


def contents_of(ids: Collection[UUID]) -> dict[UUID, Content]:
    """Of each of these monitors. Two queries at most."""
    children = children_of(ids)
    specs = spec_contents(children.values())
    return {pk: Content(children=each, specs=specs) for pk, each in children.items()}


def children_of(ids: Collection[UUID]) -> dict[UUID, Children]:
    """Of each of these monitors, whether it has any or not. One query, or none."""
    parts: defaultdict[UUID, dict[str, Any]] = defaultdict(dict)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_CHILDREN, {"ids": list(ids)})
            for pk, part, text in cursor.fetchall():
                parts[pk][part] = orjson.loads(text)
    return {pk: Children(**parts[pk]) for pk in ids}


def spec_contents(children: Iterable[Children]) -> Mapping[str, bytes]:
    """The contract specs that these name, by hash, as canonical text. One query, or none."""
    hashes = {spec for each in children for _, spec in each.addresses if spec is not None}
    if not hashes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SPECS, [list(hashes)])
        return {sha256: content.encode() for sha256, content in cursor.fetchall()}

"""Whatever of a tenant's monitors goes into their documents, in two statements.

Plain SQL, since this is what a rebuild of Redis and every write-through wait for: through the
models a thousand tenants take four times as long, most of it in making objects. No joins between
a monitor and what belongs to it: whatever the planner believes of a table, the time is linear.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

# For the planner the ids are constants: of each condition, only one half is left to execute.
_PARTS = """
SELECT id, 'monitor' AS part, row_to_json(monitor)::text FROM (
    SELECT id, slug, name, paused, snoozed_until IS NOT NULL AS snoozed, severity,
        threshold_amount, threshold_window_s, min_interval_s, chain_configurations
    FROM monitors_monitor
    WHERE deleted_at IS NULL AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
) AS monitor
UNION ALL
SELECT monitor_id, 'networks',
    json_agg(json_build_array(slug, enabled) ORDER BY position, slug)::text
FROM monitors_monitornetwork JOIN platform_catalog_network ON slug = network_id
WHERE {wanted} GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'addresses',
    json_agg(json_build_array(address, contract_spec_id) ORDER BY position)::text
FROM monitors_monitoraddress WHERE {wanted} GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'conditions',
    json_agg(json_build_array(kind, signature, status, expression) ORDER BY kind, position)::text
FROM monitors_matchcondition WHERE {wanted} GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'scripts', json_agg(
    json_build_array(name, language, condition.arguments, condition.timeout_ms) ORDER BY position
)::text
FROM monitors_scriptcondition AS condition JOIN platform_catalog_filterscript ON name = script_id
WHERE {wanted} GROUP BY monitor_id
UNION ALL
SELECT monitor_id, 'triggers', json_agg(trigger_id ORDER BY position, trigger_id)::text
FROM monitors_monitortrigger WHERE {wanted} GROUP BY monitor_id
""".replace(
    "{wanted}",
    "(monitor_id = ANY(%(ids)s) OR %(ids)s::uuid[] IS NULL"
    " AND monitor_id IN (SELECT id FROM monitors_monitor WHERE deleted_at IS NULL))",
)
_SPECS = "SELECT sha256, content FROM monitors_contractspec WHERE sha256 = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRows:
    """A live monitor and what belongs to it, in order. Ids are texts."""

    id: str
    slug: str
    name: str
    paused: bool
    snoozed: bool
    severity: str
    threshold_amount: int | None
    threshold_window_s: int | None
    min_interval_s: int | None
    chain_configurations: list[Any]
    networks: list[tuple[str, bool]] = field(default_factory=list)
    """Slug, and whether it is enabled."""
    addresses: list[tuple[str, str | None]] = field(default_factory=list)
    """Address, and the hash of its contract spec."""
    conditions: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """Kind, signature, status and expression."""
    scripts: list[tuple[str, str, list[str] | None, int]] = field(default_factory=list)
    """Name, language, arguments and timeout in milliseconds."""
    triggers: list[str] = field(default_factory=list)


def monitor_rows(ids: Collection[UUID] | None) -> dict[UUID, MonitorRows]:
    """The live monitors of the current tenant by id; all of them for None. One query."""
    parts: defaultdict[UUID, dict[str, Any]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, {"ids": None if ids is None else list(ids)})
        for pk, part, text in cursor.fetchall():
            parts[pk][part] = orjson.loads(text)
    return {
        # Without a part of that name it is deleted: what belonged to it is history.
        pk: MonitorRows(**found.pop("monitor"), **found)
        for pk, found in parts.items()
        if "monitor" in found
    }


def spec_fragments(monitors: Iterable[MonitorRows]) -> dict[str, orjson.Fragment]:
    """The contract specs that these name, by hash. One query, or none.

    They are stored as canonical text, so each goes into documents as it is.
    """
    hashes = {spec for rows in monitors for _, spec in rows.addresses if spec is not None}
    if not hashes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SPECS, [list(hashes)])
        return {sha256: orjson.Fragment(content.encode()) for sha256, content in cursor.fetchall()}

"""Whatever of a tenant's monitors goes into their documents, in two statements.

Plain SQL, since this is what a rebuild of Redis and every write-through wait for: a thousand
tenants through the models would take four times as long, most of it in making objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

# A condition that is constant for the planner: without ids it is gone, with them an index serves.
_MONITORS = """
SELECT id, row_to_json(monitor)::text FROM (
    SELECT m.slug, m.name, m.paused, m.snoozed_until IS NOT NULL AS snoozed, m.severity,
        m.threshold_amount, m.threshold_window_s, m.min_interval_s, m.chain_configurations,
        coalesce(n.rows, '[]') AS networks, coalesce(a.rows, '[]') AS addresses,
        coalesce(c.rows, '[]') AS conditions, coalesce(s.rows, '[]') AS scripts,
        coalesce(t.rows, '[]') AS triggers, m.id
    FROM monitors_monitor AS m
    LEFT JOIN (
        SELECT monitor_id, json_agg(json_build_array(slug, enabled) ORDER BY position, slug) AS rows
        FROM monitors_monitornetwork JOIN platform_catalog_network ON slug = network_id
        WHERE {wanted} GROUP BY monitor_id
    ) AS n ON n.monitor_id = m.id
    LEFT JOIN (
        SELECT monitor_id,
            json_agg(json_build_array(address, contract_spec_id) ORDER BY position) AS rows
        FROM monitors_monitoraddress WHERE {wanted} GROUP BY monitor_id
    ) AS a ON a.monitor_id = m.id
    LEFT JOIN (
        SELECT monitor_id, json_agg(
            json_build_array(kind, signature, status, expression) ORDER BY kind, position) AS rows
        FROM monitors_matchcondition WHERE {wanted} GROUP BY monitor_id
    ) AS c ON c.monitor_id = m.id
    LEFT JOIN (
        SELECT monitor_id, json_agg(
            json_build_array(name, language, l.arguments, l.timeout_ms) ORDER BY position) AS rows
        FROM monitors_scriptcondition AS l JOIN platform_catalog_filterscript ON name = script_id
        WHERE {wanted} GROUP BY monitor_id
    ) AS s ON s.monitor_id = m.id
    LEFT JOIN (
        SELECT monitor_id, json_agg(trigger_id ORDER BY position, trigger_id) AS rows
        FROM monitors_monitortrigger WHERE {wanted} GROUP BY monitor_id
    ) AS t ON t.monitor_id = m.id
    WHERE m.deleted_at IS NULL AND (%(ids)s::uuid[] IS NULL OR m.id = ANY(%(ids)s))
) AS monitor ORDER BY id
""".replace("{wanted}", "(%(ids)s::uuid[] IS NULL OR monitor_id = ANY(%(ids)s))")
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
    networks: list[tuple[str, bool]]
    """Slug, and whether it is enabled."""
    addresses: list[tuple[str, str | None]]
    """Address, and the hash of its contract spec."""
    conditions: list[tuple[str, str, str, str | None]]
    """Kind, signature, status and expression."""
    scripts: list[tuple[str, str, list[str] | None, int]]
    """Name, language, arguments and timeout in milliseconds."""
    triggers: list[str]


def monitor_rows(ids: Collection[UUID] | None) -> dict[UUID, MonitorRows]:
    """The live monitors of the current tenant by id; all of them for None. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MONITORS, {"ids": None if ids is None else list(ids)})
        return {pk: MonitorRows(**orjson.loads(row)) for pk, row in cursor.fetchall()}


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

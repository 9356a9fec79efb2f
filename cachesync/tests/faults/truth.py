"""What Redis must hold, by plain SQL and the runtime contract: a second opinion on the renderer.

Shares no code with what renders, compares or writes. It knows what the ground's writers make:
monitors on the catalogue's networks with Slack triggers, no contract of other chains.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

Row = dict[str, Any]

PLATFORM = "platform"


@dataclass
class Scope:
    """A scope as it must be: its meta's fields, documents by index field, and those that run."""

    meta: dict[str, str]
    documents: dict[str, str] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    """Documents that may be there: disabled networks that somebody may still name."""
    kept: set[str] = field(default_factory=set)
    """Documents that can't be rendered: the last good one stays, whatever it says."""

    @property
    def key_prefix(self) -> str:
        scope = self.meta["scope"]
        return scope if scope == PLATFORM else f"tenant:{scope}"


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def scopes(connection: psycopg.Connection[Any], only: str = "") -> dict[str, Scope]:
    """Every scope that Postgres knows, from one snapshot; or one of them."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL search_path = public")
        versions = _rows(connection, "SELECT * FROM tenants_configversion ORDER BY scope")
        tenants = {str(row["id"]): row for row in _rows(connection, "SELECT * FROM tenants_tenant")}
        networks = {row["slug"]: row for row in _rows(connection, _NETWORKS)}
        scripts = {row["name"]: row for row in _rows(connection, _SCRIPTS)}
        found: dict[str, Scope] = {}
        for row in versions:
            if only not in {"", row["scope"]}:
                continue
            scope = Scope(
                {
                    "scope": row["scope"],
                    "rev": str(row["version"]),
                    "epoch": str(row["epoch"]),
                    "token": str(row["token"]),
                    "status": row["status"],
                }
            )
            found[row["scope"]] = scope
            if row["scope"] == PLATFORM:
                _add_catalogue(scope, networks, scripts)
            elif row["status"] != "deleted":
                _add_monitors(scope, connection, tenants[row["scope"]], networks, scripts)
        return found


def differences(connection: psycopg.Connection[Any], client: Any) -> list[str]:
    """What Redis holds otherwise than Postgres, byte by byte; empty where they are equal."""
    wanted = scopes(connection)
    found = [line for scope in wanted.values() for line in scope_differences(scope, client)]
    listed = client.smembers("platform:projection:tenants")
    alive = {name for name, scope in wanted.items() if scope.meta["status"] != "deleted"} - {
        PLATFORM
    }
    if listed != alive:
        found.append(f"platform:projection:tenants is {listed}, not {alive}")
    if not client.exists("platform:projection:ready"):
        found.append("platform:projection:ready is missing")
    return found


def scope_differences(scope: Scope, client: Any) -> Iterator[str]:
    """The same of one scope. `client` decodes responses."""
    prefix = scope.key_prefix
    meta = client.hgetall(f"{prefix}:projection:meta")
    for name, value in scope.meta.items():
        if name != "scope" and meta.get(name) != value:
            yield f"{prefix}: meta {name} is {meta.get(name)}, not {value}"
    index = client.hgetall(f"{prefix}:projection:index")
    extra = set(index) - set(scope.documents) - scope.optional - scope.kept
    if extra or set(scope.documents) - set(index):
        yield (
            f"{prefix}: the index has {sorted(extra)} too much "
            f"and lacks {sorted(set(scope.documents) - set(index))}"
        )
    for name, wanted in scope.documents.items():
        key = _key(prefix, name)
        body = client.get(key)
        if body != wanted:
            yield f"{key} is {body}, not {wanted}"
        elif (left := client.ttl(key)) != -1:
            yield f"{key} expires in {left} s"
    if prefix != PLATFORM:
        active = client.smembers(f"{prefix}:monitors:active")
        running = scope.active | (active & scope.kept)
        if active != running:
            yield f"{prefix}: active is {sorted(active)}, not {sorted(running)}"


def _key(prefix: str, name: str) -> str:
    return f"{prefix}:{name}" if prefix == PLATFORM else f"{prefix}:monitor:{name}"


# The catalogue

_NETWORKS = """
SELECT n.*, array(
    SELECT jsonb_build_object(
        'type_', e.rpc_type, 'weight', e.weight,
        'url', jsonb_build_object('type', e.url_kind, 'value', e.url))
    FROM platform_catalog_rpcendpoint e WHERE e.network_id = n.slug AND e.enabled
    ORDER BY e.position, e.id
) AS rpc_urls
FROM platform_catalog_network n ORDER BY n.slug
"""
_SCRIPTS = """
SELECT s.*, v.content, v.sha256 FROM platform_catalog_filterscript s
JOIN platform_catalog_filterscriptversion v
ON v.script_id = s.name AND v.version = s.current_version
"""
_EXTENSIONS = {"Bash": "sh", "Python": "py", "JavaScript": "js"}
_SIGNING_KEY = b"development-only-script-signing-key"
_NETWORK_KEYS = (
    *("network_type", "slug", "name", "rpc_urls", "block_time_ms", "confirmation_blocks"),
    *("cron_schedule", "chain_id", "max_past_blocks", "store_blocks", "recovery_config"),
)


def script_path(script: Row) -> str:
    return f"filters/{script['name']}.{_EXTENSIONS[script['language']]}"


def _add_catalogue(scope: Scope, networks: Mapping[str, Row], scripts: Mapping[str, Row]) -> None:
    for slug, row in networks.items():
        body = {key: row[key] for key in _NETWORK_KEYS if row[key] is not None}
        if row["network_passphrase"]:
            body["network_passphrase"] = row["network_passphrase"]
        if row["max_past_blocks_unlimited"]:
            body["max_past_blocks"] = "unlimited"
        if row["enabled"]:
            scope.documents[f"networks:{slug}"] = canonical(body)
        else:
            scope.optional.add(f"networks:{slug}")
    for name, row in scripts.items():
        keys = ("name", "language", "content", "arguments", "timeout_ms")
        signed = {**{key: row[key] for key in keys}, "version": row["current_version"]}
        signature = hmac.new(_SIGNING_KEY, canonical(signed).encode(), "sha256").hexdigest()
        rest = {"schema": 1, "script_path": script_path(row), "sha256": row["sha256"]}
        scope.documents[f"filters:{name}"] = canonical({**signed, **rest, "signature": signature})


# Monitors


def _add_monitors(
    scope: Scope,
    connection: psycopg.Connection[Any],
    tenant: Row,
    networks: Mapping[str, Row],
    scripts: Mapping[str, Row],
) -> None:
    schema = sql.Identifier(f"t_{tenant['id'].hex}")

    def rows(statement: str) -> list[Row]:
        return _rows(connection, sql.SQL(statement).format(schema=schema))

    def of_monitor(statement: str) -> dict[Any, list[Row]]:
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in rows(statement):
            groups[row["monitor_id"]].append(row)
        return groups

    links = of_monitor("SELECT * FROM {schema}.monitors_monitornetwork ORDER BY position")
    addresses = of_monitor(_ADDRESSES)
    conditions = of_monitor("SELECT * FROM {schema}.monitors_matchcondition ORDER BY position")
    filters = of_monitor("SELECT * FROM {schema}.monitors_scriptcondition ORDER BY position")
    triggers = of_monitor(_TRIGGERS)
    for monitor in rows("SELECT * FROM {schema}.monitors_monitor WHERE deleted_at IS NULL"):
        key = monitor["id"]
        enabled = [
            link["network_id"] for link in links[key] if networks[link["network_id"]]["enabled"]
        ]
        if not monitor["name"].strip() or not links[key]:
            scope.kept.add(str(key))
            continue
        if not enabled:
            continue
        body = {
            "schema": 1,
            "id": str(key),
            "tenant_id": str(tenant["id"]),
            "slug": monitor["slug"],
            "alerting": _alerting(monitor, tenant),
            "monitor": {
                "name": f"{monitor['name']} [{tenant['slug']}]",
                "networks": enabled,
                "paused": monitor["paused"] or monitor["snoozed_until"] is not None,
                "addresses": [_address(row) for row in addresses[key]],
                "match_conditions": _conditions(conditions[key]),
                "trigger_conditions": [
                    _script(row, scripts[row["script_id"]]) for row in filters[key]
                ],
                "triggers": [str(row["id"]) for row in triggers[key]],
            },
            "triggers": {str(row["id"]): _trigger(row, tenant) for row in triggers[key]},
        }
        scope.documents[str(key)] = canonical(body)
        if tenant["status"] == "active" and not body["monitor"]["paused"]:
            scope.active.add(str(key))


_ADDRESSES = """
SELECT a.*, s.content FROM {schema}.monitors_monitoraddress a
LEFT JOIN {schema}.monitors_contractspec s ON s.sha256 = a.contract_spec_id ORDER BY a.position
"""
_TRIGGERS = """
SELECT l.monitor_id, t.id, t.name, t.trigger_type, c.* FROM {schema}.monitors_monitortrigger l
JOIN {schema}.triggers_trigger t ON t.id = l.trigger_id
JOIN {schema}.triggers_slackconfig c ON c.trigger_id = t.id
WHERE t.enabled AND t.deleted_at IS NULL ORDER BY l.position
"""


def _alerting(monitor: Row, tenant: Row) -> Row:
    amount, window = monitor["threshold_amount"], monitor["threshold_window_s"]
    if amount is None:
        amount, window = tenant["alert_threshold_amount"], tenant["alert_threshold_window_s"]
    interval = monitor["min_interval_s"]
    alerting = {
        "severity": monitor["severity"] or tenant["alert_severity"] or None,
        "threshold": None if amount is None else {"amount": amount, "window_s": window},
        "min_interval_s": tenant["alert_min_interval_s"] if interval is None else interval,
    }
    return {key: value for key, value in alerting.items() if value is not None}


def _address(row: Row) -> Row:
    spec = {} if row["content"] is None else {"contract_spec": json.loads(row["content"])}
    return {"address": row["address"], **spec}


def _conditions(rows: list[Row]) -> Row:
    found: dict[str, list[Row]] = {"functions": [], "events": [], "transactions": []}
    for row in rows:
        item = {"status": row["status"]} if row["status"] else {"signature": row["signature"]}
        if row["expression"] is not None:
            item["expression"] = row["expression"]
        found[f"{row['kind']}s"].append(item)
    return found


def _script(row: Row, script: Row) -> Row:
    arguments = {} if row["arguments"] is None else {"arguments": row["arguments"]}
    return {
        "script_path": script_path(script),
        "language": script["language"],
        "timeout_ms": row["timeout_ms"],
        **arguments,
    }


def _trigger(row: Row, tenant: Row) -> Row:
    retry = {} if row["retry_policy"] is None else {"retry_policy": row["retry_policy"]}
    return {
        "name": f"{row['name']} [{tenant['slug']}]",
        "trigger_type": row["trigger_type"],
        "config": {
            "slack_url": {"type": "Plain", "value": row["slack_url"]},
            "message": {"title": row["message_title"], "body": row["message_body"]},
            **retry,
        },
    }


def _rows(connection: psycopg.Connection[Any], statement: str | sql.Composed) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement).fetchall()

"""What every rendering begins with: where a scope stands in Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import connection

from cachesync.contracts import Version
from cachesync.keys import Scope
from tenants.models import Tenant

# Plain SQL: a write-through takes milliseconds, and so does compiling a queryset.
_RENDERED = {
    "id", "slug", "status", "alert_severity", "alert_threshold_amount",
    "alert_threshold_window_s", "alert_min_interval_s",
}  # fmt: skip
_TENANT = [field.attname for field in Tenant._meta.concrete_fields if field.attname in _RENDERED]
"""The columns of a tenant that documents hold something of, in the order of `from_db`."""
_STATE = f"""
SELECT head.version, head.epoch, head.token::text, head.status, (
    SELECT json_agg(json_build_array(log.version, log.token, log.kind, log.object_id))::text
    FROM tenants_configchange AS log
    WHERE log.scope = head.scope AND log.version BETWEEN %(since)s AND head.version
), {", ".join(f"tenant.{column}" for column in _TENANT)}
FROM tenants_configversion AS head LEFT JOIN tenants_tenant AS tenant ON tenant.id = %(tenant)s
WHERE head.scope = %(scope)s
"""


@dataclass(frozen=True, slots=True)
class ScopeState:
    """A scope in Postgres. `log`: version, token, kind and object id of each recorded change.

    Of `tenant`, None for the platform, only what documents hold is loaded.
    """

    version: Version
    status: str
    log: list[tuple[int, str, str, str]]
    tenant: Tenant | None


def scope_state(scope: Scope, *, since: int | None) -> ScopeState | None:
    """The scope's version, with its changes from version `since` on. One query."""
    tenant_id = None if scope.is_platform else UUID(scope.id)
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"scope": scope.id, "since": since, "tenant": tenant_id})
        row = cursor.fetchone()
    if row is None:
        return None
    version, epoch, token, status, log, *columns = row
    return ScopeState(
        version=Version(version, epoch, token),
        status=status,
        log=orjson.loads(log) if log else [],
        tenant=Tenant.from_db(connection.alias, _TENANT, columns) if columns[0] else None,
    )

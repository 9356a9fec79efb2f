"""What every rendering begins with: where a scope stands in Postgres."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from django.db import connection

from cachesync.contracts import Version
from cachesync.keys import Scope
from tenants.models import Tenant

# Plain SQL: a write-through takes milliseconds, and so does compiling a queryset.
_STATE = """
SELECT version, epoch, token::text, status, (
    SELECT json_agg(json_build_array(log.version, log.token, log.kind, log.object_id))::text
    FROM tenants_configchange AS log
    WHERE log.scope = head.scope AND log.version BETWEEN %(since)s AND head.version
) FROM tenants_configversion AS head WHERE scope = %(scope)s
"""
_TENANT = """
SELECT id, slug, status, alert_severity, alert_threshold_amount, alert_threshold_window_s,
    alert_min_interval_s
FROM tenants_tenant WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class ScopeState:
    """A scope in Postgres. `log`: version, token, kind and object id of each recorded change."""

    version: Version
    status: str
    log: list[tuple[int, str, str, str]]


def scope_state(scope: Scope, *, since: int | None) -> ScopeState | None:
    """The scope's version, with its changes from version `since` on. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"scope": scope.id, "since": since})
        row = cursor.fetchone()
    if row is None:
        return None
    version, epoch, token, status, log = row
    return ScopeState(Version(version, epoch, token), status, orjson.loads(log) if log else [])


def rendered_tenant(scope: Scope) -> Tenant | None:
    """What documents hold of a tenant's own row; nothing else of it is loaded. One query."""
    for tenant in Tenant.objects.raw(_TENANT, [scope.id]):
        return tenant
    return None

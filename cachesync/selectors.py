"""Reads of what is known of scopes beside Redis."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from django.db import connection

from blip0.common.tenancy import in_public
from cachesync.contracts import RENDER_VERSION, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from tenants.models import ConfigVersion, Tenant

# Plain SQL here and below: a write-through takes milliseconds, and so does compiling a queryset.
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


def wanted_versions() -> dict[Scope, Version]:
    """Every scope's version in Postgres, the platform's first. One query."""
    with in_public():
        rows = list(ConfigVersion.objects.values_list("scope", "version", "epoch", "token"))
    versions = {
        Scope(scope): Version(version, epoch, str(token), RENDER_VERSION)
        for scope, version, epoch, token in rows
    }
    return dict(sorted(versions.items(), key=lambda item: not item[0].is_platform))


def known_scopes() -> dict[Scope, ProjectedScope]:
    """What is remembered of every scope that was ever projected. One query."""
    with in_public():
        return {Scope(row.scope): row for row in ProjectedScope.objects.all()}


def is_other_history(scope: Scope, held: Version) -> bool:
    """Whether that version in Redis was seen to be of another history once. One query."""
    return ProjectedScope.objects.filter(
        pk=scope.id, condition__in=ProjectedScope.OTHER_HISTORY, other_token=held.token
    ).exists()

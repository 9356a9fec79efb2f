"""Reads of what is known of scopes beside Redis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q

from blip0.common.tenancy import in_public
from cachesync.contracts import RENDER_VERSION, Version
from cachesync.keys import KIND_MONITOR, PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectedScope
from tenants.models import ConfigVersion, Tenant


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


def scope_names() -> dict[Scope, str]:
    """What people call a scope: the tenant's slug, or `platform`. One query."""
    with in_public():
        slugs = Tenant.objects.values_list("pk", "slug")
        return {PLATFORM: PLATFORM.id} | {Scope(str(pk)): slug for pk, slug in slugs}


_DIRTY_SINCE = """
SELECT wanted.scope, coalesce(min(change.created_at), wanted.changed_at)
FROM unnest(%s::text[], %s::bigint[]) AS held (scope, version)
JOIN public.tenants_configversion AS wanted USING (scope)
LEFT JOIN public.tenants_configchange AS change
    ON change.scope = held.scope AND change.version > held.version
GROUP BY wanted.scope, wanted.changed_at
"""


def dirty_since(held: Mapping[Scope, Version | None]) -> dict[Scope, datetime]:
    """When the first change was committed after the version that Redis holds, by scope.

    Where the log doesn't reach that far: the oldest one that it has, or the last change. One query.
    """
    if not held:
        return {}
    versions = [version.rev if version else 0 for version in held.values()]
    with connection.cursor() as cursor:
        cursor.execute(_DIRTY_SINCE, [[scope.id for scope in held], versions])
        return {Scope(scope): since for scope, since in cursor.fetchall()}


def monitor_scopes(name: str) -> list[tuple[Scope, str]]:
    """The monitors with that id or slug, as scope and id. One query."""
    with in_public():
        rows = ProjectedDocument.objects.filter(Q(object_id=name) | Q(slug=name), kind=KIND_MONITOR)
        return [(Scope(scope), pk) for scope, pk in rows.values_list("scope", "object_id")]


def deleted_scopes() -> set[Scope]:
    """Tenants whose data is gone or going: nothing of them has to be in Redis. One query."""
    with in_public():
        rows = ConfigVersion.objects.filter(status=ConfigVersion.Status.DELETED)
        return {Scope(scope) for scope in rows.values_list("scope", flat=True)}

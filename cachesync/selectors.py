"""Reads of what is known of scopes beside Redis."""

from __future__ import annotations

from blip0.common.tenancy import in_public
from cachesync.contracts import RENDER_VERSION, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from tenants.models import ConfigVersion


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

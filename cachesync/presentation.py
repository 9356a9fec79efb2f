"""What the projection tells the apps below: the state of an object, and whether it is ready."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from blip0.common.projection_states import PROJECTION_STATES, PROVIDER, ProjectionState
from blip0.common.readiness import READINESS
from cachesync.models import ProjectedDocument
from cachesync.services.readiness import TIMEOUT_S, require_projected
from cachesync.store import Store


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    PROJECTION_STATES.register(PROVIDER, _states)
    READINESS.register("projection_state", _require_projected)


def _require_projected() -> None:
    require_projected(store=Store(timeout_s=TIMEOUT_S), now=timezone.now())


def _states(scope: str, kind: str, object_ids: Collection[str]) -> dict[str, ProjectionState]:
    rows = ProjectedDocument.objects.filter(scope=scope, kind=kind, object_id__in=object_ids)
    return {
        row.object_id: ProjectionState(
            state=row.get_state_display(),
            reason=row.reason,
            rev=row.rev,
            sha256=row.sha256,
            size=row.size,
            updated_at=row.updated_at,
        )
        for row in rows
    }

"""The projection's state of an object, for the pages of the apps below."""

from __future__ import annotations

from collections.abc import Collection

from blip0.common.projection_states import PROJECTION_STATES, PROVIDER, ProjectionState
from cachesync.models import ProjectedDocument


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    PROJECTION_STATES.register(PROVIDER, _states)


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

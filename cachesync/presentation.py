"""The projection's state of an object, for the pages of the apps below."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.utils import timezone

from blip0.common.projection_states import PROJECTION_STATES, PROVIDER, ProjectionState
from cachesync.keys import Scope
from cachesync.selectors.acknowledgements import states
from cachesync.store import Store


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    PROJECTION_STATES.register(PROVIDER, _states)


def _states(scope: str, kind: str, object_ids: Collection[str]) -> dict[str, ProjectionState]:
    # A page waits for Redis no longer than a write does.
    timeout_s = settings.PROJECTION_WRITE_THROUGH_TIMEOUT_S
    return states(
        Scope(scope), kind, object_ids, store=Store(timeout_s=timeout_s), now=timezone.now()
    )

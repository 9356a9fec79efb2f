"""What the projection tells the apps below: the state of an object, who uses it, readiness."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.conf import settings
from django.utils import timezone

from blip0.common.projection_states import PROJECTION_STATES, PROVIDER, ProjectionState
from blip0.common.readiness import READINESS
from blip0.common.usage import COUNTERS
from cachesync.keys import Scope
from cachesync.selectors.acknowledgements import states
from cachesync.selectors.usage import uses
from cachesync.services.readiness import TIMEOUT_S, require_projected
from cachesync.store import Store


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    PROJECTION_STATES.register(PROVIDER, _states)
    READINESS.register("projection_state", _require_projected)
    COUNTERS.register("network", partial(uses, "networks"))
    COUNTERS.register("filter_script", partial(uses, "scripts"))


def _require_projected() -> None:
    require_projected(store=Store(timeout_s=TIMEOUT_S), now=timezone.now())


def _states(scope: str, kind: str, object_ids: Collection[str]) -> dict[str, ProjectionState]:
    # A page waits for Redis no longer than a write does.
    timeout_s = settings.PROJECTION_WRITE_THROUGH_TIMEOUT_S
    return states(
        Scope(scope), kind, object_ids, store=Store(timeout_s=timeout_s), now=timezone.now()
    )

"""What the projection does for the apps below: states, resync, who uses what, readiness."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import redis
from django.conf import settings
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from blip0.common.projection_states import PROJECTION_STATES, PROVIDER, ProjectionState
from blip0.common.readiness import READINESS
from blip0.common.resync import PROVIDER as RESYNC_PROVIDER
from blip0.common.resync import RESYNC
from blip0.common.usage import COUNTERS
from cachesync.contracts import Result
from cachesync.keys import Scope
from cachesync.models import ProjectionRun
from cachesync.selectors.acknowledgements import states
from cachesync.selectors.usage import uses
from cachesync.services.readiness import TIMEOUT_S, require_projected
from cachesync.services.runs import run_begin, run_complete
from cachesync.store import MissingReference, Store


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    PROJECTION_STATES.register(PROVIDER, _states)
    READINESS.register("projection_state", _require_projected)
    COUNTERS.register("network", partial(uses, "networks"))
    COUNTERS.register("filter_script", partial(uses, "scripts"))
    RESYNC.register(RESYNC_PROVIDER, _resync)


def _require_projected() -> None:
    require_projected(store=Store(timeout_s=TIMEOUT_S), now=timezone.now())


def _states(scope: str, kind: str, object_ids: Collection[str]) -> dict[str, ProjectionState]:
    # A page waits for Redis no longer than a write does.
    timeout_s = settings.PROJECTION_WRITE_THROUGH_TIMEOUT_S
    return states(
        Scope(scope), kind, object_ids, store=Store(timeout_s=timeout_s), now=timezone.now()
    )


def _resync(*, scope: str, kind: str, object_id: str, actor: Actor, reason: str) -> None:
    place = Scope(scope)
    run = run_begin(
        kind=ProjectionRun.Kind.REPAIR,
        actor=actor,
        reason=reason,
        scopes=[place],
        document=place.field(kind, object_id),
        now=timezone.now(),
    )
    try:
        run = run_complete(run, store=Store())
    except (redis.RedisError, MissingReference) as error:
        raise Conflict(f"Not done: {error}.") from error
    if not set(run.results) <= {Result.OK, Result.NOOP}:
        raise Conflict(f"Not done: {', '.join(run.results)}. Its page in the inspector says more.")

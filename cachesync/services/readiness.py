"""May requests be served: is what they change told to the runtime, and does it have everything?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from blip0.common.readiness import NotReady
from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectedScope
from cachesync.services.figures import hurried, is_excused, is_ready
from cachesync.store import Store
from tenants.models import ConfigVersion

TIMEOUT_S: Final = 0.3
"""Three round trips: with Redis as slow as that, the answer still comes within a second."""
HEARTBEAT_OLD: Final = timedelta(seconds=60)
NEW: Final = timedelta(seconds=60)
"""How long a changed tenant may be missing: no single write takes the platform away from all."""


def require_projected(*, store: Store, now: datetime) -> None:
    """Raises `NotReady` where the sweep has stopped, or not all that should be is in Redis.

    One query and three round trips, and one of each more where something is missing. Tenants that
    fail again and again, or wait for an operator, are missed by nobody: they have an alert of
    their own. Raises `redis.RedisError` and `django.db.Error`.
    """
    heartbeat = store.heartbeat()
    if heartbeat is None or now - heartbeat > HEARTBEAT_OLD:
        raise NotReady(f"the last sweep was at {heartbeat}")
    with hurried(statement_ms=500):
        expected = {
            Scope(scope): (epoch, changed_at)
            for scope, epoch, changed_at in ConfigVersion.objects.exclude(
                status=ConfigVersion.Status.DELETED
            ).values_list("scope", "epoch", "changed_at")
        }
        epoch, _ = expected.get(PLATFORM, (None, now))
        if not is_ready(store.ready(), epoch=epoch):
            raise NotReady("nobody has declared this epoch's projection complete")
        absent = store.absent(list(expected))
        rows = ProjectedScope.objects.filter(pk__in=[scope.id for scope in absent])
        excused = {Scope(row.scope) for row in rows if is_excused(row)} if absent else set()
    missed = [
        scope
        for scope in absent
        if scope.is_platform or (scope not in excused and now - expected[scope][1] > NEW)
    ]
    if missed:
        raise NotReady(f"Redis has nothing of {len(missed)} scopes, such as {missed[0].id}")

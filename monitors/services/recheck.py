"""Findings change where nobody touches the object: a network goes, a plan is lowered, rules grow.

Changes with a small reach are followed at once (`monitors.receivers`). The beat finds the rest: it
compares what each tenant's findings rest on with what they rested on at its last look, and looks
anew at all of the tenant's objects: a *lap*. A round of the beat has a budget, so that other tasks
have their worker back; it gives each tenant a turn, whoever has waited longest first, and the next
round goes on where this one ended. What changes during a lap begins another one after it, so that
a tenant who never rests is looked at all the same.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Final, Literal
from uuid import UUID

import structlog
from django.core.cache import cache

from blip0.common.allowed_targets import ALLOWED_TARGETS
from blip0.common.canonical import canonical_bytes, sha256_hex
from blip0.common.system_settings import setting_value
from blip0.common.tenancy import in_public, in_tenant
from blip0.common.validation import Finding
from blip0.common.validation.stored import findings_replace
from monitors.models import Monitor
from monitors.services.documents import Stored
from monitors.services.world import World, examined
from tenants.choices import TenantStatus
from tenants.models import ConfigVersion, LimitOverride, Tenant
from tenants.models.versions import PLATFORM_SCOPE
from triggers.models import Trigger
from triggers.services import trigger_findings_recheck

logger = structlog.get_logger(__name__)

BATCH: Final = 50
BUDGET_S: Final = 10.0
"""For a round; one that is at its end still finishes the object that it looks at."""
TURN_S: Final = 1.0
"""What one tenant gets of a round before the next one has its turn."""
REMEMBERED_S: Final = 24 * 3600
"""Each tenant is looked at once a day at least, since rules change with a deployment, too."""

_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Lap:
    """How far a tenant's objects are looked at anew; kept in the cache.

    `basis` is what findings rested on when the lap began, `after` the last object of the `stage`,
    and `turn` the time of the tenant's last turn in seconds since the epoch.
    """

    basis: str
    stage: Literal["triggers", "monitors", "over"] = "triggers"
    after: UUID = _FIRST
    turn: float = 0.0

    @classmethod
    def remembered(cls, value: object) -> Lap:
        """From what the cache has; one without a basis if that is nothing, or of another time."""
        return cls(*value) if isinstance(value, tuple) and len(value) == 4 else cls("")

    @property
    def settled(self) -> str:
        """What is known to hold of all objects; "" while they are looked at."""
        return self.basis if self.stage == "over" else ""

    def remember(self, tenant_id: UUID) -> None:
        cache.set(_key(tenant_id), astuple(replace(self, turn=time.time())), REMEMBERED_S)


def findings_recheck(
    *, monitors: Collection[UUID] | None = None, triggers: Collection[UUID] | None = None
) -> int:
    """Check saved objects of the current tenant anew; of how many the findings differ now.

    None means all of a kind. Nothing is locked: who saves meanwhile moves the tenant's version,
    and so the beat looks again.
    """
    return trigger_findings_recheck(ids=triggers) + _monitors_recheck(monitors)


def findings_recheck_due(*, budget_s: float = BUDGET_S) -> dict[UUID, int]:
    """One round: check anew the tenants whose findings rest on something that has changed.

    Returns for each of them that had a turn of how many objects the findings differ now.
    """
    deadline = time.monotonic() + budget_s
    with in_public():
        waiting = deque(_laps().items())
    done: dict[UUID, int] = {}
    while waiting and time.monotonic() < deadline:
        tenant_id, lap = waiting.popleft()
        try:
            with in_tenant(tenant_id):
                lap, differing = _turn(lap, until=min(deadline, time.monotonic() + TURN_S))
            done[tenant_id] = done.get(tenant_id, 0) + differing
            if lap.stage != "over":
                waiting.append((tenant_id, lap))
        except Exception:  # one tenant's trouble, a fault of ours included, is not the others'
            logger.exception("findings.recheck_failed", tenant_id=str(tenant_id))
        lap.remember(tenant_id)
    if waiting:
        logger.info("findings.recheck_unfinished", tenants=len(waiting))
    return done


def _turn(lap: Lap, *, until: float) -> tuple[Lap, int]:
    """Go on with a lap of the current tenant: until then, and at least one object further."""
    differing = 0
    world: World | None = None
    while lap.stage != "over":
        ids = _next(lap)
        if not ids:
            lap = replace(
                lap, stage="monitors" if lap.stage == "triggers" else "over", after=_FIRST
            )
            continue
        if lap.stage == "triggers":
            differing += trigger_findings_recheck(ids=ids)
        else:
            world = world or _world()
            changed, ids = _monitors_examined(ids, world, until=until)
            differing += changed
        lap = replace(lap, after=ids[-1])
        if time.monotonic() >= until:
            break
    return lap, differing


def _next(lap: Lap) -> list[UUID]:
    live = Trigger.objects.live() if lap.stage == "triggers" else Monitor.objects.live()
    ids = live.filter(pk__gt=lap.after).order_by("pk").values_list("pk", flat=True)
    return list(ids[:BATCH])


def _monitors_recheck(ids: Collection[UUID] | None) -> int:
    live = Monitor.objects.live().order_by("pk")
    if ids is not None:
        live = live.filter(pk__in=ids)
    listed = list(live.values_list("pk", flat=True))
    if not listed:
        return 0
    world = _world()
    return sum(
        _monitors_examined(listed[start : start + BATCH], world)[0]
        for start in range(0, len(listed), BATCH)
    )


def _monitors_examined(
    ids: Sequence[UUID], world: World, *, until: float | None = None
) -> tuple[int, list[UUID]]:
    """Check these, at least one and no more after `until`; how many differ, and who was checked."""
    monitors = list(Monitor.objects.live().filter(pk__in=ids).order_by("pk"))
    found: dict[UUID, tuple[Finding, ...]] = {}
    for monitor, stored in zip(monitors, Stored.each(monitors), strict=True):
        found[monitor.pk] = examined(stored.values, world).report.findings
        if until is not None and time.monotonic() >= until:
            break
    else:
        return findings_replace("monitor", found), list(ids)
    return findings_replace("monitor", found), list(found)


def _world() -> World:
    return World.now()


def _laps() -> dict[UUID, Lap]:
    """The laps that are to go on or to begin, whoever has waited longest first."""
    due = _due()
    remembered = cache.get_many([_key(tenant_id) for tenant_id in due])
    laps: dict[UUID, Lap] = {}
    for tenant_id, basis in due.items():
        lap = Lap.remembered(remembered.get(_key(tenant_id)))
        goes_on = lap.basis and lap.stage != "over"
        laps[tenant_id] = lap if goes_on else Lap(basis, turn=lap.turn)
    return dict(sorted(laps.items(), key=lambda item: item[1].turn))


def _due() -> dict[UUID, str]:
    """Tenants whose basis isn't the remembered one, with what it is now. At most five queries.

    A setting may change meanwhile, but what a check reads later is never older than this.
    """
    allowed = setting_value(ALLOWED_TARGETS)
    versions = {
        scope: [epoch, version, str(token)]
        for scope, epoch, version, token in ConfigVersion.objects.values_list(
            "scope", "epoch", "version", "token"
        )
    }
    overrides: dict[UUID, list[list[object]]] = defaultdict(list)
    for tenant_id, limit, value in LimitOverride.objects.order_by("limit").values_list(
        "tenant_id", "limit", "value"
    ):
        overrides[tenant_id].append([limit, value])
    alive = Tenant.objects.filter(status__in=(TenantStatus.ACTIVE, TenantStatus.SUSPENDED))
    bases = {
        tenant_id: sha256_hex(
            canonical_bytes(
                [
                    versions.get(PLATFORM_SCOPE),
                    versions.get(str(tenant_id)),
                    plan,
                    overrides[tenant_id],
                    allowed,
                ]
            )
        )
        for tenant_id, plan in alive.values_list("pk", "plan__slug")
    }
    remembered = cache.get_many([_key(tenant_id) for tenant_id in bases])
    return {
        tenant_id: basis
        for tenant_id, basis in bases.items()
        if Lap.remembered(remembered.get(_key(tenant_id))).settled != basis
    }


def _key(tenant_id: UUID) -> str:
    return f"findings-lap:{tenant_id}"

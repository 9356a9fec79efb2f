"""Findings change where nobody touches the object: a network goes, a plan is lowered, rules grow.

Changes with a small reach are followed at once (`monitors.receivers`). The beat finds the rest:
it compares what each tenant's findings rest on with what they rested on at its last look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.core.cache import cache

from blip0.common.allowed_targets import ALLOWED_TARGETS
from blip0.common.canonical import canonical_bytes, sha256_hex
from blip0.common.system_settings import setting_value
from blip0.common.tenancy import current_tenant_id, in_public, in_tenant
from blip0.common.validation.stored import findings_replace
from monitors.models import Monitor
from monitors.selectors import prefetch_documents
from monitors.services.documents import Stored
from monitors.services.world import World, examined
from tenants.choices import TenantStatus
from tenants.models import ConfigVersion, LimitOverride, Tenant
from tenants.models.versions import PLATFORM_SCOPE
from triggers.services import trigger_findings_recheck

BATCH: Final = 50
REMEMBERED_S: Final = 24 * 3600
"""Each tenant is looked at once a day at least, since rules change with a deployment, too."""


def findings_recheck(
    *, monitors: Collection[UUID] | None = None, triggers: Collection[UUID] | None = None
) -> int:
    """Check saved objects of the current tenant anew; of how many the findings differ now.

    None means all of a kind. Nothing is locked: who saves meanwhile moves the tenant's version,
    and so the beat looks again.
    """
    return trigger_findings_recheck(ids=triggers) + _monitors_recheck(monitors)


def findings_recheck_due() -> dict[UUID, int]:
    """Check anew the tenants whose findings rest on something that has changed.

    Returns for each of them of how many objects the findings differ now.
    """
    with in_public():
        due = _due()
    done = {}
    for tenant_id, basis in due.items():
        with in_tenant(tenant_id):
            done[tenant_id] = findings_recheck()
        # Of before the look: what changed during it is found by the next one.
        cache.set(_key(tenant_id), basis, REMEMBERED_S)
    return done


def _monitors_recheck(ids: Collection[UUID] | None) -> int:
    live = Monitor.objects.live().order_by("pk")
    if ids is not None:
        live = live.filter(pk__in=ids)
    listed = list(live.values_list("pk", flat=True))
    if not listed:
        return 0
    tenant = Tenant.objects.select_related("plan").get(pk=current_tenant_id())
    world = World.of(tenant)
    differing = 0
    for start in range(0, len(listed), BATCH):
        monitors = list(Monitor.objects.live().filter(pk__in=listed[start : start + BATCH]))
        prefetch_documents(monitors)
        differing += findings_replace(
            "monitor",
            {
                monitor.pk: examined(Stored.of(monitor).values, world).report.findings
                for monitor in monitors
            },
        )
    return differing


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
        if remembered.get(_key(tenant_id)) != basis
    }


def _key(tenant_id: UUID) -> str:
    return f"findings-basis:{tenant_id}"

"""The API benchmark's world, and what the back office shows beside: samples, a busy tenant.

Also as many specs in conflict as its page may have to show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from blip0.benchmarks.world import places_ensure
from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from cachesync.benchmarks.processes import apart
from cachesync.benchmarks.rebuilding import settle
from cachesync.benchmarks.world import require_own_database
from cachesync.models import Sample
from cachesync.services.samples import sample_take
from cachesync.services.sweep import sweep
from cachesync.store import Store
from monitors.choices import ExecutionStatus
from monitors.models import Match, Monitor, TriggerExecution
from monitors.selectors import SpecConflict, SpecHolder
from monitors.services import monitor_update
from monitors.services.spec_conflicts import (
    KEPT_CONFLICTS,
    KEPT_MONITORS,
    KEPT_SPECS,
    spec_conflicts_keep,
)
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.services.networks import network_update
from platform_catalog.services.scripts import script_update
from platform_catalog.services.templates import template_update
from tenants.models import Membership, Tenant, User
from tenants.services.settings import plan_update, tenant_update
from triggers.models import Trigger
from triggers.services import trigger_update

STAFF: Final = "bench-staff@example.com"
SAMPLES: Final = 7 * 24 * 60
"""Of a week, one a minute: as many as are kept."""
MEMBERS: Final = 100
EXECUTIONS: Final = 10_000
"""And as many matches."""


def busy_tenant_ensure(*, tenants: int, monitors: int, say: Callable[[str], None]) -> UUID:
    """Make what is missing, and project it; the id of the tenant where most has happened.

    Raises `Conflict` on a database with other tenants.
    """
    require_own_database(tenants=tenants)
    settings.PROJECTION_RECEIVERS = False  # the sweep finds all that is new
    places = places_ensure(tenants=tenants, monitors=monitors, say=say)
    say("projecting them")
    with apart() as pool:  # a session that has seen every schema is slow, and large
        pool.submit(_project).result()
    _samples_ensure()
    _conflicts_make([place.tenant_id for place in places])
    if not User.objects.filter(email=STAFF).exists():
        User.objects.create_superuser(STAFF, uuid4().hex)
    busy = places[len(places) // 2].tenant_id
    _members_ensure(busy)
    with in_tenant(busy):
        if not TriggerExecution.objects.exists():
            _executions_make()
    _changes_make(busy)
    return busy


def _members_ensure(tenant_id: UUID) -> None:
    lacking = MEMBERS - Membership.objects.filter(tenant=tenant_id).count()
    users = [User(email=f"bench-{uuid4().hex}@example.com", name="Member") for _ in range(lacking)]
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(
        Membership(tenant_id=tenant_id, user=user, role="viewer") for user in users
    )


def _project() -> None:
    store = Store()
    sweep(store=store)
    settle(store)


def _samples_ensure() -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    sample_take(store=Store(), now=now)
    values = Sample.objects.values_list("values", flat=True)[0]
    times = (now - timedelta(minutes=ago) for ago in range(1, SAMPLES))
    Sample.objects.bulk_create(
        (Sample(taken_at=at, values=values) for at in times), ignore_conflicts=True
    )


def _conflicts_make(tenants: Sequence[UUID]) -> None:
    """As many as staff's page may have to show: the tenants of this world agree on every spec."""
    slugs = Tenant.objects.in_bulk(tenants[:KEPT_MONITORS])
    holders = [
        SpecHolder(tenant_id=pk, tenant=tenant.slug, monitor=f"conflict-{number:03}")
        for number, (pk, tenant) in enumerate(slugs.items())
    ]
    specs = {f"{number:064x}" if number else "": holders for number in range(KEPT_SPECS + 1)}
    found = [
        SpecConflict(network="ethereum_mainnet", address=f"0x{number:040x}", specs=specs)
        for number in range(KEPT_CONFLICTS)
    ]
    spec_conflicts_keep(found, looked_at=timezone.now(), seconds=0)


def _changes_make(tenant_id: UUID) -> None:
    """One of each kind that can be undone."""
    actor, text = Actor.system("benchmark"), f"Bench {uuid4().hex}"
    with in_tenant(tenant_id):
        monitor = Monitor.objects.live().earliest("created_at")
        monitor_update(monitor=monitor, data={"description": text}, actor=actor)
        trigger = Trigger.objects.live().earliest("created_at")
        trigger_update(trigger=trigger, data={"name": text}, actor=actor)
    network, script = Network.objects.earliest("slug"), FilterScript.objects.earliest("name")
    network_update(network=network, data={"name": text}, actor=actor)
    script_update(script=script, data={"description": text}, actor=actor)
    template = MonitorTemplate.objects.earliest("slug")
    template_update(template=template, data={"name": text}, actor=actor)
    tenant = Tenant.objects.select_related("plan").get(pk=tenant_id)
    tenant_update(tenant=tenant, data={"name": text}, actor=actor)
    more = {"monitors": tenant.plan.monitors + 1}  # undone, it is asked who would be over
    plan_update(plan=tenant.plan, data=more, actor=actor)


def _executions_make() -> None:
    now = timezone.now()
    monitor, trigger = Monitor.objects.live().first(), Trigger.objects.live().first()
    if monitor is None or trigger is None:
        return
    matches = [
        Match(
            event_id=uuid4().hex,
            monitor_id=monitor.pk,
            monitor_name=monitor.name,
            network="ethereum_mainnet",
            block_number=21_000_000 + number,
            transaction_id=f"0x{number:064x}",
            matched_at=now - timedelta(minutes=number),
            details={"matched": [{"signature": "Transfer(address,address,uint256)"}]},
        )
        for number in range(EXECUTIONS)
    ]
    Match.objects.bulk_create(matches, batch_size=1000)
    TriggerExecution.objects.bulk_create(
        (_execution(match, trigger) for match in matches), batch_size=1000
    )


def _execution(match: Match, trigger: Trigger) -> TriggerExecution:
    return TriggerExecution(
        match=match,
        trigger_id=trigger.pk,
        trigger_name=trigger.name,
        status=ExecutionStatus.DELIVERED,
        executed_at=match.matched_at,
    )

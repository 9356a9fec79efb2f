"""The benchmark's tenants: made in bulk, found again by their slugs, and dropped.

Rows are written past the services, a tenant's monitors in one transaction; their versions are
bumped by the database as ever. The projection has all of it to do afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from blip0.common.tenancy import in_tenant
from cachesync.benchmarks.content import tenant_monitors, tenant_triggers
from monitors.choices import ConditionKind
from monitors.models import (
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from monitors.services.specs import specs_of, store_specs
from platform_catalog.choices import NetworkType
from platform_catalog.models import Network
from tenants.choices import TenantStatus
from tenants.models import Tenant
from tenants.services.lifecycle import tenant_create, tenant_delete, tenant_purge
from triggers.contracts import TRIGGER_TYPES
from triggers.models import Trigger, TriggerConfig
from triggers.store import config_model, config_rows, sealed_config

PREFIX: Final = "bench-"
ACTOR: Final = Actor.system("benchmark")
_LIVE: Final = (TenantStatus.PROVISIONING, TenantStatus.ACTIVE)
_KINDS: Final = {
    "functions": ConditionKind.FUNCTION,
    "events": ConditionKind.EVENT,
    "transactions": ConditionKind.TRANSACTION,
}


def require_own_database(*, tenants: int) -> None:
    """Raises `Conflict` where there are others than that many of the benchmark's own tenants.

    Measuring empties the projection, and takes everything that is there into account.
    """
    foreign = Tenant.objects.exclude(slug__startswith=PREFIX)
    if (tenant := foreign.exclude(status=TenantStatus.DELETED).first()) is not None:
        raise Conflict(
            f"This database holds tenant {tenant.slug!r}, which is not the benchmark's. It runs "
            "on a database and a Redis of its own only: leave out --here."
        )
    if (found := _tenants().count()) > tenants:
        raise Conflict(f"This database holds {found} tenants of a larger run: --drop removes them.")


def world_ensure(*, tenants: int, monitors: int, say: Callable[[str], None]) -> list[UUID]:
    """The ids of that many tenants with that many monitors each; makes what is missing.

    Raises `Conflict` where a tenant of an earlier run has another number of monitors.
    """
    networks = Network.objects.filter(network_type=NetworkType.EVM, enabled=True)
    slugs = list(networks.order_by("slug").values_list("slug", flat=True))
    known = dict(_tenants().values_list("slug", "pk"))
    ids = []
    for number in range(tenants):
        slug = f"{PREFIX}{number:05}"
        if slug not in known:
            tenant = tenant_create(slug=slug, name=slug, plan_slug="enterprise", actor=ACTOR)
            known[slug] = tenant.pk
        with in_tenant(known[slug]):
            found = Monitor.objects.live().count()
            if not found:
                _fill(number, monitors, slugs)
            elif found != monitors:
                raise Conflict(f"{slug} has {found} monitors, not {monitors}: run with --drop.")
        ids.append(known[slug])
        if (number + 1) % 100 == 0:
            say(f"{number + 1} tenants with {monitors} monitors each")
        if (number + 1) % 20 == 0:
            # A session keeps the plans of every schema's triggers, and looks through all of them
            # at each CREATE: after hundreds of schemas, one more would take seconds.
            connection.close()
    return ids


def world_drop() -> int:
    """Purge the benchmark's tenants; how many these were. Their rows stay, as every tenant's."""
    tenants = list(_tenants())
    for tenant in tenants:
        if tenant.status == TenantStatus.ACTIVE:
            tenant_delete(tenant=tenant, actor=ACTOR)
        tenant_purge(tenant=tenant, actor=ACTOR)
    return len(tenants)


def _tenants() -> QuerySet[Tenant]:
    return Tenant.objects.filter(slug__startswith=PREFIX, status__in=_LIVE)


@transaction.atomic
def _fill(seed: int, count: int, networks: list[str]) -> None:
    """The triggers and monitors of the current tenant."""
    triggers = _make_triggers(tenant_triggers(seed))
    documents = list(tenant_monitors(seed, count, networks=networks, triggers=sorted(triggers)))
    specs = [specs_of(document["addresses"]) for document in documents]
    store_specs([spec for some in specs for spec in some])
    rows: dict[type[Model], list[Any]] = defaultdict(list)
    for document, specs_of_one in zip(documents, specs, strict=True):
        alerting = document["alerting"]
        monitor = Monitor(
            slug=document["slug"],
            name=document["name"],
            paused=document["paused"],
            severity=alerting["severity"],
            threshold_amount=alerting["threshold"]["amount"],
            threshold_window_s=alerting["threshold"]["window_s"],
            created_by=ACTOR.name,
        )
        hashes = [spec.sha256 if spec else None for spec in specs_of_one]
        for row in [monitor, *_children(monitor, document, hashes, triggers)]:
            rows[type(row)].append(row)
    for model, some in rows.items():
        QuerySet[Any](model).bulk_create(some, batch_size=1000)


def _make_triggers(documents: Iterable[Mapping[str, Any]]) -> dict[str, UUID]:
    ids: dict[str, UUID] = {}
    configs: dict[str, list[TriggerConfig]] = defaultdict(list)
    triggers = []
    for document in documents:
        kind = document["trigger_type"]
        trigger = Trigger(slug=document["slug"], name=document["name"], trigger_type=kind)
        values = TRIGGER_TYPES.get(kind).values(sealed_config(kind, trigger.pk, document["config"]))
        configs[kind].append(config_model(kind)(trigger=trigger, **values))
        triggers.append(trigger)
        ids[trigger.slug] = trigger.pk
    Trigger.objects.bulk_create(triggers)
    for kind, rows in configs.items():
        config_rows(kind).bulk_create(rows)
    return ids


def _children(
    monitor: Monitor,
    document: Mapping[str, Any],
    specs: list[str | None],
    triggers: Mapping[str, UUID],
) -> Iterable[Model]:
    for position, slug in enumerate(document["networks"]):
        yield MonitorNetwork(monitor=monitor, network_id=slug, position=position)
    for position, slug in enumerate(document["triggers"]):
        yield MonitorTrigger(monitor=monitor, trigger_id=triggers[slug], position=position)
    for position, entry in enumerate(document["addresses"]):
        yield MonitorAddress(
            monitor=monitor,
            position=position,
            address=entry["address"],
            contract_spec_id=specs[position],
        )
    for name, kind in _KINDS.items():
        for position, entry in enumerate(document["match_conditions"][name]):
            yield MatchCondition(monitor=monitor, kind=kind, position=position, **entry)
    for position, entry in enumerate(document["trigger_conditions"]):
        yield ScriptCondition(
            monitor=monitor,
            position=position,
            script_id=PurePosixPath(entry["script_path"]).stem,
            arguments=entry.get("arguments"),
            timeout_ms=entry["timeout_ms"],
        )

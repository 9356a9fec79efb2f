"""Reads over monitors: the tenant's form inside a tenant, and what concerns all tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Count, Max

from blip0.common.db.schemas import select_in_each, tenant_schemas
from blip0.common.exceptions import NotFound
from blip0.common.sealing import CannotOpen, Place, hint, keyring
from blip0.common.tenancy import current_tenant_id, tenant_id_of
from blip0.common.usage import Users
from monitors.choices import ConditionKind, SpecKind
from monitors.contracts import AROUND_TRIGGER, map_viewing_keys
from monitors.models import (
    ContractSpec,
    Monitor,
    MonitorTrigger,
)
from monitors.store import Children, contents_of
from monitors.validators.addresses import compared
from platform_catalog.choices import NetworkType, script_path
from platform_catalog.models import Network
from tenants.choices import Limit
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.selectors import trigger_contents

VIEWING_KEYS = "viewing_keys"

SHORT_HASH: Final = 12
"""Digits of a spec's hash that are enough for people."""

SPEC_KINDS: Final[Mapping[str, str]] = {
    NetworkType.EVM: SpecKind.EVM,
    NetworkType.STELLAR: SpecKind.STELLAR,
    NetworkType.SOLANA: SpecKind.SOLANA,
}
"""The one kind of spec that the runtime reads on a network; it skips others."""
_HELD_SPECS: Final = """
SELECT {name}::text, link.network_id, place.address, spec.sha256, spec.kind, monitor.slug
FROM {schema}.monitors_monitor AS monitor
JOIN {schema}.monitors_monitornetwork AS link ON link.monitor_id = monitor.id
JOIN {schema}.monitors_monitoraddress AS place ON place.monitor_id = monitor.id
LEFT JOIN {schema}.monitors_contractspec AS spec ON spec.sha256 = place.contract_spec_id
WHERE monitor.deleted_at IS NULL
    AND (%(network)s::text IS NULL OR link.network_id = %(network)s)
"""
_Held: TypeAlias = defaultdict[str, list[tuple[UUID, str, str, str]]]
"""Tenant (id, slug), monitor and address as written, by the hash of the spec."""
_ROW_SIZES = """
SELECT monitor.id, monitor.slug,
    octet_length(to_json(monitor.name)::text) + octet_length(monitor.chain_configurations::text)
    + coalesce((SELECT sum(octet_length(network_id) + 3)
        FROM monitors_monitornetwork WHERE monitor_id = monitor.id), 0)
    + coalesce((SELECT sum(octet_length(to_json(address)::text) + 40
            + coalesce(size, 0))
        FROM monitors_monitoraddress LEFT JOIN monitors_contractspec ON sha256 = contract_spec_id
        WHERE monitor_id = monitor.id), 0)
    + coalesce((SELECT sum(octet_length(to_json(signature)::text) + 40
            + coalesce(octet_length(to_json(expression)::text), 0))
        FROM monitors_matchcondition WHERE monitor_id = monitor.id), 0)
    + coalesce((SELECT sum(octet_length(script_id) + 120
            + coalesce(octet_length(to_json(arguments)::text), 0))
        FROM monitors_scriptcondition WHERE monitor_id = monitor.id), 0)
FROM monitors_monitor AS monitor
WHERE deleted_at IS NULL AND id IN (
    SELECT monitor_id FROM monitors_monitortrigger WHERE trigger_id = %(trigger)s)
"""


def monitor_by_slug(slug: str) -> Monitor:
    """The live monitor of the current tenant. Raises `NotFound`. One query."""
    try:
        return Monitor.objects.live().get(slug=slug)
    except Monitor.DoesNotExist:
        raise NotFound(f"There is no monitor `{slug}`.") from None


def monitor_representation(monitor: Monitor) -> dict[str, Any]:
    """One monitor in the tenant's form. Two queries, or none: see `Monitor.content`."""
    return next(each_representation([monitor]))


def monitor_representations(
    monitors: Iterable[Monitor], *, for_json: bool = False
) -> list[dict[str, Any]]:
    """Monitors in the tenant's form, in their order; two queries for any number.

    `for_json` is for those who only write them down: specs stand in as `orjson.Fragment`.
    """
    return list(each_representation(list(monitors), for_json=for_json))


def each_representation(
    monitors: Sequence[Monitor], *, for_json: bool = False
) -> Iterator[dict[str, Any]]:
    """The same one by one, for those who may stop halfway."""
    read = contents_of([monitor.pk for monitor in monitors if monitor.content is None])
    contents = [monitor.content or read[monitor.pk] for monitor in monitors]
    loads = orjson.Fragment if for_json else orjson.loads
    texts = {sha256: text for content in contents for sha256, text in content.specs.items()}
    specs: dict[str, Any] = {sha256: loads(text) for sha256, text in texts.items()}
    return (
        _one(monitor, content.children, specs)
        for monitor, content in zip(monitors, contents, strict=True)
    )


def viewing_key_place(monitor_id: UUID) -> Place:
    """Where a monitor's viewing keys are sealed to."""
    return Place(current_tenant_id(), monitor_id, VIEWING_KEYS)


def network_users(slugs: Collection[str], named: int) -> Users:
    """Which monitors name any of these networks, across all tenants."""
    return _users_in_every_tenant("monitors_monitornetwork", "network_id", slugs, named)


def script_users(names: Collection[str], named: int) -> Users:
    """Which monitors name any of these filter scripts, across all tenants."""
    return _users_in_every_tenant("monitors_scriptcondition", "script_id", names, named)


def trigger_users(ids: Collection[str], named: int) -> Users:
    """Which of the current tenant's monitors fire any of these triggers. One query."""
    links = MonitorTrigger.objects.filter(trigger__in=[UUID(text) for text in ids])
    slugs = links.order_by("monitor__slug").values_list("monitor__slug", flat=True).distinct()
    users = [f"monitor {slug}" for slug in slugs]
    return Users(number=len(users), named=users[:named])


def _most(children: str) -> str:
    return (
        "SELECT {name}::text, coalesce(max(number), 0) FROM (SELECT count(*) AS number "
        f"FROM {{schema}}.{children} AS child JOIN {{schema}}.monitors_monitor AS monitor "
        "ON monitor.id = child.monitor_id WHERE monitor.deleted_at IS NULL "
        "GROUP BY monitor.id) AS counted"
    )


USE_OF_LIMITS: Final[Mapping[str, str]] = {
    Limit.MONITORS.value: "SELECT {name}::text, count(*) FROM {schema}.monitors_monitor "
    "WHERE deleted_at IS NULL",
    Limit.SPEC_BYTES.value: "SELECT {name}::text, coalesce(max(size), 0) "
    "FROM {schema}.monitors_contractspec",
    Limit.ADDRESSES.value: _most("monitors_monitoraddress"),
    Limit.CONDITIONS.value: _most("monitors_matchcondition"),
    Limit.MONITOR_TRIGGERS.value: _most("monitors_monitortrigger"),
}
"""The same as `used_of_limits`, for `blip0.common.limit_use`: many tenants a statement."""


def used_of_limits() -> dict[Limit, int]:
    """What the current tenant uses of each limit but the calls. Six queries.

    Of a limit that each monitor has, it is the most that one monitor uses.
    """
    live = Monitor.objects.live()

    def most(children: str) -> int:
        counted = live.annotate(number=Count(children))
        return counted.aggregate(most=Max("number"))["most"] or 0

    return {
        Limit.MONITORS: live.count(),
        Limit.TRIGGERS: Trigger.objects.live().count(),
        Limit.SPEC_BYTES: ContractSpec.objects.aggregate(most=Max("size"))["most"] or 0,
        Limit.ADDRESSES: most("addresses"),
        Limit.CONDITIONS: most("match_conditions"),
        Limit.MONITOR_TRIGGERS: most("trigger_links"),
    }


def tenants_with_ended_snoozes(now: datetime) -> list[UUID]:
    """The tenants in which a snooze has ended, a hundred tenants a statement."""
    rows = select_in_each(
        tenant_schemas("monitors_monitor"),
        "SELECT {name}::text WHERE EXISTS "
        "(SELECT FROM {schema}.monitors_monitor WHERE snoozed_until <= %(now)s)",
        {"now": now},
    )
    return [tenant_id for (schema,) in rows if (tenant_id := tenant_id_of(schema)) is not None]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecHolder:
    """A monitor, by slugs, that holds one of the specs in conflict, or none."""

    tenant_id: UUID
    tenant: str
    monitor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecConflict:
    """An address of a network for which monitors hold different specs: the runtime uses one.

    `specs` are the holders of each spec by its hash. Under "" are monitors that bring none: theirs
    is no conflict, but they are read with one of the others, too.
    """

    network: str
    address: str
    specs: Mapping[str, Sequence[SpecHolder]]


def spec_conflicts(*, network: str | None = None) -> list[SpecConflict]:
    """Where live monitors of all tenants hold different specs, paused ones too.

    A hundred tenants a statement, and two queries. What is in mind meanwhile grows with the number
    of addresses.
    """
    types = dict(Network.objects.values_list("slug", "network_type"))
    tenants = {
        schema: (tenant_id, slug)
        for schema, tenant_id, slug in Tenant.objects.values_list("schema_name", "pk", "slug")
    }
    held: defaultdict[tuple[str, str], _Held] = defaultdict(lambda: defaultdict(list))
    for schema, slug, address, sha256, kind, monitor in select_in_each(
        tenant_schemas("monitors_monitoraddress"), _HELD_SPECS, {"network": network}
    ):
        used = sha256 if kind and kind == SPEC_KINDS.get(types.get(slug, "")) else ""
        if schema in tenants:
            held[slug, compared(address)][used].append((*tenants[schema], monitor, address))
    return [
        _conflict(slug, by_spec)
        for (slug, _), by_spec in sorted(held.items(), key=lambda item: item[0])
        if len(by_spec.keys() - {""}) > 1
    ]


def _conflict(network: str, held: _Held) -> SpecConflict:
    return SpecConflict(
        network=network,
        address=min(address for rows in held.values() for *_, address in rows),
        specs={
            sha256: sorted(
                (
                    SpecHolder(tenant_id=tenant_id, tenant=tenant, monitor=monitor)
                    for tenant_id, tenant, monitor, _ in rows
                ),
                key=lambda holder: (holder.tenant, holder.monitor),
            )
            # The hashes in order, and last those that bring no spec.
            for sha256, rows in sorted(held.items(), key=lambda item: (not item[0], item[0]))
        },
    )


def monitor_rows_sizes(trigger: Trigger) -> dict[str, int]:
    """Bytes of the documents of the live monitors that name a trigger, by slug.

    That is of what their rows and triggers add; what the platform puts around is left out. Three
    queries, which load no text of a spec.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ROW_SIZES, {"trigger": trigger.pk})
        rows: list[tuple[UUID, str, int]] = cursor.fetchall()
    sizes = {monitor_id: size for monitor_id, _, size in rows}
    links = list(
        MonitorTrigger.objects.filter(monitor__in=sizes).values_list("monitor_id", "trigger__slug")
    )
    contents = trigger_contents({slug for _, slug in links})
    for monitor_id, slug in links:
        sizes[monitor_id] += contents[slug].size + AROUND_TRIGGER
    return {slug: sizes[monitor_id] for monitor_id, slug, _ in rows}


def _users_in_every_tenant(table: str, column: str, ids: Collection[str], named: int) -> Users:
    """All are counted, from one table of each schema; monitors are read in the first schemas only.

    Planning takes most of the time, and each table of a statement adds to it.
    """
    where = f"FROM {{schema}}.{table} AS used WHERE used.{column} = ANY(%(ids)s)"
    asked = {"ids": list(ids), "named": named}
    counted = list(
        select_in_each(
            tenant_schemas(table),
            f"SELECT {{name}}::text, count(DISTINCT used.monitor_id) {where} HAVING count(*) > 0",
            asked,
        )
    )
    before = accumulate((number for _, number in counted), initial=0)
    first = [schema for (schema, _), seen in zip(counted, before, strict=False) if seen < named]
    rows = select_in_each(
        first,
        "SELECT {name}::text, slug FROM {schema}.monitors_monitor "
        f"WHERE id IN (SELECT used.monitor_id {where}) ORDER BY slug LIMIT %(named)s",
        asked,
    )
    tenants = dict(Tenant.objects.filter(schema_name__in=first).values_list("schema_name", "slug"))
    users = [f"monitor {slug} of {tenants.get(schema, schema)}" for schema, slug in rows]
    return Users(number=sum(number for _, number in counted), named=sorted(users)[:named])


def _one(monitor: Monitor, children: Children, specs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(monitor.pk),
        "slug": monitor.slug,
        "name": monitor.name,
        "description": monitor.description,
        "paused": monitor.paused,
        "snoozed_until": monitor.snoozed_until.isoformat() if monitor.snoozed_until else None,
        "networks": children.networks,
        "addresses": [
            {"address": address}
            if spec is None
            else {"address": address, "contract_spec": specs[spec]}
            for address, spec in children.addresses
        ],
        "match_conditions": _match_conditions(children),
        "trigger_conditions": _script_conditions(children),
        "triggers": children.triggers,
        "chain_configurations": _masked_configurations(monitor),
        "alerting": _alerting(monitor),
        "version": monitor.version,
        "created_at": monitor.created_at.isoformat(),
        "updated_at": monitor.updated_at.isoformat(),
    }


def _match_conditions(children: Children) -> dict[str, list[dict[str, str]]]:
    lists: dict[str, list[dict[str, str]]] = {
        ConditionKind.FUNCTION: [],
        ConditionKind.EVENT: [],
        ConditionKind.TRANSACTION: [],
    }
    for kind, signature, status, expression in children.conditions:
        is_transaction = kind == ConditionKind.TRANSACTION
        subject = {"status": status} if is_transaction else {"signature": signature}
        if expression is not None:
            subject["expression"] = expression
        lists[kind].append(subject)
    return {
        "functions": lists[ConditionKind.FUNCTION],
        "events": lists[ConditionKind.EVENT],
        "transactions": lists[ConditionKind.TRANSACTION],
    }


def _script_conditions(children: Children) -> list[dict[str, Any]]:
    return [
        {
            "script_path": script_path(name, language),
            "language": language,
            "timeout_ms": timeout_ms,
            **({} if arguments is None else {"arguments": arguments}),
        }
        for name, language, arguments, timeout_ms in children.scripts
    ]


def _alerting(monitor: Monitor) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if monitor.severity:
        shown["severity"] = monitor.severity
    if monitor.threshold_amount is not None:
        shown["threshold"] = {
            "amount": monitor.threshold_amount,
            "window_s": monitor.threshold_window_s,
        }
    if monitor.min_interval_s is not None:
        shown["min_interval_s"] = monitor.min_interval_s
    return shown


def _masked_configurations(monitor: Monitor) -> list[dict[str, Any]]:
    if not monitor.chain_configurations:
        return []
    place, ring = viewing_key_place(monitor.pk), keyring()

    def mask(_pointer: str, key: dict[str, str]) -> dict[str, Any]:
        try:
            plain = ring.open(key["value"], place)
        except CannotOpen:  # a reader learns that one is set; who renders it reports the fault
            plain = ""
        return {"set": True, "hint": hint(plain)}

    masked: list[dict[str, Any]] = map_viewing_keys(monitor.chain_configurations, mask)
    return masked

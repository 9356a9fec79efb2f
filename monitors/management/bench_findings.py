"""How long it takes to find anew what there is to say about saved objects: `bench findings`.

The tenants are real ones, made for it and purged after it; their rows are written in bulk, past
the services. A round is the beat's: with its budget, and as many of them as it takes.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from blip0.common.tenancy import in_tenant
from monitors.choices import ConditionKind
from monitors.models import (
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
)
from monitors.services import findings_recheck_due
from monitors.services.specs import specs_of, store_specs
from platform_catalog.choices import NetworkType
from platform_catalog.models import Network
from tenants.models import Plan, Tenant
from tenants.services.lifecycle import tenant_create, tenant_delete, tenant_purge
from triggers.services import trigger_create

ACTOR: Final = Actor.system("benchmark")
CONTRACTS: Final = 20
"""Different contracts of a tenant; their ABIs have about 15 KB."""
FUNCTIONS: Final = 60


@dataclass(frozen=True, slots=True)
class Measured:
    """`rounds`: seconds of each of the beat's rounds until nothing was due any more.

    `first_round`: how many of the tenants had a turn in the first one.
    """

    tenants: int
    monitors: int
    rounds: tuple[float, ...]
    first_round: int


def measure(*, tenants: int, monitors: int) -> Measured:
    """With so many tenants, and so many monitors of each. Raises `Conflict` without a catalogue."""
    network = Network.objects.filter(network_type=NetworkType.EVM, enabled=True).first()
    if network is None:
        raise Conflict("The catalogue has no EVM network. Run `manage.py load_catalog` first.")
    with _tenants(tenants) as made:
        for tenant in made:
            with in_tenant(tenant.pk):
                _fill(tenant, network, monitors)
        ours = {tenant.pk for tenant in made}
        rounds: list[float] = []
        first: set[UUID] = set()
        looked_at = ours
        while looked_at:
            started = time.perf_counter()
            looked_at = findings_recheck_due().keys() & ours
            rounds.append(time.perf_counter() - started)
            first = first or looked_at
        return Measured(tenants, tenants * monitors, tuple(rounds[:-1]), len(first))


@contextmanager
def _tenants(count: int) -> Iterator[list[Tenant]]:
    plan = Plan.objects.order_by("-monitors")[0].slug
    made: list[Tenant] = []
    try:
        for _ in range(count):
            slug = f"bench-{uuid.uuid4().hex[:12]}"
            made.append(tenant_create(slug=slug, name=slug, plan_slug=plan, actor=ACTOR))
        yield made
    finally:
        for tenant in made:
            tenant_purge(tenant=tenant_delete(tenant=tenant, actor=ACTOR), actor=ACTOR)


def _fill(tenant: Tenant, network: Network, count: int) -> None:
    trigger = trigger_create(tenant=tenant, data=_TRIGGER, actor=ACTOR)
    specs = specs_of([{"contract_spec": _abi(number)} for number in range(CONTRACTS)])
    store_specs(specs)
    monitors = Monitor.objects.bulk_create(
        Monitor(slug=f"m-{number}", name=f"Monitor {number}") for number in range(count)
    )
    MonitorNetwork.objects.bulk_create(
        MonitorNetwork(monitor=monitor, network=network, position=0) for monitor in monitors
    )
    MonitorAddress.objects.bulk_create(
        MonitorAddress(
            monitor=monitor,
            position=0,
            address=f"0x{number % CONTRACTS:040x}",
            contract_spec=specs[number % CONTRACTS],
        )
        for number, monitor in enumerate(monitors)
    )
    MatchCondition.objects.bulk_create(
        condition for monitor in monitors for condition in _conditions(monitor)
    )
    MonitorTrigger.objects.bulk_create(
        MonitorTrigger(monitor=monitor, trigger=trigger, position=0) for monitor in monitors
    )


def _conditions(monitor: Monitor) -> Iterator[MatchCondition]:
    for position in range(3):
        yield MatchCondition(
            monitor=monitor,
            kind=ConditionKind.EVENT,
            position=position,
            signature=f"event{position}(address,address,uint256)",
            expression="value > 1000000 and (from == 0xAb or to != 0xCd)",
        )
    yield MatchCondition(
        monitor=monitor,
        kind=ConditionKind.FUNCTION,
        position=0,
        signature="misspelt(address,address,uint256)",
    )


def _abi(number: int) -> list[dict[str, Any]]:
    inputs = [
        {"name": name, "type": kind, "internalType": kind}
        for name, kind in (("from", "address"), ("to", "address"), ("value", "uint256"))
    ]
    return [
        *(
            {"type": "event", "name": f"event{n}", "anonymous": False, "inputs": inputs}
            for n in range(10)
        ),
        *(
            {
                "type": "function",
                "name": f"function{number}of{n}",
                "stateMutability": "nonpayable",
                "inputs": inputs,
                "outputs": [{"name": "", "type": "bool"}],
            }
            for n in range(FUNCTIONS)
        ),
    ]


_TRIGGER: Final = {
    "name": "Operations",
    "trigger_type": "webhook",
    "config": {
        "url": {"type": "Plain", "value": "https://hooks.example.org/alerts"},
        "headers": {"X-API-Key": "something"},
        "message": {"title": "Alert", "body": "See ${transaction.hash}: ${events.0.args.value}"},
    },
}

"""A platform in use, for pictures: more tenants, people, history and trouble than the demo has.

All names and addresses are made up. Made once: where the tenants are there, nothing is changed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from cachesync.keys import KIND_MONITOR, Scope
from cachesync.models import Sample
from cachesync.reader import Follower, connect, sealing_keys
from cachesync.services.figures import figures_read
from cachesync.services.reconcile import reconcile
from cachesync.services.samples import sample_take, sample_values
from cachesync.store import Store
from monitors.choices import ExecutionStatus
from monitors.models import ContractSpec, Match, Monitor, TriggerExecution
from monitors.services.changes import monitor_create, monitor_update
from monitors.services.states import monitor_pause, monitor_snooze
from monitors.tests.factories import make_monitor_document
from platform_catalog.models import BlockProgress, FilterScript, Network
from platform_catalog.selectors import script_version
from platform_catalog.services.scripts import script_publish_version
from tenants.choices import Role
from tenants.contracts import role_permissions
from tenants.models import ApiKey, AuditRecord, Tenant, User
from tenants.services.api_keys import api_key_create, api_key_revoke
from tenants.services.families import family_begin
from tenants.services.invitations import invitation_create
from tenants.services.lifecycle import tenant_create, tenant_delete, tenant_suspend
from tenants.services.members import member_add
from tenants.services.settings import domain_add, limit_overrides_set
from tenants.services.system_settings import setting_update
from tenants.services.users import user_create
from triggers.models import DeliveryTest, Trigger
from triggers.services.changes import trigger_create
from triggers.tests.factories import document

ACTOR: Final = Actor.system("scenery")
TENANTS: Final = {
    "northwind": ("Northwind Custody", "enterprise"),
    "harbor": ("Harbor Exchange", "starter"),
    "lumen": ("Lumen Bridge", "free"),
    "quarry": ("Quarry Labs", "free"),
}
MONITORS: Final = {
    "northwind": ("Cold wallet outflow", "Approvals to unknown spenders", "Failed withdrawals"),
    "harbor": ("Hot wallet top-up", "Listing contract paused"),
    "lumen": tuple(f"Bridge lane {number}" for number in range(1, 11)),
}
PEOPLE: Final = {
    "northwind": {"mira": Role.OWNER, "jonas": Role.ADMIN, "aiko": Role.EDITOR},
    "harbor": {"dana": Role.OWNER, "luis": Role.VIEWER},
    "lumen": {"noor": Role.OWNER},
    "quarry": {"petra": Role.OWNER},
}
FAILURES: Final = (
    "HTTP 429: slow down, 30 calls a minute are allowed",
    "connection to hooks.example.org timed out after 10 s",
)


def scenery_make() -> Mapping[str, str]:
    """Make all of it, through the services where there is one, and project it.

    Ids of what the pictures are of, by what stands for them in a URL.
    """
    _make()
    reconcile(store=Store())
    demo = Tenant.objects.get(slug="demo")
    with in_tenant(demo.pk):
        monitors = dict(Monitor.objects.live().values_list("slug", "pk"))
        places = {
            "monitor": monitors["large-usdc-transfers"],
            "paused": monitors["stablecoin-mints"],
            "trigger": Trigger.objects.get(slug="ops-slack").pk,
            "match": Match.objects.filter(executions__status=ExecutionStatus.FAILED)[0].pk,
            "spec": ContractSpec.objects.filter(kind="evm")[0].pk,
        }
    script = FilterScript.objects.get(name="evm_argument_range")
    places |= {
        "tenant": demo.pk,
        "suspended": Tenant.objects.get(slug="harbor").pk,
        "member": demo.memberships.get(user__email="tomas@demo.example").pk,
        "key": ApiKey.objects.get(name="Grafana").pk,
        "operator": User.objects.get(email="operator@blip0.localhost").pk,
        "version": script_version(script, 1).pk,
        "record": AuditRecord.objects.filter(reason__startswith="Too many alerts")[0].pk,
    }
    return {name: str(pk) for name, pk in places.items()}


def _make() -> None:
    if Tenant.objects.filter(slug__in=TENANTS).exists():
        return
    for slug, (name, plan) in TENANTS.items():
        tenant = tenant_create(slug=slug, name=name, plan_slug=plan, actor=ACTOR)
        _people(tenant)
        with in_tenant(tenant.pk):
            _monitors(tenant)
    demo = Tenant.objects.get(slug="demo")
    _settled(demo)
    with in_tenant(demo.pk):
        _history(demo)
    _platform()


def _people(tenant: Tenant) -> None:
    for first_name, role in PEOPLE[tenant.slug].items():
        user = user_create(email=f"{first_name}@{tenant.slug}.example", actor=ACTOR)
        User.objects.filter(pk=user.pk).update(name=first_name.title())
        member_add(tenant=tenant, user=user, role=role, actor=ACTOR)


def _monitors(tenant: Tenant) -> None:
    for name in MONITORS.get(tenant.slug, ()):
        monitor_create(
            tenant=tenant,
            data=_plain(name=name, slug=name.lower().replace(" ", "-")),
            actor=ACTOR,
        )


def _plain(**changes: Any) -> dict[str, Any]:
    return make_monitor_document(trigger_conditions=[], **changes)


def _settled(tenant: Tenant) -> None:
    """What a tenant has beside monitors: keys, invitations, a domain, limits, a sign-in."""
    now, owner = timezone.now(), tenant.memberships.select_related("user").get()
    held = role_permissions(Role.OWNER)
    for name, days in (("CI of the treasury", 90), ("Grafana", 3), ("Laptop of Mira", 30)):
        key, _ = api_key_create(
            tenant_id=tenant.pk,
            creator=owner.user,
            held=held,
            name=name,
            scopes=["monitors.read", "executions.read"] if days == 3 else sorted(held)[:4],
            actor=ACTOR,
            expires_at=now + timedelta(days=days),
        )
    api_key_revoke(api_key=key, actor=ACTOR, reason="The laptop was lost.")
    ApiKey.objects.filter(name="Grafana").update(last_used_at=now - timedelta(minutes=4))
    for email, role in (("audit@harbor.example", Role.VIEWER), ("ops@harbor.example", Role.EDITOR)):
        invitation_create(
            tenant_id=tenant.pk,
            email=email,
            role=role,
            inviter=owner.user,
            held=held,
            actor=ACTOR,
        )
    for name, role in (("rosa", Role.ADMIN), ("tomas", Role.VIEWER)):
        user = user_create(email=f"{name}@demo.example", actor=ACTOR)
        User.objects.filter(pk=user.pk).update(name=name.title())
        member_add(tenant=tenant, user=user, role=role, actor=ACTOR)
    family_begin(membership=owner, lifetime=timedelta(days=7), now=now)
    domain_add(tenant=tenant, domain="watch.demo.example", is_primary=True, actor=ACTOR)
    limit_overrides_set(
        tenant=tenant,
        overrides=[{"limit": "monitors", "value": 250, "reason": "Agreed with sales, ticket 4711"}],
        actor=ACTOR,
    )


def _history(tenant: Tenant) -> None:
    """Changes, states, matches and deliveries inside a tenant."""
    large = Monitor.objects.get(slug="large-usdc-transfers")
    monitor_update(
        monitor=large,
        data={"description": "Ten thousand and more.\nAsk treasury before changing it."},
        actor=ACTOR,
    )
    conditions = make_monitor_document()["match_conditions"]
    conditions["events"][0]["expression"] = "value > 25000000000"
    monitor_update(
        monitor=large,
        data={"match_conditions": conditions},
        actor=ACTOR,
        reason="Too many alerts below 25,000",
    )
    for name in ("Approvals of the vault", "Bridge deposits", "Stablecoin mints"):
        monitor_create(
            tenant=tenant,
            data=_plain(name=name, slug=name.lower().replace(" ", "-"), triggers=["ops-slack"]),
            actor=ACTOR,
        )
    now = timezone.now()
    monitor_pause(
        monitor=Monitor.objects.get(slug="stablecoin-mints"), actor=ACTOR, reason="Issuer's upgrade"
    )
    monitor_snooze(
        monitor=Monitor.objects.get(slug="bridge-deposits"),
        until=now + timedelta(hours=20),
        now=now,
        actor=ACTOR,
        reason="Known load test",
    )
    trigger_create(tenant=tenant, data=document("telegram", name="On call"), actor=ACTOR)
    _matches(list(Monitor.objects.live().filter(paused=False)), now)
    for trigger, succeeded in zip(Trigger.objects.live(), (True, False, True), strict=False):
        DeliveryTest.objects.create(
            trigger=trigger,
            succeeded=succeeded,
            status="200" if succeeded else "404",
            duration_ms=131,
            requested_by="owner@blip0.localhost",
        )


def _matches(monitors: list[Monitor], now: datetime) -> None:
    triggers = list(Trigger.objects.live())
    for number in range(60):
        monitor = monitors[number % len(monitors)]
        at = now - timedelta(minutes=7 * number + 2)
        match = Match.objects.create(
            event_id=f"scenery-{number}",
            monitor_id=monitor.pk,
            monitor_name=monitor.name,
            network="ethereum_mainnet",
            block_number=21_400_000 - 35 * number,
            transaction_id="0x" + hashlib.sha256(str(number).encode()).hexdigest(),
            matched_at=at,
            details={
                "signature": "Transfer(address,address,uint256)",
                "arguments": {
                    "from": "0x28C6c06298d514Db089934071355E5743bf21d60",
                    "to": "0x21a31Ee1afC51d94C2eFcCAa2092aD1028285549",
                    "value": str(10**10 * (number + 3)),
                },
            },
        )
        trigger = triggers[number % len(triggers)]
        attempts = (
            [(ExecutionStatus.FAILED, FAILURES[number % 2]), (ExecutionStatus.DELIVERED, "")]
            if number % 6 == 0
            else [(ExecutionStatus.SUPPRESSED, "")]
            if number % 9 == 0
            else [(ExecutionStatus.DELIVERED, "")]
        )
        for attempt, (status, error) in enumerate(attempts, start=1):
            TriggerExecution.objects.create(
                match=match,
                trigger_id=trigger.pk,
                trigger_name=trigger.name,
                attempt=attempt,
                status=status,
                error=error,
                duration_ms=None if status == ExecutionStatus.SUPPRESSED else 90 + 7 * number,
                executed_at=at + timedelta(seconds=30 * attempt),
            )


def _platform() -> None:
    script = FilterScript.objects.get(name="evm_argument_range")
    content = script_version(script, script.current_version).content
    script_publish_version(
        script=script,
        content=content.rstrip("\n") + "\n# Amounts are in the token's smallest unit.\n",
        note="Says what the amounts are in",
        actor=ACTOR,
    )
    setting_update(key="staff_idle_minutes", value=45, actor=ACTOR, reason="Policy of 2026")
    for slug, blocks in (("ethereum_mainnet", 21_400_008), ("stellar_mainnet", 55_120_300)):
        if network := Network.objects.filter(slug=slug).first():
            BlockProgress.objects.create(
                network=network,
                block_number=blocks,
                instance="runtime-a",
                reported_at=timezone.now(),
            )
    tenant_suspend(
        tenant=Tenant.objects.get(slug="harbor"), reason="Invoice 2214 is overdue", actor=ACTOR
    )
    tenant_delete(tenant=Tenant.objects.get(slug="quarry"), reason="They asked for it", actor=ACTOR)


def charts_make() -> None:
    """A day of samples up to now, so that the home page's charts have a line."""
    now = timezone.now().replace(second=0, microsecond=0)
    values = sample_values(figures_read(store=Store(), now=now))
    dice = random.Random(1)
    samples = []
    Sample.objects.filter(pk=now).delete()
    sample_take(store=Store(), now=now)
    for minutes in range(10, 24 * 60, 10):
        taken_at = now - timedelta(minutes=now.minute % 10 + minutes)
        then = deepcopy(values)
        for one in then["documents"]:
            if (one["kind"], one["state"]) == (KIND_MONITOR, "active"):
                one["count"] = max(0, one["count"] - minutes // 240)
        if then["redis"]:
            then["redis"]["staleness_s"] = {"tenant": round(dice.expovariate(8), 2)}
        samples.append(Sample(taken_at=taken_at, values=then))
    Sample.objects.bulk_create(samples, ignore_conflicts=True)


def runtimes(names: Sequence[str]) -> list[Follower]:
    """Runtimes that read and acknowledge, and watch nothing."""
    keys = sealing_keys(settings.SEALING_KEYS)
    return [
        Follower(connect(settings.REDIS_PROJECTION_URL), instance=name, keys=keys) for name in names
    ]


def altered(places: Mapping[str, str]) -> Callable[[], None]:
    """What writes other bytes into the document of the pictured monitor, past the projection."""
    client, key = Store().client, Scope(places["tenant"]).document(places["monitor"])
    body = str(client.get(key)).replace("25000000000", "99000000000")

    def alter() -> None:
        client.set(key, body)

    return alter

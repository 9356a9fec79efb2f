"""The writers: transactions of every kind, each with a marker that only grows, through services
where there is one and past them where people go past them.

A transaction tells the journal what it makes right before COMMIT, and whether it committed right
after, before the write-through that also waits for the commit.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from blip0.common.exceptions import DomainError
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from cachesync.tests.conftest import ACTOR, make_monitor
from cachesync.tests.faults.journal import Fact, Journal, ObjectState, Stage
from monitors.models import Monitor, MonitorNetwork, MonitorTrigger
from monitors.services import monitor_delete, monitor_pause, monitor_resume, monitor_update
from platform_catalog.models import Network
from platform_catalog.services.networks import network_disable, network_enable
from tenants.models import Tenant
from tenants.services.lifecycle import tenant_delete, tenant_purge
from triggers.models import SlackConfig, Trigger
from triggers.services import trigger_update

FEWEST, MOST = 3, 8
"""Monitors of a tenant."""
VERY_MANY = 450
SWITCHED_NETWORK = "base"
"""The one that goes and comes back; every monitor has another one, too."""
NETWORKS = ["ethereum_mainnet", SWITCHED_NETWORK]


class Abandoned(Exception):
    """The writer changes its mind at the last moment."""


def state_of(monitor: Monitor) -> ObjectState:
    if monitor.deleted_at is not None:
        return ObjectState.DELETED
    return ObjectState.PAUSED if monitor.paused else ObjectState.ACTIVE


def alerting(marker: int) -> dict[str, object]:
    return {"alerting": {"min_interval_s": marker}}


@dataclass
class Work:
    """One transaction in one tenant. `tell` what it makes; markers come after the locks."""

    tenant: Tenant
    facts: list[Fact] = field(default_factory=list)

    @property
    def scope(self) -> str:
        return str(self.tenant.pk)

    def marker(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('public.fault_marker')")
            return int(cursor.fetchone()[0])

    def tell(self, object_id: object, marker: int, state: ObjectState) -> None:
        self.facts.append(Fact(self.scope, str(object_id), marker, state))

    def locked(self, *monitors: Monitor) -> list[Monitor]:
        """The rows as they are now. In the order of their ids, so that nobody waits in a ring."""
        rows = Monitor.objects.live().select_for_update(no_key=True)
        return list(rows.filter(pk__in=[monitor.pk for monitor in monitors]).order_by("pk"))


Operation = Callable[[Work, random.Random], None]


class Writer:
    """Writes into some tenants until told to stop. One thread, one connection."""

    def __init__(self, journal: Journal, tenants: list[Tenant], seed: int) -> None:
        self._journal = journal
        self.tenants = tenants
        self.dice = random.Random(seed)

    def write(self, operation: Operation | None = None, tenant: Tenant | None = None) -> bool:
        """One transaction, at random or as given; whether it committed for certain."""
        tenant = tenant or self.dice.choice(self.tenants)
        operation = operation or self.dice.choices(list(OPERATIONS), list(OPERATIONS.values()))[0]
        name = str(uuid.uuid4())
        work = Work(tenant)
        told = False
        try:
            with in_tenant(tenant.pk), transaction.atomic():
                # First of all that wait for the commit: the write-through comes after it.
                transaction.on_commit(partial(self._journal.write, Stage.COMMITTED, tx=name))
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO public.fault_transaction VALUES (%s)", [name])
                operation(work, self.dice)
                told = True
                self._journal.committing(name, work.facts)
        except (OperationalError, InterfaceError):
            # Nobody knows whether it committed: `resolve` asks the database.
            connection.close()
            return False
        except (DatabaseError, DomainError, InvalidDocument, Abandoned):
            if told:
                self._journal.write(Stage.ROLLED_BACK, tx=name)
            return False
        return True


def _some(dice: random.Random, count: int) -> list[Monitor]:
    monitors = list(Monitor.objects.live().order_by("pk"))
    return dice.sample(monitors, min(count, len(monitors)))


def by_service(work: Work, dice: random.Random) -> None:
    for monitor in work.locked(*_some(dice, 1)):
        marker = work.marker()
        changed = monitor_update(monitor=monitor, data=alerting(marker), actor=ACTOR)
        work.tell(changed.pk, marker, state_of(changed))


def pause_or_resume(work: Work, dice: random.Random) -> None:
    for monitor in work.locked(*_some(dice, 1)):
        marker = work.marker()
        change = monitor_resume if monitor.paused else monitor_pause
        changed = change(monitor=monitor, actor=ACTOR)
        Monitor.objects.filter(pk=changed.pk).update(min_interval_s=marker)
        work.tell(changed.pk, marker, state_of(changed))


def save_one_update_other(work: Work, dice: random.Random) -> None:
    """The second row sends no signal, and must show together with the first one."""
    monitors = work.locked(*_some(dice, 2))
    if len(monitors) == 2:
        dice.shuffle(monitors)
        saved, updated = monitors
        marker = work.marker()
        monitor_update(monitor=saved, data=alerting(marker), actor=ACTOR)
        Monitor.objects.filter(pk=updated.pk).update(min_interval_s=marker)
        for monitor in monitors:
            work.tell(monitor.pk, marker, state_of(monitor))


def in_bulk(work: Work, dice: random.Random) -> None:
    monitors = work.locked(*_some(dice, MOST))
    marker = work.marker()
    for monitor in monitors:
        monitor.min_interval_s = marker
        work.tell(monitor.pk, marker, state_of(monitor))
    Monitor.objects.bulk_update(monitors, ["min_interval_s"])


def by_raw_sql(work: Work, dice: random.Random) -> None:
    for monitor in work.locked(*_some(dice, 2)):
        marker = work.marker()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE monitors_monitor SET min_interval_s = %s WHERE id = %s",
                [marker, monitor.pk],
            )
        work.tell(monitor.pk, marker, state_of(monitor))


def link_or_unlink(work: Work, dice: random.Random) -> None:
    for monitor in work.locked(*_some(dice, 1)):
        marker = work.marker()
        links = MonitorTrigger.objects.filter(monitor=monitor)
        trigger = Trigger.objects.live().order_by("?").first()
        if links.exists():
            links.delete()
        elif trigger is not None:
            MonitorTrigger.objects.bulk_create(
                [MonitorTrigger(monitor=monitor, trigger=trigger, position=0)]
            )
        Monitor.objects.filter(pk=monitor.pk).update(min_interval_s=marker)
        work.tell(monitor.pk, marker, state_of(monitor))


def trigger_by_service(work: Work, dice: random.Random) -> None:
    """One row that many documents hold."""
    trigger = Trigger.objects.live().select_for_update(no_key=True).order_by("pk").first()
    if trigger is not None:
        marker = work.marker()
        message = {"title": "${monitor.name}", "body": f"marker {marker}"}
        trigger_update(trigger=trigger, data={"config": {"message": message}}, actor=ACTOR)
        work.tell(trigger.pk, marker, ObjectState.TOLD)


def trigger_by_raw_sql(work: Work, dice: random.Random) -> None:
    trigger = Trigger.objects.live().select_for_update(no_key=True).order_by("pk").first()
    if trigger is not None:
        marker = work.marker()
        SlackConfig.objects.filter(pk=trigger.pk).update(message_body=f"marker {marker}")
        work.tell(trigger.pk, marker, ObjectState.TOLD)


def create(work: Work, dice: random.Random) -> None:
    if Monitor.objects.live().count() < MOST:
        marker = work.marker()
        triggers = list(Trigger.objects.live().values_list("slug", flat=True)[:1])
        enabled = Network.objects.filter(slug__in=NETWORKS, enabled=True)
        networks = list(enabled.order_by("-slug").values_list("slug", flat=True))
        data = {"networks": networks, "triggers": triggers, **alerting(marker)}
        monitor = make_monitor(work.tenant, f"m-{uuid.uuid4().hex[:12]}", **data)
        work.tell(monitor.pk, marker, ObjectState.ACTIVE)


def delete(work: Work, dice: random.Random) -> None:
    if Monitor.objects.live().count() > FEWEST:
        for monitor in work.locked(*_some(dice, 1)):
            marker = work.marker()
            monitor_delete(monitor=monitor, actor=ACTOR)
            work.tell(monitor.pk, marker, ObjectState.DELETED)


def delete_by_cascade(work: Work, dice: random.Random) -> None:
    """The row itself goes, and all that hangs on it, without a service."""
    if Monitor.objects.live().count() > FEWEST:
        for monitor in work.locked(*_some(dice, 1)):
            work.tell(monitor.pk, work.marker(), ObjectState.DELETED)
            monitor.delete()


def delete_all(work: Work, dice: random.Random) -> None:
    for monitor in work.locked(*Monitor.objects.live()):
        work.tell(monitor.pk, work.marker(), ObjectState.DELETED)
        monitor_delete(monitor=monitor, actor=ACTOR)


def purge_tenant(work: Work, dice: random.Random) -> None:
    """Everything of the tenant goes, whoever is writing into it."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE monitors_monitor IN ACCESS EXCLUSIVE MODE")
    for monitor in Monitor.objects.live():
        work.tell(monitor.pk, work.marker(), ObjectState.DELETED)
    tenant_purge(tenant=tenant_delete(tenant=work.tenant, actor=ACTOR), actor=ACTOR)


def create_very_many(work: Work, dice: random.Random) -> None:
    """More than one call to Redis takes, and more than a request writes."""
    monitors = Monitor.objects.bulk_create(
        Monitor(slug=slug, name=slug, min_interval_s=work.marker())
        for slug in (f"many-{uuid.uuid4().hex[:12]}" for _ in range(VERY_MANY))
    )
    MonitorNetwork.objects.bulk_create(
        MonitorNetwork(monitor=monitor, network_id=NETWORKS[0], position=0) for monitor in monitors
    )
    for monitor in monitors:
        work.tell(monitor.pk, monitor.min_interval_s or 0, ObjectState.ACTIVE)
    # One that sends a signal, as services do.
    monitors[-1].save(update_fields=["updated_at"])


def switch_network(work: Work, dice: random.Random) -> None:
    """Every document names it, and its key: all of them change, without a marker."""
    network = Network.objects.get(slug=SWITCHED_NETWORK)
    (network_disable if network.enabled else network_enable)(network=network, actor=ACTOR)


def abandoned(work: Work, dice: random.Random) -> None:
    """Written, and rolled back as late as code can."""
    by_service(work, dice)
    raise Abandoned


def refused_at_commit(work: Work, dice: random.Random) -> None:
    """Written, announced, and refused by a deferred trigger when the version was drawn already."""
    save_one_update_other(work, dice)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO public.fault_poison VALUES (1)")


OPERATIONS: dict[Operation, int] = {
    by_service: 6,
    pause_or_resume: 4,
    save_one_update_other: 4,
    in_bulk: 2,
    by_raw_sql: 3,
    link_or_unlink: 2,
    trigger_by_service: 2,
    trigger_by_raw_sql: 1,
    create: 3,
    delete: 2,
    delete_by_cascade: 1,
    abandoned: 2,
    refused_at_commit: 2,
}
"""What writers do, and how often. `switch_network` is for one writer at a time."""

SUPPORT = """
CREATE SEQUENCE public.fault_marker;
CREATE TABLE public.fault_transaction (name text PRIMARY KEY);
CREATE TABLE public.fault_poison (id int);
CREATE FUNCTION public.fault_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = 'check_violation'; END $$;
-- Its event is the transaction's last: the versions are drawn before.
CREATE CONSTRAINT TRIGGER zz_fault_refuse AFTER INSERT ON public.fault_poison
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fault_refuse();
"""

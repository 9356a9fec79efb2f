"""What runs beside the checker: the product's own loops and writers, in processes to be killed.

Each is forked from a server that has Django loaded, ends with that server, and writes its output
into a log. `Hook`s put a signal, an error or a pause at the entry of a real function.
"""

from __future__ import annotations

import importlib
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import OperationalError, close_old_connections, connections

from blip0.common.tenancy import in_tenant
from blip0.embedded.launch import tie
from blip0.testing.world import create_world
from cachesync import projections
from cachesync.contracts import SCHEMA_VERSION, Version
from cachesync.management.commands import projector as projector_command
from cachesync.selectors import scopes
from cachesync.services import project, sweep
from cachesync.store import calls, writing
from cachesync.tasks import reconcile
from cachesync.tests.conftest import ACTOR, SLACK_URL, make_monitor, make_trigger
from cachesync.tests.faults import checker as checker_module
from cachesync.tests.faults import naive as naive_module
from cachesync.tests.faults.journal import Journal
from cachesync.tests.faults.writing import (
    NETWORKS,
    OPERATIONS,
    SUPPORT,
    Operation,
    Work,
    Writer,
    alerting,
    switch_network,
)
from tenants.models import Tenant
from tenants.services.lifecycle import tenant_create

SLACK = {"slack_url": {"type": "Plain", "value": SLACK_URL}}
MESSAGE = {"title": "${monitor.name}", "body": "marker 0"}
NAMED_TENANTS = ("acme", "globex", "initech")
KILL, STOP, PAUSE, FAIL, SKIP = "kill", "stop", "pause", "fail", "skip"


@dataclass(frozen=True)
class Hook:
    """At the `nth` entry of a function (and at `times` of them): what happens first.

    `target` is a dotted name. KILL and STOP send that signal to the own process, PAUSE waits
    `seconds`, FAIL raises a Redis timeout, SKIP does nothing instead of the function.
    """

    target: str
    action: str
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    argument: str = ""
    """Count only calls that have this text in one of their arguments."""

    def install(self, mark: Path) -> None:
        """Wrap the function; `mark` is touched right before the action."""
        owner_name, _, name = self.target.rpartition(".")
        owner = _resolved(owner_name)
        real: Callable[..., Any] = getattr(owner, name)
        calls = itertools.count(1)

        def hooked(*args: Any, **kwargs: Any) -> Any:
            if self.argument and self.argument not in repr((args, kwargs)):
                return real(*args, **kwargs)
            if not self.nth <= next(calls) < self.nth + self.times:
                return real(*args, **kwargs)
            mark.touch()
            if self.action in {KILL, STOP}:
                os.kill(os.getpid(), signal.SIGKILL if self.action == KILL else signal.SIGSTOP)
            elif self.action == PAUSE:
                time.sleep(self.seconds)
            elif self.action == FAIL:
                raise redis.TimeoutError(f"injected at {self.target}")
            return None if self.action == SKIP else real(*args, **kwargs)

        setattr(owner, name, hooked)


def _resolved(name: str) -> Any:
    """A module, or a class in one."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute)


@dataclass(frozen=True)
class Code:
    """Another version of the product: it renders other bytes, maybe in another format."""

    render_version: int
    schema: int = SCHEMA_VERSION

    def become(self) -> None:
        """As if this process had been deployed with it."""
        rendering: Any = projections
        real = rendering.monitor_documents

        def other(*args: Any, **kwargs: Any) -> Any:
            documents = real(*args, **kwargs)
            for document in documents.values():
                if document.body is not None:
                    document.body["alerting"].setdefault("severity", "low")
                    document.body["schema"] = self.schema
            return documents

        rendering.monitor_documents = other
        values = {"RENDER_VERSION": self.render_version, "SCHEMA_VERSION": self.schema}
        for module in (project, scopes, sweep, calls, writing):
            for name, value in values.items():
                if hasattr(module, name):
                    setattr(module, name, value)
        # The default was taken when the class was made.
        Version.__init__.__defaults__ = (self.render_version,)


@dataclass(frozen=True)
class Place:
    """Where a process works. Everything in it can be sent to the fork server."""

    name: str
    folder: Path
    database: str
    redis_url: str
    sweep_s: float
    reconcile_s: float
    seed: int
    hooks: tuple[Hook, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    code: Code | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def mark(self) -> Path:
        """Is there once a hook has acted."""
        return self.folder / f"{self.name}.mark"

    def enter(self) -> None:
        """Make the process that was just forked one of this place."""
        tie(os.getppid(), signal.SIGKILL)
        log = os.open(self.folder / f"{self.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log, stream.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        connections.close_all()
        connections.settings["default"]["NAME"] = self.database
        connections["default"].settings_dict["NAME"] = self.database
        for name, value in {"REDIS_PROJECTION_URL": self.redis_url, **self.settings}.items():
            setattr(settings, name, value)
        if self.code is not None:
            self.code.become()
        for hook in self.hooks:
            hook.install(self.mark)


def projector(place: Place) -> None:
    """`manage.py projector`, with the place's interval."""
    place.enter()
    projector_command.INTERVAL_S = place.sweep_s
    call_command("projector")


def reconciler(place: Place) -> None:
    """What beat and worker do together: the task, every so often."""
    place.enter()
    while True:
        close_old_connections()
        try:
            reconcile()
        except (redis.RedisError, DatabaseError) as error:
            sys.stderr.write(f"reconcile failed: {error!r}\n")
            connections.close_all()
        time.sleep(place.reconcile_s)


@dataclass(frozen=True)
class Writing:
    """How a writer writes. Without `operations`: all of them, as often as they say."""

    pause_s: float = 0.03
    most: int = 1_000_000
    write_through: bool = True
    switches_network: bool = False
    operations: tuple[Operation, ...] = ()
    tenants: tuple[str, ...] = ()
    """Slugs; without any, all."""


def writer(place: Place, writing: Writing) -> None:
    """Transactions by `Writer` until it is ended."""
    place.enter()
    settings.PROJECTION_RECEIVERS = writing.write_through
    tenants = None
    while tenants is None:
        try:
            tenants = _tenants(writing.tenants)
        except OperationalError:
            connections.close_all()
            time.sleep(0.2)
    writer = Writer(Journal(place.journal, place.name), tenants, place.seed)
    dice = random.Random(place.seed)
    _write(writer, writing, dice)


def _tenants(slugs: tuple[str, ...]) -> list[Tenant]:
    tenants = Tenant.objects.select_related("plan").filter(status="active").order_by("slug")
    return list(tenants.filter(slug__in=slugs) if slugs else tenants)


def _write(writer: Writer, writing: Writing, dice: random.Random) -> None:
    allowed = dict(OPERATIONS)
    if writing.operations:
        allowed = dict.fromkeys(writing.operations, 1)
    if writing.switches_network:
        allowed[switch_network] = 1
    operations = list(allowed)
    for _ in range(writing.most):
        writer.write(dice.choices(operations, list(allowed.values()))[0])
        time.sleep(dice.uniform(0, 2 * writing.pause_s))


def naive(place: Place, flaw: naive_module.Flaw) -> None:
    """The control."""
    place.enter()
    settings.PROJECTION_RECEIVERS = False
    # All in one tenant: they shall meet.
    writer = Writer(Journal(place.journal, place.name), _tenants(("acme",)), place.seed)
    naive_module.run(writer, flaw, place.redis_url, random.Random(place.seed))


def checker(place: Place, pause_s: float) -> None:
    """Works on the database's journal and on Redis; Django is there and isn't used."""
    place.enter()
    checker_module.run(
        place.redis_url,
        place.journal,
        place.folder / "report.json",
        pause_s=pause_s,
        seed=place.seed,
    )


def command(place: Place, *arguments: str) -> None:
    place.enter()
    call_command(*arguments)


def reconcile_once(place: Place) -> None:
    place.enter()
    reconcile()


def populate(place: Place, monitors: int, tenants: int) -> None:
    """As many tenants, each with a trigger and monitors, none of them projected yet."""
    place.enter()
    settings.PROJECTION_RECEIVERS = False
    if not Tenant.objects.exists():
        create_world()
    for slug in (*NAMED_TENANTS, *(f"tenant-{number}" for number in range(tenants)))[:tenants]:
        if not Tenant.objects.filter(slug=slug).exists():
            tenant_create(slug=slug, name=slug.title(), plan_slug="enterprise", actor=ACTOR)
    with connections["default"].cursor() as cursor:
        cursor.execute(SUPPORT)
    for tenant in Tenant.objects.select_related("plan").filter(status="active"):
        with in_tenant(tenant.pk):
            make_trigger(tenant, config={**SLACK, "message": MESSAGE})
            for number in range(monitors):
                work = Work(tenant)
                data = {"networks": NETWORKS, "triggers": ["ops"], **alerting(work.marker())}
                make_monitor(tenant, f"first-{number}", **data)

"""`manage.py monitor pause acme large-transfers`: a monitor's buttons."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.utils import timezone

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.services import (
    monitor_clone,
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_wake,
)
from tenants.selectors import tenant_by_slug

PLAIN = {"pause": monitor_pause, "resume": monitor_resume, "wake": monitor_wake}


class Command(PlatformCommand):
    help = "Pause, resume, snooze, wake or clone a tenant's monitors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        for name in (*PLAIN, "snooze"):
            one = self._add(acts, name, nargs="+")
            one.add_argument("--reason", default="", help="For the audit log.")
            if name == "snooze":
                told = "For how long (default: 60)."
                one.add_argument("--minutes", type=int, default=60, help=told)
        self._add(acts, "clone").add_argument("--name", required=True, help="Of the new monitor.")

    def handle(self, *_args: object, act: str, tenant: str, slug: Any, **options: Any) -> None:
        with in_tenant(tenant_by_slug(tenant).pk):
            for one in slug if isinstance(slug, list) else [slug]:
                self.stdout.write(self._done(act, _monitor(one, tenant), options))

    def _done(self, act: str, monitor: Monitor, options: Any) -> str:
        if act == "clone":
            made = monitor_clone(monitor=monitor, name=options["name"], actor=self.actor)
            return f"{made.slug}  made from {monitor.slug}"
        if act == "snooze":
            now = timezone.now()
            until = now + timedelta(minutes=options["minutes"])
            monitor_snooze(
                monitor=monitor, until=until, now=now, reason=options["reason"], actor=self.actor
            )
            return f"{monitor.slug}  snoozed until {until:%Y-%m-%d %H:%M} UTC"
        PLAIN[act](monitor=monitor, actor=self.actor, reason=options["reason"])
        return f"{monitor.slug}  {act}: done"

    def _add(self, acts: Any, name: str, **options: Any) -> Any:
        one = acts.add_parser(name)
        one.add_argument("tenant", metavar="TENANT")
        one.add_argument("slug", metavar="MONITOR", **options)
        return one


def _monitor(slug: str, tenant: str) -> Monitor:
    monitor = Monitor.objects.live().filter(slug=slug).first()
    if monitor is None:
        raise NotFound(f"{tenant} has no monitor {slug!r}.")
    return monitor

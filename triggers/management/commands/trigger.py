"""`manage.py trigger disable acme on-call`: a trigger's buttons."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from blip0.common.tenancy import in_tenant
from tenants.selectors import tenant_by_slug
from triggers.models import Trigger
from triggers.services.states import trigger_disable, trigger_enable

ACTS = {"enable": trigger_enable, "disable": trigger_disable}


class Command(PlatformCommand):
    help = "Enable or disable a tenant's triggers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=ACTS)
        parser.add_argument("tenant", metavar="TENANT")
        parser.add_argument("slug", metavar="TRIGGER", nargs="+")
        parser.add_argument("--reason", default="", help="For the audit log.")

    def handle(
        self,
        *_args: object,
        act: str,
        tenant: str,
        slug: list[str],
        reason: str,
        **_options: object,
    ) -> None:
        with in_tenant(tenant_by_slug(tenant).pk):
            for one in slug:
                trigger = Trigger.objects.live().filter(slug=one).first()
                if trigger is None:
                    raise NotFound(f"{tenant} has no trigger {one!r}.")
                ACTS[act](trigger=trigger, actor=self.actor, reason=reason)
                self.stdout.write(f"{one}  {act}: done")

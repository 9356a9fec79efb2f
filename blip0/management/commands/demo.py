"""`manage.py demo`: people, a tenant and sample monitors to try the product with."""

from __future__ import annotations

from pathlib import Path

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import in_tenant
from monitors import samples
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.sources import read_source
from tenants.models import Tenant
from tenants.services.demo import DEMO_SIGN_INS, demo_create
from triggers.models import Trigger


class Command(PlatformCommand):
    help = "Make the demo's staff user, tenant, owner and monitors, and print how to sign in."

    def handle(self, *_args: object, **_options: object) -> None:
        tenant = demo_create(actor=self.actor)
        if not _was_used(tenant):
            openzeppelin_import(
                tenant=tenant, source=read_source(Path(samples.__path__[0])), actor=self.actor
            )
        for sign_in in DEMO_SIGN_INS:
            self.stdout.write(f"{sign_in.role}:  {sign_in.email}  {sign_in.password}")


def _was_used(tenant: Tenant) -> bool:
    """Whether it ever had a trigger, deleted ones included: what somebody removed stays away."""
    with in_tenant(tenant.pk):
        return Trigger.objects.exists()

"""`manage.py tenant_list [--all]`."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from tenants.choices import TenantStatus
from tenants.models import Tenant


class Command(PlatformCommand):
    help = "List tenants: slug, status, plan, id, name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="The deleted ones too.")

    def handle(self, *_args: object, **options: object) -> None:
        tenants = Tenant.objects.all()
        if not options["all"]:
            tenants = tenants.exclude(status=TenantStatus.DELETED)
        width = max((len(slug) for slug in tenants.values_list("slug", flat=True)), default=0)
        for tenant in tenants.iterator():
            self.stdout.write(
                f"{tenant.slug:<{width}}  {tenant.status:<16}  {tenant.plan_id:<10}  "
                f"{tenant.pk}  {tenant.name}"
            )

"""`manage.py findings_recheck`: what is said about saved objects, found anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import in_tenant
from monitors.services import findings_recheck
from tenants.choices import TenantStatus
from tenants.models import Tenant
from tenants.selectors import tenant_by_slug


class Command(PlatformCommand):
    help = "Check all saved monitors and triggers anew. The beat does so where something changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Without it: every tenant.")

    def handle(self, *_args: Any, **options: Any) -> None:
        alive = (TenantStatus.ACTIVE, TenantStatus.SUSPENDED)
        tenants = (
            [tenant_by_slug(options["tenant"])]
            if options["tenant"]
            else Tenant.objects.filter(status__in=alive).order_by("slug")
        )
        for tenant in tenants:
            with in_tenant(tenant.pk):
                differing = findings_recheck()
            self.stdout.write(f"{tenant.slug}: the findings of {differing} objects changed")

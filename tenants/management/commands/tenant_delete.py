"""`manage.py tenant_delete acme [--now]`."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from tenants.choices import TenantStatus
from tenants.selectors import tenant_by_slug
from tenants.services.lifecycle import tenant_delete, tenant_purge


class Command(PlatformCommand):
    help = "Stop a tenant at once and let its data go after the grace time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--reason", default="")
        parser.add_argument(
            "--now",
            action="store_true",
            help="Drop the data without a grace time, also of a tenant that waits for its end. "
            "Cannot be taken back.",
        )

    def handle(self, *_args: object, slug: str, reason: str, now: bool, **_options: object) -> None:
        tenant = tenant_by_slug(slug)
        ends_anyway = tenant.status in {TenantStatus.PENDING_DELETION, TenantStatus.PROVISIONING}
        if not (now and ends_anyway):
            tenant = tenant_delete(tenant=tenant, reason=reason, actor=self.actor)
        if now:
            tenant = tenant_purge(tenant=tenant, actor=self.actor)
        ends = f"  {tenant.delete_after:%Y-%m-%d %H:%M} UTC" if tenant.delete_after else ""
        self.stdout.write(f"{tenant.slug}  {tenant.status}{ends}")

"""`manage.py tenant_suspend acme --reason "Unpaid since May"`."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from tenants.selectors import tenant_by_slug
from tenants.services.lifecycle import tenant_suspend


class Command(PlatformCommand):
    help = "Stop a tenant's monitors and shut its members out; nothing is lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--reason", required=True, help="The tenant's owners read it.")

    def handle(self, *_args: object, slug: str, reason: str, **_options: object) -> None:
        tenant = tenant_suspend(tenant=tenant_by_slug(slug), reason=reason, actor=self.actor)
        self.stdout.write(f"{tenant.slug}  {tenant.status}")

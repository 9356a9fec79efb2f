"""`manage.py tenant_activate acme`."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from tenants.selectors import tenant_by_slug
from tenants.services.lifecycle import tenant_activate


class Command(PlatformCommand):
    help = "End a tenant's suspension."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *_args: object, slug: str, **_options: object) -> None:
        tenant = tenant_activate(tenant=tenant_by_slug(slug), actor=self.actor)
        self.stdout.write(f"{tenant.slug}  {tenant.status}")

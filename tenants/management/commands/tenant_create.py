"""`manage.py tenant_create --slug acme --name "Acme Ltd" --plan pro --owner ana@acme.org`."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from tenants.choices import TenantStatus
from tenants.services.lifecycle import tenant_create


class Command(PlatformCommand):
    help = "Create a tenant with its schema."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="Never changes: a-z, 0-9, - and _.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--plan", default="", help="Its slug; else the default plan.")
        parser.add_argument("--owner", default="", help="Email of the first owner.")

    def handle(
        self, *_args: object, slug: str, name: str, plan: str, owner: str, **_options: object
    ) -> None:
        tenant = tenant_create(
            slug=slug, name=name, plan_slug=plan, actor=self.actor, owner_email=owner
        )
        if tenant.status == TenantStatus.PROVISIONING:
            self.stderr.write(
                f"Tenant {slug} is created but has no schema yet: {tenant.provisioning_error} "
                "The worker tries again every minute."
            )
        self.stdout.write(f"{tenant.slug}  {tenant.status}  {tenant.pk}")

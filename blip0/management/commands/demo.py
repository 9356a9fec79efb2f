"""`manage.py demo`: people and a tenant to try the product with, on a development machine."""

from __future__ import annotations

from blip0.common.commands import PlatformCommand
from tenants.services.demo import DEMO_SIGN_INS, demo_create


class Command(PlatformCommand):
    help = "Make the demo's staff user, tenant and owner, and print how to sign in."

    def handle(self, *_args: object, **_options: object) -> None:
        demo_create(actor=self.actor)
        for sign_in in DEMO_SIGN_INS:
            self.stdout.write(f"{sign_in.role}:  {sign_in.email}  {sign_in.password}")

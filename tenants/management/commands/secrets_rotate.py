"""`manage.py secrets_rotate`: seal every stored secret under the keyring's primary key."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.reseal import PLATFORM_RESEALERS, RESEALERS, Resealed
from blip0.common.sealing import keyring
from blip0.common.tenancy import in_tenant
from tenants.models import Tenant
from tenants.selectors import tenant_by_slug
from tenants.services.audit import audit_record


class Command(PlatformCommand):
    help = (
        "Seal every tenant's secrets, and staff's second factors, under the first key of "
        "BLIP0_SEALING_KEYS. May be stopped and run again at any time; see docs/sealing.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Only this tenant.")
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *_args: object, tenant: str | None, dry_run: bool, **_options: object) -> None:
        if tenant is not None:
            tenants = [tenant_by_slug(tenant)]
        else:
            tenants = list(Tenant.objects.with_schema().order_by("slug"))
        total = Resealed()
        if tenant is None:
            for kind, reseal in PLATFORM_RESEALERS.items():
                outcome = sum(reseal(dry_run=dry_run), Resealed())
                total += outcome
                self._report(kind, outcome, dry_run=dry_run)
        for number, one in enumerate(tenants, 1):
            outcome = self._rotate(one, dry_run=dry_run)
            total += outcome
            self._report(f"[{number}/{len(tenants)}] {one.slug}", outcome, dry_run=dry_run)
        if total.problems:
            raise CommandError(
                f"{len(total.problems)} rows are not under the key {keyring().primary!r}: "
                "keep the older keys in BLIP0_SEALING_KEYS."
            )
        self.stdout.write(f"Key {keyring().primary!r}: {_in_words(total, dry_run=dry_run)}.")
        if tenant is None and not dry_run:
            self.stdout.write("No secret needs an older key any more.")

    def _report(self, whose: str, outcome: Resealed, *, dry_run: bool) -> None:
        self.stdout.write(f"{whose}: {_in_words(outcome, dry_run=dry_run)}")
        for problem in outcome.problems:
            self.stderr.write(f"  {whose}: {problem}")

    def _rotate(self, tenant: Tenant, *, dry_run: bool) -> Resealed:
        outcome = Resealed()
        with in_tenant(tenant.pk):
            for reseal in RESEALERS.values():
                outcome = sum(reseal(dry_run=dry_run), outcome)
        if outcome.changed and not dry_run:
            audit_record(
                action="tenant.secrets_resealed",
                actor=self.actor,
                object_kind="tenant",
                object_id=tenant.pk,
                object_name=tenant.slug,
                tenant_id=tenant.pk,
                after={"rows": outcome.changed, "key_id": keyring().primary},
            )
        return outcome


def _in_words(outcome: Resealed, *, dry_run: bool) -> str:
    verb = "to seal anew" if dry_run else "sealed anew"
    return f"{outcome.examined} rows with secrets, {outcome.changed} {verb}"

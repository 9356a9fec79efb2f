"""`manage.py projection_show`: what the runtime sees."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from cachesync.keys import PLATFORM, Scope
from cachesync.store import Store
from tenants.models import Tenant


class Command(PlatformCommand):
    help = "Print what Redis holds for a tenant or the platform: a list, or one document."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Without it: the platform.")
        parser.add_argument(
            "document", nargs="?", help="A monitor's slug or id; networks:SLUG; filters:NAME."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        scope = _scope(options["tenant"])
        self._show(Store(), scope, options["document"])

    def _show(self, store: Store, scope: Scope, wanted: str | None) -> None:
        held = store.read(scope)
        if held.version is None:
            raise CommandError(
                f"Redis holds nothing of {scope.id}: is the projector or beat running?"
            )
        bodies = {
            field: json.loads(body)
            for field, body in store.bodies(scope, sorted(held.index)).items()
        }
        if wanted is None:
            self._list(scope, held.version.rev, held.status, held.active, bodies)
            return
        for field, body in bodies.items():
            if wanted in {field, body.get("slug")}:
                self.stdout.write(json.dumps(body, indent=2, ensure_ascii=False))
                return
        raise CommandError(
            f"{wanted!r} is not among the documents of {scope.id}: "
            f"{', '.join(sorted(str(body.get('slug', field)) for field, body in bodies.items()))}"
        )

    def _list(
        self, scope: Scope, rev: int, status: str, active: frozenset[str], bodies: dict[str, Any]
    ) -> None:
        now = timezone.now().isoformat(timespec="seconds")
        self.stdout.write(f"{scope.prefix} at version {rev}, {status}, seen at {now}")
        for field, body in bodies.items():
            if scope.is_platform:
                self.stdout.write(f"  {field}")
                continue
            state = "active" if field in active else "inactive"
            self.stdout.write(
                f"  {state:8}  {body['slug']:30}  {field}  "
                f"{len(body['triggers'])} triggers on {', '.join(body['monitor']['networks'])}"
            )


def _scope(tenant_slug: str | None) -> Scope:
    if tenant_slug is None:
        return PLATFORM
    tenant = Tenant.objects.filter(slug=tenant_slug).first()
    if tenant is None:
        raise CommandError(f"--tenant: there is no tenant {tenant_slug!r}.")
    return Scope(str(tenant.pk))

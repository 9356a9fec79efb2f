"""What the tests of tenants' lives share."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from blip0.common.actors import Actor
from blip0.common.db.schemas import tenant_schemas
from blip0.common.exceptions import DomainError
from tenants.models import AuditRecord, ConfigVersion, Tenant
from tenants.services.lifecycle import tenant_create

ACTOR = Actor("staff", "7", "sam@blip0.test")


def create(slug: str = "initech", owner_email: str = "") -> Tenant:
    return tenant_create(
        slug=slug, name="Initech", plan_slug="starter", actor=ACTOR, owner_email=owner_email
    )


def version_of(tenant: Tenant) -> ConfigVersion:
    return ConfigVersion.objects.get(scope=str(tenant.pk))


def actions(tenant: Tenant) -> list[str]:
    records = AuditRecord.objects.filter(tenant_id=tenant.pk).order_by("id")
    return list(records.values_list("action", flat=True))


def has_schema(tenant: Tenant) -> bool:
    return tenant.schema_name in tenant_schemas("monitors_monitor")


def in_threads(work: Callable[[], str], *, times: int) -> list[str]:
    """What each call returned, or the name of what it raised; they start together."""
    barrier = threading.Barrier(times)
    outcomes: list[str] = []

    def run() -> None:
        try:
            barrier.wait()
            outcomes.append(str(work()))
        except DomainError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def database_url() -> str:
    values = connection.settings_dict
    return (
        f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
        f"/{values['NAME']}"
    )

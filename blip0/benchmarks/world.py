"""The projection benchmark's tenants with what the API needs beside: people, keys and history.

In bulk and past the services, as there. People and history stay; credentials are made anew for each
run, so that none of them is worth anything afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db import connection

from blip0.common.db.schemas import select_in_each, tenant_schemas
from blip0.common.tenancy import in_tenant, tenant_id_of
from cachesync.benchmarks.world import ACTOR, PREFIX, world_ensure
from monitors.models import Match, Monitor
from monitors.services import monitor_delete
from tenants.api.tokens import TenantAccessToken
from tenants.choices import Role
from tenants.contracts import PERMISSIONS, ApiKeyText
from tenants.models import ApiKey, AuditRecord, Membership, TokenFamily, User
from tenants.services.api_keys import secret_hash
from triggers.models import Trigger

MATCHES: Final = 100
"""Of each tenant; and as many audit records."""
CREATED_SLUG: Final = "created-"
"""How the slugs begin of what callers create."""
SESSION_TENANTS: Final = 50
"""After so many a session of Postgres is given back: it keeps what it knows of each schema."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A tenant as its engineers see it, and their credentials."""

    tenant_id: UUID
    token: str
    key: str
    monitors: Sequence[UUID]
    triggers: Sequence[tuple[UUID, str]]
    """Id and slug."""


def places_ensure(*, tenants: int, monitors: int, say: Callable[[str], None]) -> list[Place]:
    """That many tenants; what is missing is made. Raises `Conflict`: see `world_ensure`."""
    _delete_created()
    ids = world_ensure(tenants=tenants, monitors=monitors, say=say)
    credentials = _credentials(ids)
    return [_place(number, pk, *credentials[pk]) for number, pk in enumerate(ids, start=1)]


def _delete_created() -> None:
    """What a run has left that was stopped between making something and deleting it."""
    left = select_in_each(
        tenant_schemas("monitors_monitor"),
        "SELECT {name}::text, id FROM {schema}.monitors_monitor "
        "WHERE deleted_at IS NULL AND starts_with(slug, %(prefix)s)",
        {"prefix": CREATED_SLUG},
    )
    for schema, pk in list(left):
        if (tenant_id := tenant_id_of(schema)) is not None:
            with in_tenant(tenant_id):
                monitor_delete(monitor=Monitor(pk=pk), actor=ACTOR)


def _place(number: int, tenant_id: UUID, token: str, key: str) -> Place:
    with in_tenant(tenant_id):
        live = Monitor.objects.live().order_by("slug")
        if not Match.objects.exists():
            monitors = list(live)
            Match.objects.bulk_create(_matches(monitors))
            AuditRecord.objects.bulk_create(_records(tenant_id, monitors))
        ids = list(live.values_list("pk", flat=True))
        triggers = list(Trigger.objects.live().order_by("slug").values_list("pk", "slug"))
    if number % SESSION_TENANTS == 0:
        connection.close()
    return Place(tenant_id=tenant_id, token=token, key=key, monitors=ids, triggers=triggers)


def _credentials(ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """An access token and an API key of each tenant's owner."""
    owners = {row.tenant_id: row for row in _owners(ids)}
    TokenFamily.objects.filter(tenant__in=ids).delete()
    ApiKey.objects.filter(tenant__in=ids).delete()
    now = datetime.now(UTC)
    families, keys, texts = [], [], {}
    for pk, owner in owners.items():
        families.append(
            TokenFamily(
                user=owner.user,
                tenant_id=pk,
                fingerprint=owner.user.password_fingerprint(),
                current_jti=uuid4().hex,
                created_at=now,
                rotated_at=now,
                expires_at=now + timedelta(days=1),
            )
        )
        text = ApiKeyText(secrets.token_hex(6), secrets.token_urlsafe(32))
        texts[pk] = str(text)
        keys.append(
            ApiKey(
                tenant_id=pk,
                name="benchmark",
                prefix=text.prefix,
                secret_hash=secret_hash(text.secret),
                scopes=sorted(PERMISSIONS),
                created_by=owner.user,
            )
        )
    TokenFamily.objects.bulk_create(families)
    ApiKey.objects.bulk_create(keys)
    return {
        family.tenant_id: (str(TenantAccessToken.for_family(family)), texts[family.tenant_id])
        for family in families
    }


def _owners(ids: Sequence[UUID]) -> list[Membership]:
    members = Membership.objects.filter(tenant__in=ids, role=Role.OWNER).select_related("user")
    lacking = set(ids) - set(members.values_list("tenant_id", flat=True))
    users = {pk: User(email=f"{PREFIX}{pk.hex}@example.com", name="Owner") for pk in lacking}
    for user in users.values():
        user.set_unusable_password()
    User.objects.bulk_create(users.values())
    Membership.objects.bulk_create(
        Membership(tenant_id=pk, user=user, role=Role.OWNER) for pk, user in users.items()
    )
    return list(members.all())


def _matches(monitors: Sequence[Monitor]) -> Iterator[Match]:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(MATCHES):
        monitor = monitors[number % len(monitors)]
        yield Match(
            event_id=uuid4().hex,
            monitor_id=monitor.pk,
            monitor_name=monitor.name,
            network="ethereum_mainnet",
            block_number=20_000_000 + number,
            transaction_id=f"0x{secrets.token_hex(32)}",
            matched_at=began + timedelta(minutes=number),
            details={"matched": [{"signature": "Transfer(address,address,uint256)"}]},
        )


def _records(tenant_id: UUID, monitors: Sequence[Monitor]) -> Iterator[AuditRecord]:
    for number in range(MATCHES):
        monitor = monitors[number % len(monitors)]
        yield AuditRecord(
            tenant_id=tenant_id,
            actor_kind=ACTOR.kind,
            actor_name=ACTOR.name,
            action="monitor.updated",
            object_kind="monitor",
            object_id=str(monitor.pk),
            object_name=monitor.name,
            before={"alerting": {"severity": "low"}},
            after={"alerting": {"severity": "high"}},
        )

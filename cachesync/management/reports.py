"""What the projection's commands share: exit codes, scopes by name, times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.management.base import CommandError

from blip0.common.exceptions import NotFound
from cachesync.keys import KIND_MONITOR, PLATFORM, Scope
from cachesync.selectors.scopes import monitor_scopes
from cachesync.store import Store
from tenants.selectors import tenant_by_slug

FOUND = 3
"""The exit code where something is wrong; 1 is a failure of the command itself."""


def scope_of(tenant_slug: str | None) -> Scope:
    """A tenant's scope by its slug; for None and `platform` the platform's. Raises `NotFound`."""
    if tenant_slug in (None, PLATFORM.id):
        return PLATFORM
    return Scope(str(tenant_by_slug(tenant_slug).pk))


def document_of(name: str, tenant_slug: str | None) -> tuple[Scope, str]:
    """A document's scope and index field.

    Its name is `networks:SLUG`, `filters:NAME`, or a monitor's id or slug. Raises `NotFound`, and
    `CommandError` where several tenants have a monitor of that slug.
    """
    if name.startswith(("networks:", "filters:")):
        return PLATFORM, name
    found = monitor_scopes(name)
    if tenant_slug is not None:
        wanted = scope_of(tenant_slug)
        found = [(scope, object_id) for scope, object_id in found if scope == wanted]
    if not found:
        raise NotFound(f"There is no monitor {name!r} that was ever projected.")
    if len(found) > 1:
        raise CommandError(f"{len(found)} tenants have a monitor {name!r}: add --tenant SLUG.")
    scope, object_id = found[0]
    return scope, scope.field(KIND_MONITOR, object_id)


def tenant_scopes(tenant_slug: str | None, store: Store) -> Sequence[Scope]:
    """That tenant's scope, or those of all tenants in Redis. Raises `NotFound`."""
    if tenant_slug is not None:
        return [scope_of(tenant_slug)]
    return [Scope(tenant_id) for tenant_id in sorted(store.tenants())]


def ago(seconds: float | None) -> str:
    """A span for people: `4 s`, `3 min`, `2:05 h`, `3 days`; `never` for None."""
    if seconds is None:
        return "never"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    span = timedelta(seconds=round(seconds))
    return f"{span.days} days" if span.days else f"{str(span)[:-3]} h"

"""Schemas and tenants: the only place that knows how one is named after the other.

A tenant's schema is `t_` and its UUID without dashes. The SQL functions derive the tenant from
`TG_TABLE_SCHEMA` by the same rule, so it never changes. `template` holds the migrated tables that
a new tenant's schema is copied from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from django.db import connection
from django_tenants.utils import get_public_schema_name, schema_context

TEMPLATE_SCHEMA = "template"
TENANT_SCHEMA_PATTERN = re.compile(r"^t_[0-9a-f]{32}$")


# django-tenants adds to Django's connection what Django's types don't know.
_connection = cast(Any, connection)


class NoTenant(RuntimeError):
    """Tenant-owned data was asked for outside any tenant: a programming error, never a 404."""


def schema_name_for(tenant_id: UUID) -> str:
    return f"t_{tenant_id.hex}"


def tenant_id_of(schema_name: str) -> UUID | None:
    """The tenant whose schema this is; None for `public`, `template` and foreign schemas."""
    return UUID(schema_name[2:]) if TENANT_SCHEMA_PATTERN.match(schema_name) else None


def current_schema() -> str:
    """The schema that this thread's connection is in."""
    return str(_connection.schema_name)


def current_tenant_id() -> UUID:
    """The tenant that the connection is in. Raises `NoTenant` outside any."""
    tenant_id = tenant_id_of(current_schema())
    if tenant_id is None:
        raise NoTenant(f"The connection is in schema {current_schema()!r}, not in a tenant.")
    return tenant_id


def leave_tenant() -> None:
    """Bring the connection back to public: where a request, a task and a test begin and end."""
    _connection.set_schema_to_public()


@contextmanager
def in_tenant(tenant_id: UUID) -> Iterator[None]:
    """Run the block in the tenant's schema and come back to the caller's, whatever happens."""
    with schema_context(schema_name_for(tenant_id)):
        yield


@contextmanager
def in_public() -> Iterator[None]:
    with schema_context(get_public_schema_name()):
        yield

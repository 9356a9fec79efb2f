"""What credentials stand on, as it is stored: one statement for all of it.

Plain SQL: whoever calls less than every ten seconds waits for it with each call, and through the
models most of that time went into making the same statement again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db import connection

from tenants.choices import Limit

Row: TypeAlias = Mapping[str, Any]

_PERSON: Final = """
    person.id AS user_id, person.email, person.name AS user_name, person.is_active, person.password,
    tenant.id AS tenant_id, tenant.slug, tenant.name AS tenant_name, tenant.status,
    coalesce(override.value, plan.api_calls_per_hour) AS calls,
    coalesce(member.role, '') AS role,
    coalesce(
        (SELECT tenant_id::text FROM tenants_domain WHERE domain = %(host)s), ''
    ) AS host_tenant
"""
_JOINS: Final = """
JOIN tenants_tenant AS tenant ON tenant.id = given.tenant_id
JOIN tenants_plan AS plan ON plan.slug = tenant.plan_id
LEFT JOIN tenants_limitoverride AS override
    ON override.tenant_id = tenant.id AND override."limit" = %(calls)s
LEFT JOIN tenants_user AS person ON person.id = given.{user}
LEFT JOIN tenants_membership AS member
    ON member.tenant_id = tenant.id AND member.user_id = person.id
"""
_FAMILY: Final = f"""
SELECT given.fingerprint, given.ended_at IS NOT NULL AS ended, given.expires_at,
    viewer.id AS viewer_id, viewer.email AS viewer_email, {_PERSON}
FROM tenants_tokenfamily AS given {_JOINS.format(user="user_id")}
LEFT JOIN tenants_user AS viewer ON viewer.id = given.viewer_id
WHERE given.id = %(family)s
"""
_KEY: Final = f"""
SELECT given.id, given.name, given.secret_hash, given.scopes, given.allowed_networks AS networks,
    given.expires_at, given.revoked_at IS NOT NULL AS revoked, {_PERSON}
FROM tenants_apikey AS given {_JOINS.format(user="created_by_id")}
WHERE given.prefix = %(prefix)s
"""


def family_row(family_id: UUID, *, host: str) -> Row | None:
    """A sign-in with its user, tenant, role and limit, and whose the host name is."""
    return _row(_FAMILY, {"family": family_id, "host": host})


def key_row(prefix: str, *, host: str) -> Row | None:
    """The same of an API key; `user_id` is None where its creator is gone."""
    return _row(_KEY, {"prefix": prefix, "host": host})


def _row(statement: str, values: Mapping[str, Any]) -> Row | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "calls": Limit.API_CALLS})
        row = cursor.fetchone()
        if row is None:
            return None
        return dict(zip((column.name for column in cursor.description), row, strict=True))

"""All that a request can leave behind."""

from __future__ import annotations

from typing import Any

from django.db import connection

from blip0.common.tenancy import in_tenant
from tenants.models import Tenant


def rows_of(tenant: Tenant) -> dict[str, Any]:
    """Every row, with its physical version, of the platform's tables and the tenant's."""
    rows = {}
    with connection.cursor() as cursor, in_tenant(tenant.pk):
        cursor.execute(
            "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_user_tables "
            "WHERE schemaname IN ('public', current_schema()) ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT ctid::text, xmin::text, t.* FROM {table} t ORDER BY 1")
            rows[table] = cursor.fetchall()
    return rows

"""Who has as many monitors as their plan allows, or more: found over all tenants at once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

# A list of all documents of one kind, by an index; no tenant's schema is entered.
_FULL = """
SELECT tenant.id, tenant.slug, counted.used, coalesce(override.value, plan.monitors)
FROM (
    SELECT scope, count(*) AS used FROM public.cachesync_projecteddocument
    WHERE kind = 'monitor' GROUP BY scope
) AS counted
JOIN public.tenants_tenant AS tenant ON tenant.id = counted.scope::uuid
JOIN public.tenants_plan AS plan ON plan.slug = tenant.plan_id
LEFT JOIN public.tenants_limitoverride AS override
    ON override.tenant_id = tenant.id AND override.limit = 'monitors'
WHERE counted.used >= coalesce(override.value, plan.monitors)
ORDER BY counted.used - coalesce(override.value, plan.monitors) DESC, tenant.slug
"""


@dataclass(frozen=True)
class FullTenant:
    """A tenant that can add no monitor. Over the limit where `used` is more than `limit`."""

    tenant_id: UUID
    slug: str
    used: int
    limit: int


def full_tenants() -> list[FullTenant]:
    """Those farthest over their limit first. One query over all documents of monitors."""
    with connection.cursor() as cursor:
        cursor.execute(_FULL)
        return [FullTenant(*row) for row in cursor.fetchall()]

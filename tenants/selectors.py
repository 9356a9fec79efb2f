"""Reads over tenants and people."""

from __future__ import annotations

from blip0.common.exceptions import NotFound
from tenants.choices import Limit
from tenants.contracts import Limits
from tenants.models import LimitOverride, Tenant


def limits_of(tenant: Tenant) -> Limits:
    """The tenant's limits. One query, and one more where its plan isn't loaded yet."""
    values = {limit.value: getattr(tenant.plan, limit.value) for limit in Limit}
    values |= LimitOverride.objects.filter(tenant=tenant).values_list("limit", "value")
    return Limits(**values)


def tenant_by_slug(slug: str) -> Tenant:
    """Raises `NotFound`. One query, the plan included."""
    tenant = Tenant.objects.select_related("plan").filter(slug=slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {slug!r}. `manage.py tenant_list` shows all.")
    return tenant

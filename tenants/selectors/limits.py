"""Reads over what tenants use of their plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blip0.common.db.schemas import select_in_each
from blip0.common.limit_use import LIMIT_USE
from tenants.choices import Limit
from tenants.models import LimitOverride, Plan, Tenant


@dataclass(frozen=True)
class Over:
    """A tenant that uses more of a limit than `allowed`."""

    tenant: str
    limit: Limit
    used: int
    allowed: int

    def __str__(self) -> str:
        return f"{self.tenant} has {self.used}"


def tenants_over(plan: Plan, limits: Mapping[Limit, int]) -> dict[Limit, list[Over]]:
    """Who on this plan uses more than these limits allow, those most over first.

    Those with an override of a limit aren't asked about it. Limits that nobody counts are left
    out. Two queries a limit, and one for each hundred tenants.
    """
    found = {}
    for limit, allowed in limits.items():
        if limit.value not in LIMIT_USE:
            continue
        overridden = LimitOverride.objects.filter(limit=limit.value).values("tenant")
        rows = Tenant.objects.with_schema().filter(plan=plan).exclude(pk__in=overridden)
        slugs = dict(rows.values_list("schema_name", "slug"))
        counted = select_in_each(sorted(slugs), LIMIT_USE.get(limit.value))
        over = [
            Over(slugs[schema], limit, used, allowed) for schema, used in counted if used > allowed
        ]
        found[limit] = sorted(over, key=lambda one: (-one.used, one.tenant))
    return found

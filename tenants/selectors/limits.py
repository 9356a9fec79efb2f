"""Reads over what tenants use of their plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from blip0.common.db.schemas import select_in_each
from blip0.common.limit_use import LIMIT_USE
from tenants.choices import Limit
from tenants.models import LimitOverride, Plan, Tenant

SHOWN_OVER: Final = 5


@dataclass(frozen=True)
class Over:
    """A tenant that uses more of a limit than `allowed`."""

    tenant: str
    limit: Limit
    used: int
    allowed: int

    def __str__(self) -> str:
        return f"{self.tenant} has {self.used}"


def lowered_over(plan: Plan, data: Mapping[str, Any]) -> dict[Limit, list[Over]]:
    """Those over a limit that `data` lowers, by limit; the plan's values by the limits' names.

    Queries as `tenants_over`.
    """
    lowered = {
        limit: data[limit.value]
        for limit in Limit
        if data.get(limit.value, inf) < getattr(plan, limit.value)
    }
    return {limit: over for limit, over in tenants_over(plan, lowered).items() if over}


def over_told(over: Sequence[Over]) -> str:
    """How many and, of the first of them, who: without a full stop."""
    more = len(over) - SHOWN_OVER
    shown = ", ".join(map(str, over[:SHOWN_OVER])) + (f" and {more} more" if more > 0 else "")
    return f"{len(over)} of the plan's tenants would be over it: {shown}"


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

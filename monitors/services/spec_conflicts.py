"""The look for contract specs in conflict that staff's page shows: of all tenants, in seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db import transaction

from monitors.selectors import SpecConflict, SpecHolder, spec_conflicts
from platform_catalog.models import SpecConflictLook

KEPT_CONFLICTS: Final = 200
KEPT_SPECS: Final = 5
"""Of each conflict, beside those that bring none."""
KEPT_MONITORS: Final = 20
"""Of each spec."""


def spec_conflicts_look(*, now: datetime) -> SpecConflictLook:
    """Look through all tenants, at `now`, and keep what is found. In public.

    Raises `django.db.Error`.
    """
    began = time.monotonic()
    found = spec_conflicts()
    return spec_conflicts_keep(found, looked_at=now, seconds=time.monotonic() - began)


@transaction.atomic
def spec_conflicts_keep(
    found: Sequence[SpecConflict], *, looked_at: datetime, seconds: float
) -> SpecConflictLook:
    """Write down what a look has found, instead of what earlier ones have.

    The first of them, as the page shows them; of the others, how many there are.
    """
    look = SpecConflictLook.objects.create(
        looked_at=looked_at,
        duration_ms=round(seconds * 1000),
        number=len(found),
        conflicts=[_kept(conflict) for conflict in found[:KEPT_CONFLICTS]],
    )
    SpecConflictLook.objects.filter(looked_at__lt=looked_at).delete()
    return look


def _kept(conflict: SpecConflict) -> dict[str, Any]:
    brought = [sha256 for sha256 in conflict.specs if sha256]
    without = [sha256 for sha256 in conflict.specs if not sha256]
    return {
        "network": conflict.network,
        "address": conflict.address,
        "specs": [
            {"sha256": sha256, **_holders(conflict.specs[sha256])}
            for sha256 in brought[:KEPT_SPECS] + without
        ],
        "more": max(len(brought) - KEPT_SPECS, 0),
    }


def _holders(holders: Sequence[SpecHolder]) -> dict[str, Any]:
    """By tenant: its id, its slug, and its monitors' slugs."""
    by_tenant = groupby(
        holders[:KEPT_MONITORS], key=lambda holder: (str(holder.tenant_id), holder.tenant)
    )
    return {
        "tenants": [[*tenant, [holder.monitor for holder in some]] for tenant, some in by_tenant],
        "more": max(len(holders) - KEPT_MONITORS, 0),
    }

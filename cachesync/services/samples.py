"""The figures of each minute, kept for charts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from cachesync.models import Sample
from cachesync.services.figures import Figures, Largest, figures_read
from cachesync.store import Store

KEPT: Final = timedelta(days=7)


def sample_take(*, store: Store, now: datetime) -> bool:
    """Write down the figures of this minute, and forget those of a week ago.

    Whether it did: each minute has one sample, whoever takes it. Without Redis it holds what is
    known. Raises `django.db.Error`.
    """
    minute = now.replace(second=0, microsecond=0)
    if Sample.objects.filter(pk=minute).exists():
        return False
    values = sample_values(figures_read(store=store, now=now))
    Sample.objects.bulk_create([Sample(taken_at=minute, values=values)], ignore_conflicts=True)
    Sample.objects.filter(taken_at__lt=minute - KEPT).delete()
    return True


def sample_values(figures: Figures) -> dict[str, Any]:
    """What a sample holds; `docs/operations.md` lists it."""
    documents, scopes, redis = figures.documents, figures.scopes, figures.redis
    return {
        "documents": [
            {"kind": kind, "state": state, "reason": reason, "count": count}
            for (kind, state, reason), count in sorted(documents.counts.items())
        ],
        "bytes": dict(documents.sizes),
        "largest_tenant": _largest(documents.largest_tenant),
        "largest_document": _largest(documents.largest_document),
        "tenants": dict(scopes.tenants),
        "conditions": dict(scopes.conditions),
        "errors": dict(scopes.errors),
        "unverified": scopes.unverified,
        "slowest_ms": scopes.slowest_ms,
        "redis": None if redis is None else {**asdict(redis), "coverage": redis.coverage},
    }


def _largest(largest: Largest | None) -> dict[str, Any] | None:
    return None if largest is None else asdict(largest)

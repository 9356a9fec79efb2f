"""How often the cache's Redis was away, and who went on without it: each is counted, none fails."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

from blip0.common.metrics import METRICS, harmless

USES: Final = ("sign_in", "identity", "catalogue")
"""Failed sign-ins aren't slowed; credentials and the catalogue are read from Postgres. Calls that
aren't limited have a counter of their own: `blip0_api_calls_unmetered_total`."""

_WITHOUT: Final = Counter(
    "blip0_cache_unavailable",
    "Times that something went on without the cache's Redis.",
    ["use"],
    registry=METRICS,
)
for _use in USES:
    _WITHOUT.labels(_use)


@harmless
def count_outage(use: str) -> None:
    """`use` is one of `USES`."""
    _WITHOUT.labels(use).inc()

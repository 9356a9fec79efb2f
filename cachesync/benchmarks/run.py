"""The whole benchmark at one size, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max, Min

from cachesync.benchmarks.measures import Measure
from cachesync.benchmarks.reading import reading
from cachesync.benchmarks.rebuilding import rebuilding
from cachesync.benchmarks.visibility import visibility
from cachesync.benchmarks.world import require_own_database, world_ensure
from cachesync.keys import KIND_MONITOR
from cachesync.models import ProjectedDocument


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is, and how much happens to it."""

    tenants: int
    monitors: int
    rate: float
    """Writes a second."""
    seconds: float


def measure(size: Size, *, say: Callable[[str], None]) -> Iterator[Measure]:
    """Make the data where it is missing, and measure all of it.

    Empties the projection's Redis. Raises `Conflict` on a database with other tenants.
    """
    require_own_database(tenants=size.tenants)
    # Making data is no request: the rebuild finds it all. Writers are processes of their own.
    settings.PROJECTION_RECEIVERS = False
    ids = world_ensure(tenants=size.tenants, monitors=size.monitors, say=say)
    documents = size.tenants * size.monitors
    say("rebuild, sweep, reconciliation")
    yield from rebuilding(documents)
    say(document_sizes())
    say(f"{size.rate:g} writes a second for {size.seconds:g} s")
    yield from visibility(documents, ids, rate=size.rate, seconds=size.seconds)
    say("reads")
    yield from reading(documents, [str(pk) for pk in ids])


def document_sizes() -> str:
    """How the documents' sizes are spread, in a sentence."""
    rows = ProjectedDocument.objects.filter(kind=KIND_MONITOR).order_by("size")
    ends = rows.aggregate(least=Min("size"), most=Max("size"))
    count = rows.count()
    sizes = rows.values_list("size", flat=True)
    spread = ", ".join(f"p{part} {sizes[part * count // 100] / 1024:.1f}" for part in (5, 50, 95))
    return (
        f"{count:,} documents, in KiB: least {ends['least'] / 1024:.1f}, {spread}, "
        f"most {ends['most'] / 1024:.1f}"
    )

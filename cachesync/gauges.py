"""The projection's figures as gauges of `/metrics`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final

import structlog
from django.db import Error as DatabaseError
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from blip0.common.metrics import STATE
from cachesync.services.figures import (
    DocumentFigures,
    Figures,
    RedisFigures,
    RuntimeFigures,
    ScopeFigures,
    figures_read,
)
from cachesync.store import Store

logger = structlog.get_logger(__name__)

TIMEOUT_S: Final = 1.0
KEPT_S: Final = 10.0
"""How old figures may be: asking more often costs nothing."""
DOCUMENTS_KEPT_S: Final = 60.0
"""The same for those that read every document's row."""


class ProjectionCollector:
    """Asks Postgres and Redis at most once in `KEPT_S`, however many ask it.

    Without Postgres there is only the gauge that says so; without Redis, what Postgres tells.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._figures: Figures | None = None
        self._read_at = self._documents_at = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        figures = self._current()
        yield _gauge(
            "blip0_projection_postgres_up", "Whether Postgres answers.", figures is not None
        )
        if figures is None:
            return
        yield _gauge(
            "blip0_projection_redis_up",
            "Whether the projection's Redis answers.",
            bool(figures.redis),
        )
        yield from _of_documents(figures.documents)
        yield from _of_scopes(figures.scopes)
        if figures.redis is not None:
            yield from _of_redis(figures.redis)
            yield from _of_runtimes(figures.redis.runtimes)

    def _current(self) -> Figures | None:
        with self._lock:
            began = time.monotonic()
            if began - self._read_at < KEPT_S:
                return self._figures
            documents = None
            if self._figures and began - self._documents_at < DOCUMENTS_KEPT_S:
                documents = self._figures.documents
            else:
                self._documents_at = began
            try:
                self._figures = figures_read(
                    store=Store(timeout_s=TIMEOUT_S), now=timezone.now(), documents=documents
                )
            except DatabaseError as error:
                logger.warning("metrics.postgres_unavailable", error=type(error).__name__)
                self._figures = None
            self._read_at = began
            return self._figures


def _of_documents(figures: DocumentFigures) -> Iterator[GaugeMetricFamily]:
    documents = _family(
        "blip0_projection_documents",
        "Objects that are projected, or that can't be.",
        "kind",
        "state",
        "reason",
    )
    for labels, count in figures.counts.items():
        documents.add_metric(labels, count)
    yield documents
    yield _by("blip0_projection_documents_bytes", "Bytes of all documents.", "kind", figures.sizes)
    tenant = _family(
        "blip0_projection_tenant_largest_bytes", "Documents of the tenant with the most.", "tenant"
    )
    if largest := figures.largest_tenant:
        tenant.add_metric([largest.scope], largest.size)
    yield tenant
    document = _family(
        "blip0_projection_document_largest_bytes", "The largest document.", "scope", "document"
    )
    if largest := figures.largest_document:
        document.add_metric([largest.scope, largest.object_id], largest.size)
    yield document


def _of_scopes(figures: ScopeFigures) -> Iterator[GaugeMetricFamily]:
    yield _by("blip0_platform_tenants", "Tenants by status.", "status", figures.tenants)
    yield _by(
        "blip0_projection_scopes",
        "Scopes by what is known of them.",
        "condition",
        figures.conditions,
    )
    yield _by(
        "blip0_projection_scopes_failing", "Scopes that fail, by error.", "error", figures.errors
    )
    yield _gauge(
        "blip0_projection_scopes_unverified",
        "Scopes whose bytes weren't compared for twice the deep cycle.",
        figures.unverified,
    )
    yield _gauge(
        "blip0_projection_scope_slowest_seconds",
        "The longest that a scope took when it was last written.",
        figures.slowest_ms / 1000,
    )


def _of_redis(figures: RedisFigures) -> Iterator[GaugeMetricFamily]:
    never = float("inf")
    age = figures.heartbeat_age_s
    yield _gauge(
        "blip0_projection_heartbeat_age_seconds",
        "Since a sweep has completed.",
        never if age is None else age,
    )
    yield _gauge(
        "blip0_projection_ready",
        "Whether readers are told that all of it is there.",
        figures.is_ready,
    )
    yield _gauge(
        "blip0_projection_coverage_ratio",
        "Scopes in Redis, of those that should be.",
        figures.coverage,
    )
    yield _by(
        "blip0_projection_scopes_missing",
        "Scopes that aren't in Redis; excused: nobody waits for them any more.",
        "excused",
        {"no": figures.expected - figures.covered - figures.excused, "yes": figures.excused},
    )
    yield _gauge(
        "blip0_projection_scopes_dirty", "Scopes in another version than Postgres'.", figures.dirty
    )
    yield _by(
        "blip0_projection_staleness_seconds",
        "How long the oldest commit waits that isn't in Redis, by what is known of its scope.",
        "condition",
        figures.staleness_s,
    )


def _of_runtimes(figures: RuntimeFigures) -> Iterator[GaugeMetricFamily]:
    yield _gauge("blip0_runtime_instances", "Runtimes that are there.", figures.alive)
    yield _gauge(
        "blip0_runtime_lag_seconds",
        "How long the oldest commit waits that is in Redis, and that some runtime doesn't run.",
        figures.lag_s,
    )
    yield _gauge(
        "blip0_runtime_scopes_behind",
        "Scopes of which some runtime runs an older version than Redis holds.",
        figures.behind,
    )
    yield _gauge(
        "blip0_runtime_scopes_unacknowledged",
        "Scopes of which some runtime has never said anything.",
        figures.unacknowledged,
    )
    yield _gauge(
        "blip0_runtime_scopes_refused",
        "Scopes of which some runtime refused something (NACK).",
        figures.refused,
    )


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = _family(name, text)
    family.add_metric([], value)
    return family


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = _family(name, text, label)
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def register() -> None:
    """Called once, by `AppConfig.ready()`."""
    STATE.register("projection", ProjectionCollector())

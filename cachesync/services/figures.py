"""The projection's figures: one reading of Postgres and Redis for all who show or judge it.

The sample of each minute and the gauges of `/metrics` have them from here; where each scope stands,
for people, is `services.status`. What it costs is in `docs/operations.md`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Func, Max, Sum, TextField, Value

from blip0.common.tenancy import in_public
from cachesync.contracts import SCHEMA_VERSION, Version
from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectedScope
from cachesync.reader import read_acks
from cachesync.selectors.acknowledgements import ALIVE
from cachesync.selectors.scopes import deleted_scopes, dirty_since, known_scopes
from cachesync.services.conditions import ISOLATED_AFTER
from cachesync.services.status import ScopeStatus, projection_status
from cachesync.services.sweep import is_older
from cachesync.store import Store
from tenants.choices import TenantStatus
from tenants.models import Tenant

logger = structlog.get_logger(__name__)

Condition = ProjectedScope.Condition

REASONS: Final = frozenset(
    {"", "disabled", "name_missing", "network_disabled", "no_network", "not_canonical", "paused",
     "snoozed", "tenant_suspended", "too_large", "trigger"}
)  # fmt: skip
"""First words of a document's reason. Any other one counts as `other`."""


@dataclass(frozen=True, kw_only=True)
class Largest:
    """A tenant with its documents, or one document of it. `size` in bytes."""

    scope: str
    size: int
    documents: int = 1
    kind: str = ""
    object_id: str = ""


@dataclass(frozen=True, kw_only=True)
class DocumentFigures:
    """What is projected, as `ProjectedDocument` tells it. The only figures that read every row."""

    counts: Mapping[tuple[str, str, str], int]
    """By kind, state and the first word of the reason."""
    sizes: Mapping[str, int]
    """Bytes by kind."""
    largest_tenant: Largest | None
    largest_document: Largest | None


@dataclass(frozen=True, kw_only=True)
class ScopeFigures:
    """What Postgres tells of tenants and scopes."""

    tenants: Mapping[str, int]
    """By status."""
    conditions: Mapping[str, int]
    """Scopes by condition."""
    errors: Mapping[str, int]
    """Scopes that fail, by the class of the error."""
    unverified: int
    """Scopes whose bytes weren't compared within twice the time in which all of them should be."""
    slowest_ms: int
    """The longest that a scope took when it was last written."""


@dataclass(frozen=True, kw_only=True)
class RuntimeFigures:
    """What the runtimes that are there say of themselves."""

    alive: int
    behind: int
    """Scopes that some runtime acknowledged in an older version than Redis holds."""
    lag_s: float
    """For how long the oldest commit has been waiting that such a runtime doesn't run."""
    unacknowledged: int
    """Scopes of which some runtime has never said anything."""
    refused: int
    """Scopes of which some runtime refused something: NACKs."""


@dataclass(frozen=True, kw_only=True)
class RedisFigures:
    """What Redis holds, beside what it should."""

    heartbeat_age_s: float | None
    """Since a sweep has completed; None: none ever has."""
    is_ready: bool
    """A whole projection of this epoch and schema was completed once."""
    expected: int
    """Scopes that should be there: the platform, and each tenant that isn't deleted."""
    covered: int
    excused: int
    """Of those that aren't there: how many nobody waits for any more."""
    dirty: int
    """Scopes of which Redis holds another version than Postgres."""
    staleness_s: Mapping[str, float]
    """By condition: for how long the oldest commit has been waiting that isn't in Redis."""
    runtimes: RuntimeFigures

    @property
    def coverage(self) -> float:
        return self.covered / self.expected if self.expected else 0.0


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All of them at one time. `redis` None: it doesn't answer."""

    at: datetime
    documents: DocumentFigures
    scopes: ScopeFigures
    redis: RedisFigures | None


def figures_read(
    *, store: Store, now: datetime, documents: DocumentFigures | None = None
) -> Figures:
    """The figures of this moment; `documents` of an earlier one, where they are given.

    Reads every row of `ProjectedDocument` without them, else a few rows a scope. Raises
    `django.db.Error`, also where a statement takes longer than a second.
    """
    with hurried():
        try:
            held = _redis_figures(store, now)
        except redis.RedisError as error:
            logger.warning("figures.redis_unavailable", error=repr(error))
            held = None
        return Figures(
            at=now,
            documents=documents or _document_figures(),
            scopes=_scope_figures(now),
            redis=held,
        )


@contextmanager
def hurried(*, statement_ms: int = 1_000, lock_ms: int = 200) -> Iterator[None]:
    """Whoever only looks at the projection waits for nobody, and nobody waits for them."""
    with in_public(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL statement_timeout = {statement_ms}; SET LOCAL lock_timeout = {lock_ms}"
            )
        yield


def _document_figures() -> DocumentFigures:
    rows = list(
        ProjectedDocument.objects.order_by()
        .values("scope", "kind", "state")
        .annotate(
            because=Func(
                F("reason"), Value(" "), Value(1), function="split_part", output_field=TextField()
            ),
            documents=Count("*"),
            largest=Max("size"),
            total=Sum("size"),
        )
    )
    counts: Counter[tuple[str, str, str]] = Counter()
    sizes: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    tenants: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        because = row["because"].rstrip(":")
        reason = because if because in REASONS else "other"
        counts[row["kind"], row["state"], reason] += row["documents"]
        sizes[row["kind"]] += row["total"]
        documents[row["scope"]] += row["documents"]
        if row["scope"] != PLATFORM.id:
            tenants[row["scope"]] += row["total"]
    largest = max(tenants, key=tenants.__getitem__, default=None)
    return DocumentFigures(
        counts=counts,
        sizes=sizes,
        largest_tenant=(
            Largest(scope=largest, size=tenants[largest], documents=documents[largest])
            if largest
            else None
        ),
        largest_document=_largest_document(rows),
    )


def _largest_document(rows: Sequence[Mapping[str, Any]]) -> Largest | None:
    if not rows:
        return None
    among = max(rows, key=lambda row: row["largest"])
    found = ProjectedDocument.objects.filter(
        scope=among["scope"], kind=among["kind"], size=among["largest"]
    ).first()
    if found is None:
        return None
    return Largest(scope=found.scope, size=found.size, kind=found.kind, object_id=found.object_id)


def _scope_figures(now: datetime) -> ScopeFigures:
    known = known_scopes().values()
    tenants = dict(Tenant.objects.order_by().values_list("status").annotate(Count("pk")))
    overdue = now - timedelta(seconds=2 * settings.PROJECTION_DEEP_CYCLE_S)
    return ScopeFigures(
        tenants=dict.fromkeys(TenantStatus.values, 0) | tenants,
        conditions=dict.fromkeys(Condition.values, 0) | Counter(row.condition for row in known),
        errors=Counter(
            row.error.partition(":")[0] for row in known if row.condition == Condition.FAILING
        ),
        unverified=sum(
            row.condition == Condition.SETTLED
            and (row.verified_at is None or row.verified_at < overdue)
            for row in known
        ),
        slowest_ms=max((row.duration_ms for row in known), default=0),
    )


def _redis_figures(store: Store, now: datetime) -> RedisFigures:
    status = projection_status(store=store, now=now)
    deleted = deleted_scopes()
    expected = [scope for scope in status.scopes if scope.scope not in deleted]
    absent = [scope for scope in expected if scope.held is None]
    platform = next((scope for scope in status.scopes if scope.scope.is_platform), None)
    staleness = dict.fromkeys(Condition.values, 0.0)
    for scope in status.dirty:
        # What was committed after we asked Postgres may be in Redis already: that isn't behind.
        if scope.waiting_since and is_older(scope.held, scope.wanted):
            waits = (status.at - scope.waiting_since).total_seconds()
            staleness[scope.condition] = max(staleness[scope.condition], waits)
    return RedisFigures(
        heartbeat_age_s=status.heartbeat_age_s,
        is_ready=is_ready(status.ready, epoch=platform.wanted.epoch if platform else None),
        expected=len(expected),
        covered=len(expected) - len(absent),
        excused=sum(is_excused(scope) for scope in absent),
        dirty=len(status.dirty),
        staleness_s=staleness,
        runtimes=_runtime_figures(expected, store, now),
    )


def _runtime_figures(scopes: Sequence[ScopeStatus], store: Store, now: datetime) -> RuntimeFigures:
    found = read_acks(store.client, seen_since=(now - ALIVE).timestamp())
    behind: dict[Scope, Version] = {}
    unacknowledged: set[Scope] = set()
    refused: set[Scope] = set()
    for _, acks in found.values():
        for scope in scopes:
            if (held := scope.held) is None:
                continue
            if (ack := acks.get(scope.scope.id)) is None:
                unacknowledged.add(scope.scope)
                continue
            if ack.refused:
                refused.add(scope.scope)
            if ack.at < (held.epoch, held.rev):
                epoch, rev = ack.at
                version = Version(rev, epoch, token="")
                behind[scope.scope] = min(version, behind.get(scope.scope, version), key=_number)
    since = dirty_since(behind)
    return RuntimeFigures(
        alive=len(found),
        behind=len(behind),
        lag_s=max(((now - each).total_seconds() for each in since.values()), default=0.0),
        unacknowledged=len(unacknowledged),
        refused=len(refused),
    )


def _number(version: Version) -> tuple[int, int]:
    return version.epoch, version.rev


def is_ready(stands: Mapping[str, str], *, epoch: int | None) -> bool:
    """Whether readers are told to start, with that epoch and our schema."""
    return (stands.get("epoch"), stands.get("schema")) == (str(epoch), str(SCHEMA_VERSION))


def is_excused(scope: ScopeStatus | ProjectedScope) -> bool:
    """Whether nobody waits for it: it fails again and again, or an operator has to decide."""
    if scope.condition == Condition.FAILING:
        return scope.failures >= ISOLATED_AFTER
    return scope.condition in ProjectedScope.OTHER_HISTORY

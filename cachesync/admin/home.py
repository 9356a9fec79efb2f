"""The home page's cards of the projection, its documents and the runtimes.

Most figures are those of the last minute's sample: what the page costs doesn't grow with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from blip0.common.admin.cards import Chart, Content, Figure, home_card, tenant_card
from blip0.common.admin.display import change_url
from cachesync.keys import KIND_MONITOR
from cachesync.models import ProjectedDocument, ProjectedScope, Sample
from cachesync.selectors.quotas import full_tenants
from tenants.admin.scopes import names_of
from tenants.models import Tenant

CHARTED: Final = timedelta(hours=24)
STEP_MINUTES: Final = 10
SAMPLE_OLD: Final = timedelta(minutes=3)
SWEEP_OLD_S: Final = 60
RECONCILE_OLD_S: Final = 90
LISTED: Final = 5

State = ProjectedDocument.State
STATE_TONES: Final = {State.ACTIVE: "good", State.INVALID: "bad"}
CONDITION_TONES: Final = {"failing": "bad", "ahead": "bad", "diverged": "bad"}


@home_card(
    "monitors", title="Monitors", permissions=["cachesync.view_projecteddocument"], queries=2
)
def monitors_card(_request: HttpRequest) -> Content:
    latest = _latest()
    if latest is None:
        return Content()
    listed = reverse("admin:cachesync_projecteddocument_changelist")
    counts = _by_state(latest.values)
    figures = [
        Figure(
            label=state.label,
            value=counts[state],
            url=f"{listed}?{urlencode({'kind__exact': 'monitor', 'state__exact': state})}",
            tone=STATE_TONES.get(state, "") if counts[state] else "",
        )
        for state in State
    ]
    points = {
        taken_at: float(_by_state({"documents": documents})[State.ACTIVE])
        for taken_at, documents in _since("values__documents", every=STEP_MINUTES)
    }
    return Content(figures=figures, chart=_chart("Active monitors", points), note=_age(latest))


@tenant_card(
    "monitors", title="Monitors", permissions=["cachesync.view_projecteddocument"], queries=2
)
def tenant_monitors_card(_request: HttpRequest, tenant_id: UUID) -> Content:
    scope = str(tenant_id)
    rows = ProjectedDocument.objects.filter(scope=scope, kind=KIND_MONITOR).order_by()
    counts = dict(rows.values_list("state").annotate(Count("pk")))
    listed = reverse("admin:cachesync_projecteddocument_changelist")
    figures = [
        Figure(
            label=state.label,
            value=counts[state],
            url=f"{listed}?{urlencode({'q': scope, 'state__exact': state})}",
            tone=STATE_TONES.get(state, ""),
        )
        for state in State
        if state in counts
    ]
    row = ProjectedScope.objects.filter(pk=scope).first()
    if row is not None:
        figures.append(
            Figure(
                label="Projection",
                value=row.get_condition_display(),
                url=change_url(ProjectedScope, scope),
                tone=CONDITION_TONES.get(row.condition, "good"),
                note=row.error,
            )
        )
    return Content(figures=figures)


@home_card(
    "projection", title="Projection", permissions=["cachesync.view_projectedscope"], queries=3
)
def projection_card(_request: HttpRequest) -> Content:
    latest = _latest()
    if latest is None:
        return Content(note="There is no sample yet: the beat and a worker take one each minute.")
    scopes = reverse("admin:cachesync_projectedscope_changelist")
    figures = [*_redis_figures(latest.values["redis"], scopes), _reconciled()]
    for condition, count in latest.values["conditions"].items():
        if count and condition != ProjectedScope.Condition.SETTLED:
            figures.append(
                Figure(
                    label=ProjectedScope.Condition(condition).label,
                    value=count,
                    url=f"{scopes}?{urlencode({'condition__exact': condition})}",
                    tone=CONDITION_TONES.get(condition, ""),
                )
            )
    waits = {
        taken_at: _longest(staleness)
        for taken_at, staleness in _since("values__redis__staleness_s")
    }
    chart = _chart("Longest wait for Redis in seconds", waits)
    return Content(figures=figures, chart=chart, note=_age(latest))


@home_card("runtimes", title="Runtimes", permissions=["cachesync.view_projectedscope"], queries=1)
def runtimes_card(_request: HttpRequest) -> Content:
    latest = _latest()
    if latest is None or latest.values["redis"] is None:
        return Content()
    found = latest.values["redis"]["runtimes"]
    url = reverse("admin-page", args=["runtimes"])
    return Content(
        figures=[
            Figure(
                label="There now",
                value=found["alive"],
                url=url,
                tone="good" if found["alive"] else "bad",
            ),
            Figure(label="Scopes that one of them runs in an older version", value=found["behind"]),
            Figure(label="For how long, at most", value=f"{found['lag_s']:.0f} s"),
            Figure(
                label="Scopes of which something was refused",
                value=found["refused"],
                url=url,
                tone="bad" if found["refused"] else "",
            ),
        ],
        note=_age(latest),
    )


@home_card(
    "full", title="At their limit of monitors", permissions=["tenants.view_tenant"], queries=1
)
def full_card(_request: HttpRequest) -> Content:
    full = full_tenants()
    more = len(full) - LISTED
    return Content(
        figures=[
            Figure(
                label=tenant.slug,
                value=f"{tenant.used} of {tenant.limit}",
                url=change_url(Tenant, tenant.tenant_id),
                tone="bad" if tenant.used > tenant.limit else "warning",
            )
            for tenant in full[:LISTED]
        ],
        note=f"And {more} more." if more > 0 else "",
    )


@home_card(
    "slowest",
    title="Slowest to render and write",
    permissions=["cachesync.view_projectedscope"],
    queries=2,
)
def slowest_card(_request: HttpRequest) -> Content:
    rows = list(ProjectedScope.objects.filter(duration_ms__gt=0).order_by("-duration_ms")[:LISTED])
    names = names_of([row.scope for row in rows])
    return Content(
        figures=[
            Figure(
                label=names[row.scope],
                value=f"{row.duration_ms} ms",
                url=change_url(ProjectedScope, row.scope),
            )
            for row in rows
        ]
    )


def _redis_figures(held: Mapping[str, Any] | None, scopes: str) -> Iterable[Figure]:
    if held is None:
        yield Figure(label="Redis", value="doesn't answer", tone="bad")
        return
    age = held["heartbeat_age_s"]
    yield Figure(
        label="Last complete sweep",
        value="never" if age is None else ago(age),
        tone="bad" if age is None or age > SWEEP_OLD_S else "good",
    )
    yield Figure(
        label="Readers may start",
        value="Yes" if held["is_ready"] else "No",
        tone="good" if held["is_ready"] else "bad",
    )
    missing = held["expected"] - held["covered"]
    yield Figure(
        label="Scopes in Redis",
        value=f"{held['covered']} of {held['expected']}",
        url=scopes,
        tone="bad" if missing else "good",
    )
    yield Figure(
        label="Scopes that wait to be written",
        value=held["dirty"],
        url=reverse("admin:cachesync_projectiondifference_changelist"),
        tone="warning" if held["dirty"] else "",
    )
    yield Figure(
        label="The longest has waited for", value=f"{_longest(held['staleness_s']) or 0:.1f} s"
    )


def _reconciled() -> Figure:
    """Each reconciliation compares the bytes of a few scopes at least, and writes down when."""
    at = ProjectedScope.objects.aggregate(at=Max("verified_at"))["at"]
    age = None if at is None else (timezone.now() - at).total_seconds()
    return Figure(
        label="Last reconciliation",
        value="never" if age is None else ago(age),
        tone="bad" if age is None or age > RECONCILE_OLD_S else "good",
    )


def ago(age_s: float) -> str:
    # Clocks differ: what has just been may lie in the future.
    return f"{max(0, round(age_s))} s ago"


def _latest() -> Sample | None:
    return Sample.objects.first()


def _since(column: str, *, every: int = 1) -> list[tuple[datetime, Any]]:
    """One part of the samples of the last 24 h, the oldest first; of each `every` minutes only."""
    rows = Sample.objects.filter(taken_at__gt=timezone.now() - CHARTED).order_by("taken_at")
    if every > 1:
        rows = rows.filter(taken_at__minute__in=range(0, 60, every))
    return list(rows.values_list("taken_at", column))


def _by_state(values: Mapping[str, Any]) -> dict[str, int]:
    counts = dict.fromkeys(State.values, 0)
    for row in values["documents"]:
        if row["kind"] == "monitor":
            counts[row["state"]] += row["count"]
    return counts


def _longest(staleness: Mapping[str, float] | None) -> float | None:
    return None if staleness is None else max(staleness.values(), default=0.0)


def _chart(name: str, points: Mapping[datetime, float | None]) -> Chart | None:
    """The greatest value of each `STEP_MINUTES`, of 24 h. None where there's no line to draw."""
    steps: dict[datetime, float | None] = {}
    for taken_at, value in points.items():
        local = timezone.localtime(taken_at)
        step = local.replace(minute=local.minute // STEP_MINUTES * STEP_MINUTES)
        known = steps.get(step)
        steps[step] = value if known is None else max(known, value or 0.0)
    if len(steps) < 2:
        return None
    values = [value for value in steps.values() if value is not None]
    between = f"between {min(values):g} and {max(values):g}" if values else "unknown"
    return Chart(
        title=f"{name}, 24 h",
        summary=f"{name}: {between} since {min(steps):%Y-%m-%d %H:%M}",
        labels=[f"{step:%H:%M}" for step in steps],
        values=list(steps.values()),
    )


def _age(latest: Sample) -> str:
    age = timezone.now() - latest.taken_at
    if age > SAMPLE_OLD:
        since = timesince(latest.taken_at)
        return f"These figures are {since} old: the beat or the workers stand still."
    return f"As of {timezone.localtime(latest.taken_at):%H:%M %Z}."

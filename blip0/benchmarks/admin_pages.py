"""Every page of the back office at size: what each costs the server, and its slowest query.

In this process through all middleware, as a superuser inside a tenant who may change things.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import Model, QuerySet
from django.test import Client
from django.urls import reverse

from blip0.benchmarks.admin_world import STAFF, busy_tenant_ensure
from blip0.benchmarks.timed import Queries
from blip0.common.admin.history import HistoryMixin
from blip0.common.admin.projection import inspector_url
from blip0.common.admin.routes import PageUrl, admin_pages
from blip0.common.tenancy import in_tenant
from blip0.common.undoing import UNDOS
from cachesync.benchmarks.measures import Machine, nearest_rank
from cachesync.keys import KIND_MONITOR, PLATFORM
from cachesync.models import ProjectedDocument
from monitors.models import Monitor
from tenants.models import AuditRecord, User

PROMISED_P95_MS: Final = 300.0
TERM: Final = "bench-00500"


@dataclass(frozen=True, kw_only=True)
class PageCost:
    """What a page took, redirects included: milliseconds, and queries without switches of schema.

    `slowest`: the slowest query that any of the repetitions had, and its milliseconds.
    """

    name: str
    p50: float
    p95: float
    queries: int
    slowest_ms: float
    slowest: str
    size: int
    """Bytes of the page."""

    @property
    def kept(self) -> bool:
        return self.p95 <= PROMISED_P95_MS


@dataclass(frozen=True, kw_only=True)
class AdminReport:
    """A run."""

    world: str
    pages: Sequence[PageCost]
    machine: Machine

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> AdminReport:
        """What `asdict` gave."""
        pages = [PageCost(**page) for page in values["pages"]]
        return cls(**{**values, "pages": pages, "machine": Machine(**values["machine"])})

    def values(self) -> dict[str, Any]:
        return asdict(self)

    def slow(self) -> list[PageCost]:
        """The pages that take longer than promised."""
        return [page for page in self.pages if not page.kept]

    def lines(self) -> Iterator[str]:
        """For a terminal, the slowest page first."""
        yield f"{self.world}; {len(self.pages)} pages"
        yield f"{'ms':58}{'p50':>8}{'p95':>8}{'queries':>9}{'slowest':>9}{'KiB':>7}"
        for page in sorted(self.pages, key=lambda page: -page.p95):
            yield (
                f"{page.name:58}{page.p50:>8.1f}{page.p95:>8.1f}{page.queries:>9}"
                f"{page.slowest_ms:>9.1f}{page.size / 1024:>7.0f}"
                f"{'' if page.kept else '  MISSED  ' + page.slowest}"
            )
        yield f"typical page: {statistics.median(page.p50 for page in self.pages):.1f} ms"
        yield str(self.machine)


def measure_pages(
    *, tenants: int, monitors: int, repeat: int, only: str, say: Callable[[str], None]
) -> AdminReport:
    """Make the world where it is missing, and ask for each page `repeat` times after a first one.

    `only`: of pages with this in their name. Raises `Conflict` on a database with other tenants,
    and `LookupError` for a route that can't be measured.
    """
    tenant_id = busy_tenant_ensure(tenants=tenants, monitors=monitors, say=say)
    client = _signed_in(tenant_id)
    pages = chain(
        admin_pages(lambda model: _rows(model, tenant_id), term=TERM),
        _inspectors(tenant_id),
        _undos(tenant_id),
    )
    urls = [page for page in pages if only in page.name]
    say(f"{len(urls)} URLs, {repeat} times each")
    return AdminReport(
        world=f"{tenants:,} tenants with {monitors} monitors each",
        pages=[_cost(client, page, repeat) for page in urls],
        machine=Machine.now(),
    )


def _inspectors(tenant_id: UUID) -> Iterator[PageUrl]:
    """Of the largest document of each kind."""
    for scope in (PLATFORM.id, str(tenant_id)):
        documents = ProjectedDocument.objects.filter(scope=scope)
        largest = documents.order_by("kind", "-size").distinct("kind")
        for kind, object_id in largest.values_list("kind", "object_id"):
            yield PageUrl(
                name=f"inspector, largest {kind}", url=inspector_url(scope, kind, object_id)
            )


def _undos(tenant_id: UUID) -> Iterator[PageUrl]:
    """Of the newest change of each kind that the world has one of: what it would do is tried."""
    for model, one in admin.site._registry.items():  # noqa: SLF001  # Django has no other list
        if not isinstance(one, HistoryMixin) or not one.can_revert():
            continue
        undo, records = UNDOS.get(one.audit_kind), AuditRecord.objects.all()
        if model._meta.app_label in settings.TENANT_APPS:
            records = records.filter(tenant_id=tenant_id)
        for record in records.filter(object_kind=one.audit_kind).order_by("-pk")[:10]:
            if undo.is_of(record):
                url = one.revert_url(record.object_id, record.pk)
                yield PageUrl(name=f"{model._meta.label} undo", url=url)
                break


def _signed_in(tenant_id: UUID) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=STAFF))
    enters = reverse("admin:tenants_tenant_work_inside", args=[tenant_id])
    changes = reverse("admin:tenants_tenant_allow_changes", args=[tenant_id])
    for url in (enters, changes):
        answer = client.post(url, {"reason": "A benchmark."})
        if answer.status_code != 302:
            raise LookupError(f"{url} answered {answer.status_code}: the benchmark isn't inside.")
    return client


def _cost(client: Client, page: PageUrl, repeat: int) -> PageCost:
    """Raises `LookupError` for any answer but a page."""
    first: Any = client.get(page.url, follow=True)
    if first.status_code != 200:
        raise LookupError(f"{page.url} answered {first.status_code}.")
    queries, seconds = Queries(), []
    with connection.execute_wrapper(queries):
        for _ in range(repeat):
            began = time.perf_counter()
            client.get(page.url, follow=True)
            seconds.append(time.perf_counter() - began)
    seconds.sort()
    return PageCost(
        name=page.name,
        p50=nearest_rank(seconds, 50) * 1000,
        p95=nearest_rank(seconds, 95) * 1000,
        queries=queries.count // repeat,
        slowest_ms=queries.slowest[0] * 1000,
        slowest=queries.slowest[1],
        size=len(first.content),
    )


def _rows(model: type[Model], tenant_id: UUID) -> dict[str, object]:
    """A row in the middle of the table, and the largest."""
    with _place(model, tenant_id):
        keys = QuerySet[Any](model).order_by("pk").values_list("pk", flat=True)
        if not (count := keys.count()):
            return {}
        return {"typical": keys[count // 2], "largest": _largest(model, tenant_id)}


def _place(model: type[Model], tenant_id: UUID) -> AbstractContextManager[None]:
    owned = model._meta.app_label in settings.TENANT_APPS
    return in_tenant(tenant_id) if owned else nullcontext()


def _largest(model: type[Model], tenant_id: UUID) -> object:
    if model is Monitor:  # most of a monitor is in other tables
        documents = ProjectedDocument.objects.filter(scope=str(tenant_id), kind=KIND_MONITOR)
        largest = documents.order_by("-size").values_list("object_id", flat=True).first()
        if largest is not None:
            return largest
    names = connection.ops.quote_name
    table, key = names(model._meta.db_table), names(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        largest = f"{table} row ORDER BY pg_column_size(row.*) DESC, {key} LIMIT 1"
        cursor.execute(f"SELECT {key} FROM {largest}")  # names of ours
        return cursor.fetchone()[0]

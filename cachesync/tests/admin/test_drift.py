"""The drift page and the pages of runs: shown without comparing, mended only when asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import current_app
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from blip0.testing.queries import count_queries
from cachesync.keys import Scope
from cachesync.models import ProjectedScope, ProjectionDifference, ProjectionRun, Sample
from cachesync.services.reconcile import reconcile
from cachesync.services.samples import sample_take
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tasks import perform_run
from cachesync.tests.conftest import make_monitor
from monitors.models import Monitor
from tenants.models import AuditRecord, Tenant

pytestmark = pytest.mark.usefixtures("committed")

DRIFT = "/admin/cachesync/projectiondifference/"
RUNS = "/admin/cachesync/projectionrun/"
SEES = ("cachesync.view_projectiondifference", "cachesync.view_projectionrun")
REPAIR, REBUILD = "cachesync.repair_projection", "cachesync.rebuild_projection"
REASON = "Ticket 12"


@pytest.fixture
def monitor(in_acme: Tenant, store: Store) -> Monitor:
    made = make_monitor(in_acme)
    reconcile(store=store)
    return made


@pytest.fixture
def key(monitor: Monitor, scope: Scope, projection_redis: redis.Redis) -> str:
    """A document that somebody has altered."""
    key = scope.document(str(monitor.pk))
    projection_redis.append(key, " ")
    return key


@pytest.fixture
def queued() -> None:
    """No task waits for a worker yet."""
    with current_app.connection_for_write() as connection:
        broker: Any = connection.default_channel
        broker.queue_purge("celery")


def in_queue() -> int:
    """Tasks that wait for a worker."""
    with current_app.connection_for_read() as connection:
        broker: Any = connection.default_channel
        return int(broker.client.llen("celery"))


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def compare(client: Client, name: str) -> list[str]:
    return told(client.post(f"{DRIFT}compare/", {"scope": name}))


def chosen(*rows: ProjectionDifference) -> dict[str, Any]:
    return {"action": "repair_selected", "_selected_action": [str(row.pk) for row in rows]}


def test_drift__opened__nothing_is_compared(staff, key):
    page = text_of(staff, DRIFT)

    assert "There is nothing here." in page
    assert not ProjectionRun.objects.exists()


@pytest.mark.parametrize("name", ["slug", "id"])
def test_drift__one_scope_compared__listed_with_a_link_to_the_inspector(
    staff, key, acme, monitor, name
):
    assert compare(staff, acme.slug if name == "slug" else str(acme.pk)) == [
        f"Comparison {ProjectionRun.objects.get().pk}: 1 different."
    ]

    page = text_of(staff, DRIFT)
    assert f"/inspect/{acme.pk}/monitor/{monitor.pk}/" in page
    assert ">transfers</a>" in page
    assert ProjectionDifference.objects.get().kind == "altered"


def test_drift__unknown_tenant__says_what_to_give(staff, acme):
    assert compare(staff, "nobody") == [
        "scope: there is no tenant 'nobody'. Give its slug or its id, or platform."
    ]


def test_repair__selected__asked_with_counts_then_mended_and_gone(
    staff, key, scope, projection_redis, store
):
    compare(staff, "acme")
    altered = projection_redis.get(key)

    page = staff.post(DRIFT, chosen(ProjectionDifference.objects.get())).content.decode()
    assert "Repair 1 scope" in page
    assert "Known in these scopes: Altered" in page
    assert "at once" in page
    assert projection_redis.get(key) == altered, "only asked"

    response = staff.post(f"{DRIFT}repair/", {"scopes": scope.id, "reason": REASON})

    assert response["Location"] == DRIFT
    assert told(response) == [f"Repair {ProjectionRun.objects.get(kind='repair').pk}: 1 written."]
    assert projection_redis.get(key) == altered.removesuffix(" ")
    assert not ProjectionDifference.objects.exists()
    assert AuditRecord.objects.get(action="projection.repair_begun").reason == REASON


def test_repair__without_a_reason__asked_again_and_nothing_done(
    staff, key, scope, projection_redis
):
    compare(staff, "acme")

    response = staff.post(f"{DRIFT}repair/", {"scopes": scope.id, "reason": " "})

    assert response.status_code == 200
    assert "say why" in response.content.decode()
    assert projection_redis.get(key).endswith(" ")


def test_repair__of_what_differs_no_more__says_so(staff, acme):
    response = staff.post(f"{DRIFT}repair/", {"scopes": str(uuid4()), "reason": REASON})

    assert told(response) == ["Nothing of it differs any more."]
    assert not ProjectionRun.objects.exists()


def test_repair__another_history__refused_and_a_new_epoch_offered(
    staff, monitor, scope, store, projection_redis
):
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)
    compare(staff, "acme")
    assert ProjectionDifference.objects.get().kind == "ahead"

    page = text_of(staff, DRIFT)
    assert f"{RUNS}rebuild/?scope={scope.id}" in page

    response = staff.post(f"{DRIFT}repair/", {"scopes": scope.id, "reason": REASON})
    assert "hold another history in Redis" in response.content.decode()
    assert ProjectionRun.objects.filter(kind="repair").count() == 0


def test_repair__many_scopes__in_the_background(staff, acme, queued):
    ids = [str(uuid4()) for _ in range(6)]
    for one in ids:
        ProjectionDifference.objects.create(scope=one, kind="meta", found_at=timezone.now())
    page = staff.post(DRIFT, chosen(*ProjectionDifference.objects.all())).content.decode()
    assert "in the background" in page

    response = staff.post(f"{DRIFT}repair/", {"scopes": " ".join(ids), "reason": REASON})

    run = ProjectionRun.objects.get()
    assert response["Location"] == f"{RUNS}{run.pk}/change/"
    assert run.started_at is None
    assert in_queue() == 1


def test_drift__scopes_in_trouble_and_the_last_sample__shown(staff, acme, store, monitor):
    sample_take(store=store, now=timezone.now())
    ProjectedScope.objects.filter(pk=acme.pk).update(
        condition="failing", since=timezone.now(), error="DataError: <script>alert(1)</script>"
    )

    page = text_of(staff, DRIFT)

    assert "3 of 3 scopes are in Redis" in page
    assert "DataError: &lt;script&gt;" in page


def test_drift__one_and_thirty_scopes_in_trouble__as_many_queries(staff, acme):
    def trouble(numbers: range) -> None:
        for _ in numbers:
            scope = str(uuid4())
            ProjectedScope.objects.create(scope=scope, condition="failing")
            ProjectionDifference.objects.create(
                scope=scope, kind="altered", document=str(uuid4()), found_at=timezone.now()
            )

    trouble(range(1))
    staff.get(DRIFT)
    with count_queries() as one:
        staff.get(DRIFT)
    trouble(range(29))

    with count_queries() as thirty:
        staff.get(DRIFT)

    assert len(thirty) == len(one) <= 15, thirty.statements


# Runs


def test_rebuild__asked__counts_first_and_begins_nothing(staff, acme, store, monitor):
    sample_take(store=store, now=timezone.now())
    documents = Sample.objects.get().values["documents"]

    page = text_of(staff, f"{RUNS}rebuild/")

    assert ">3</dd>" in page, "scopes"
    assert f">{sum(each['count'] for each in documents)} (" in page
    assert "Begin a new epoch" in page
    assert not ProjectionRun.objects.exists()


def test_rebuild__confirmed__a_worker_does_it_and_the_page_follows(
    staff, key, queued, projection_redis
):
    response = staff.post(f"{RUNS}rebuild/", {"reason": REASON})
    run = ProjectionRun.objects.get()
    assert response["Location"] == f"{RUNS}{run.pk}/change/"
    waiting = text_of(staff, response["Location"])
    assert "data-follow" in waiting
    assert "No worker has taken it yet" in waiting
    assert in_queue() == 1

    perform_run(run.pk)

    done = text_of(staff, response["Location"])
    assert "data-follow" not in done
    assert "1 written" in done
    assert not projection_redis.get(key).endswith(" ")
    assert "The last one took" in text_of(staff, f"{RUNS}rebuild/")


def test_rebuild__while_another_one_goes_on__refused(staff, acme, queued):
    staff.post(f"{RUNS}rebuild/", {"reason": REASON})

    response = staff.post(f"{RUNS}compare/", {})

    assert response.status_code == 200
    assert "Another run over all scopes is going on" in response.content.decode()
    assert in_queue() == 1


def test_run__whose_worker_died__shown_as_silent(staff, acme, queued):
    staff.post(f"{RUNS}rebuild/", {"reason": REASON})
    before = timezone.now() - ProjectionRun.SILENCE - timedelta(seconds=1)
    ProjectionRun.objects.update(heard_at=before)
    assert "Taken by no worker" in text_of(staff, RUNS)
    ProjectionRun.objects.update(started_at=before)
    assert "Silent" in text_of(staff, RUNS)

    assert staff.post(f"{RUNS}rebuild/", {"reason": REASON}).status_code == 302


def test_rebuild__of_a_tenant_with_a_new_epoch__at_once(
    staff, monitor, scope, store, projection_redis
):
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)

    page = text_of(staff, f"{RUNS}rebuild/?scope={scope.id}")
    assert "Rebuild acme" in page
    staff.post(f"{RUNS}rebuild/?scope={scope.id}", {"reason": REASON, "new_epoch": "on"})

    assert projection_redis.hget(scope.meta, "epoch") == "2"
    assert ProjectionRun.objects.get().scopes == [scope.id]
    assert AuditRecord.objects.get(action="projection.epoch_begun").reason == REASON


def test_rebuild__of_an_unknown_tenant__404(staff, acme):
    assert staff.get(f"{RUNS}rebuild/?scope=nobody").status_code == 404


def test_start__redis_away__run_failed_and_said(staff, monitor, scope, settings):
    settings.REDIS_PROJECTION_URL = "redis://127.0.0.1:1/0"

    [said] = compare(staff, "acme")

    assert "ConnectionError" in said
    assert ProjectionRun.objects.get().status == "failed"


# Who may


@pytest.mark.parametrize("method", ["get", "post"])
def test_pages__staff_who_may_only_look__see_the_lists_and_start_nothing(
    clerk: Callable[..., Client], method, acme, scope
):
    client = clerk(*SEES)
    assert "Compare everything" not in text_of(client, DRIFT)
    assert f"{RUNS}rebuild/" not in text_of(client, RUNS)

    for url in (f"{RUNS}rebuild/", f"{RUNS}compare/", f"{DRIFT}repair/", f"{DRIFT}compare/"):
        data = {"scope": "acme", "scopes": scope.id, "reason": REASON}
        assert getattr(client, method)(url, data).status_code in (403, 405), url
    client.post(DRIFT, {"action": "repair_selected", "_selected_action": ["1"]})
    assert not ProjectionRun.objects.exists()


def test_pages__staff_who_may_repair__compare_and_repair_but_rebuild_nothing(
    clerk: Callable[..., Client], acme
):
    client = clerk(*SEES, REPAIR)

    assert client.get(f"{RUNS}compare/").status_code == 200
    assert client.get(f"{RUNS}rebuild/").status_code == 403
    assert "Rebuild everything" not in text_of(client, DRIFT)


def test_pages__staff_who_may_rebuild__may(clerk: Callable[..., Client], acme):
    assert clerk(*SEES, REBUILD).get(f"{RUNS}rebuild/").status_code == 200

"""The inspector: a document in Postgres, in Redis and with the runtimes, on one page."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from blip0.common.admin.projection import inspector_url
from blip0.common.tenancy import current_schema, in_tenant
from blip0.testing.queries import count_queries
from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectionRun
from cachesync.services.inspection import inspection
from cachesync.services.reconcile import reconcile
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, SLACK_URL, make_monitor, make_trigger
from monitors.models import Monitor
from monitors.services import monitor_update
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, Tenant

pytestmark = pytest.mark.usefixtures("committed")

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def monitor(in_acme: Tenant, store: Store) -> Monitor:
    make_trigger(in_acme)
    made = make_monitor(in_acme, triggers=["ops"], name=HOSTILE)
    reconcile(store=store)
    return made


@pytest.fixture
def url(monitor: Monitor, scope: Scope) -> str:
    return inspector_url(scope.id, "monitor", str(monitor.pk))


@pytest.fixture
def key(monitor: Monitor, scope: Scope) -> str:
    return scope.document(str(monitor.pk))


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def alter(client: redis.Redis, key: str, **changes: Any) -> None:
    document = json.loads(str(client.get(key)))
    client.set(key, json.dumps(document | changes))


def say(client: redis.Redis, instance: str, scope: Scope, ack: str) -> None:
    client.zadd("runtime:instances", {instance: time.time()})
    client.hset(f"runtime:{instance}:ack", scope.id, ack)


def test_inspector__equal__says_so_and_shows_it_once(looking, url):
    page = text_of(looking, url)

    assert "Postgres and Redis are equal, byte by byte" in page
    assert page.count("&quot;window_s&quot;") <= 1
    assert "<del" not in page


def test_inspector__altered_by_hand__differing_words_marked_and_hash_told(
    looking, url, key, projection_redis
):
    alter(projection_redis, key, slug="other")

    page = text_of(looking, url)

    assert "Postgres and Redis differ" in page
    assert "somebody wrote past the projection" in page
    assert '<ins class="bg-green-100 dark:bg-green-500/20">transfers</ins>' in page
    assert '<del class="bg-red-100 dark:bg-red-500/20">other</del>' in page


def test_inspector__hostile_name_in_both__escaped(looking, url, key, projection_redis):
    alter(projection_redis, key, slug=f"</pre>{HOSTILE}")

    page = text_of(looking, url)

    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("delivery", ["sealed", "plain"])
def test_inspector__secrets_sealed_or_plain__never_shown_but_compared(
    looking, url, key, projection_redis, settings, delivery
):
    settings.PROJECTION_SECRET_DELIVERY = delivery
    document = json.loads(projection_redis.get(key))
    [trigger] = document["triggers"].values()
    trigger["config"]["slack_url"] = {"type": "Plain", "value": "https://hooks.slack.com/CANARY"}
    projection_redis.set(key, json.dumps(document))

    page = text_of(looking, url)

    for secret in ("CANARY", "sealed:v1", "plaintextcanary", SLACK_URL):
        assert secret not in page
    assert page.count("[secret #") == 2
    assert "Postgres and Redis differ" in page


def test_inspector__same_secret__same_mark(looking, url, key, projection_redis):
    alter(projection_redis, key, slug="other")

    page = text_of(looking, url)

    assert page.count("[secret #") == 1, "among the equal lines"


def test_inspector__no_json_in_redis__not_shown_and_why(looking, url, key, projection_redis):
    half = '{"secret-canary": "half'
    projection_redis.set(key, half)

    page = text_of(looking, url)

    assert f"{len(half)} bytes that are no JSON" in page
    assert "secret-canary" not in page


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[" * 900 + "]" * 900,
        '{"slug": "\\ud800"}',
        '{"token": {"type": ["x"], "value": [1, {"type": {}}]}}',
        "NaN",
        "9" * 5_000,
        '{"a": 1, "a": 2}',
        "",
        "\x00\x1b[31m",
    ],
)
def test_inspector__whatever_somebody_wrote_there__is_shown_or_said(
    looking, url, key, projection_redis, body
):
    projection_redis.set(key, body)

    assert "Postgres and Redis differ" in text_of(looking, url)


def test_inspector__other_order_of_keys__same_content_other_bytes(
    looking, url, key, projection_redis
):
    document = json.loads(projection_redis.get(key))
    projection_redis.set(key, json.dumps(dict(reversed(document.items()))))

    assert "The same content in other bytes" in text_of(looking, url)


def test_inspector__lost_in_redis__all_of_it_is_only_in_postgres(
    looking, url, key, projection_redis
):
    projection_redis.delete(key)

    page = text_of(looking, url)

    assert "Postgres and Redis differ" in page
    assert "<ins" in page
    assert "<dd" in page
    assert ">none</dd>" in page


def test_inspector__runtimes__each_says_what_it_has(looking, url, scope, monitor, projection_redis):
    rev = int(projection_redis.hget(scope.meta, "rev"))
    say(projection_redis, "current", scope, f"1:{rev}")
    say(projection_redis, "older", scope, "1:0")
    say(projection_redis, "refusing", scope, f"NACK 1:{rev} {monitor.pk}: no such {HOSTILE}")
    projection_redis.zadd("runtime:instances", {"silent": time.time()})

    page = text_of(looking, url)

    assert "acknowledged by 1 of 4 runtimes" in page
    for said in ("has this document", "has an older version", "refuses it", "has said nothing"):
        assert page.count(said) == 1
    assert HOSTILE not in page


def test_inspector__changed_and_not_in_redis_yet__both_versions(
    looking, url, monitor, in_acme, scope, projection_redis
):
    before = projection_redis.hget(scope.meta, "rev")
    monitor_update(
        monitor=monitor,
        data=make_monitor_document(name="Newer", slug="transfers"),
        actor=ACTOR,
        expected_version=monitor.version,
    )

    page = text_of(looking, url)

    assert "not in Redis yet" in page
    assert f"1:{int(before) + 1}" in page
    assert f"1:{before}" in page


def test_inspector__redis_away__postgres_is_still_shown(looking, url, settings):
    settings.REDIS_PROJECTION_URL = "redis://127.0.0.1:1/0"

    page = text_of(looking, url)

    assert page.count("Not known: Redis doesn't answer.") == 2
    assert "The document in Postgres" in page


def test_inspector__orphan__postgres_knows_nothing_of_it(looking, projection_redis):
    scope, one = Scope(str(uuid4())), str(uuid4())
    projection_redis.set(scope.document(one), '{"slug": "left-over"}')

    page = text_of(looking, inspector_url(scope.id, "monitor", one))

    assert "know this scope: an orphan in Redis" in page
    assert "left-over" in page


def test_inspector__scope_that_cannot_be_rendered__says_why_and_shows_redis(
    looking, url, acme, monitor
):
    with in_tenant(acme.pk), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitors_monitor RENAME TO monitors_monitor_gone")
    try:
        page = text_of(looking, url)
    finally:
        with in_tenant(acme.pk), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitors_monitor_gone RENAME TO monitors_monitor")

    assert "rendered. ProgrammingError: relation" in page
    assert "The document in Redis" in page
    assert "transfers" in page


@pytest.mark.parametrize(("kind", "name"), [("network", "base"), ("filter", "even_blocks")])
def test_inspector__of_the_catalogue__equal_without_urls_of_endpoints(
    looking, acme, store, kind, name
):
    reconcile(store=store)

    page = text_of(looking, inspector_url("platform", kind, name))

    assert "equal, byte by byte" in page
    assert "base.org" not in page


@pytest.mark.parametrize(
    ("scope_id", "kind", "object_id"),
    [
        ("platform", "monitor", "base"),
        ("platform", "network", "nowhere"),
        ("platform", "network", "a:b"),
        ("acme", "monitor", "6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1"),
        ("6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1", "monitor", "x"),
        ("6A3B5A1E-31DD-4B4A-A7A2-5DC3C9D5A0C1", "monitor", "6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1"),
        ("6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1", "monitor", "6a3b5a1e-31dd-4b4a-a7a2-5dc3c9d5a0c1"),
    ],
)
def test_inspector__what_is_no_document__404(looking, scope_id, kind, object_id):
    assert looking.get(inspector_url(scope_id, kind, object_id)).status_code == 404


def test_inspector__any_monitor__few_queries_in_no_tenants_schema(looking, url):
    looking.get(url)

    with count_queries() as log:
        looking.get(url)

    assert len(log) <= 15, log.statements
    assert current_schema() == "public"


def test_inspector__of_a_large_tenant__renders_one_document(in_acme, monitor, scope, store, url):
    for number in range(5):
        make_monitor(in_acme, f"more-{number}")
    reconcile(store=store)
    seen = inspection(scope, str(monitor.pk), store=store, now=timezone.now())
    with count_queries() as log:
        inspection(scope, str(monitor.pk), store=store, now=timezone.now())

    assert seen.are_equal
    rendered = [sql for sql in log.statements if "monitors_monitor" in sql]
    assert rendered
    assert monitor.pk.hex in rendered[0]


# Buttons


def test_resync__this__asked_first_then_that_document_is_mended_and_audited(
    looking, url, key, scope, monitor, projection_redis
):
    right = projection_redis.get(key)
    alter(projection_redis, key, slug="other")

    page = text_of(looking, f"{url}resync/")
    assert "Documents that are looked at" in page
    assert projection_redis.get(key) != right

    assert looking.post(f"{url}resync/", {"reason": "Ticket 9"})["Location"] == url

    assert projection_redis.get(key) == right
    assert "1 written" in text_of(looking, url)
    run = ProjectionRun.objects.get()
    assert (run.scopes, run.document, run.reason) == ([scope.id], str(monitor.pk), "Ticket 9")
    assert AuditRecord.objects.get(action="projection.repair_begun").reason == "Ticket 9"


def test_resync__tenant__everything_of_it_is_mended(looking, url, key, scope, projection_redis):
    right = projection_redis.get(key)
    projection_redis.delete(key)
    projection_redis.delete(scope.active)

    looking.post(f"{url}resync-scope/", {"reason": "Ticket 9"})

    assert projection_redis.get(key) == right
    assert projection_redis.scard(scope.active) == 1


def test_resync__without_a_reason__nothing_happens(looking, url, key, projection_redis):
    projection_redis.delete(key)

    response = looking.post(f"{url}resync/", {"reason": ""})

    assert response.status_code == 200
    assert projection_redis.get(key) is None
    assert not ProjectionRun.objects.exists()


def test_resync__another_history__refused_and_the_page_says_what_to_do(
    looking, url, scope, store, projection_redis
):
    projection_redis.hincrby(scope.meta, "rev", 7)
    sweep(store=store)

    page = text_of(looking, url)
    assert "rebuild with a new epoch" in page
    assert "Resync this" not in page

    response = looking.post(f"{url}resync/", {"reason": "Ticket 9"})
    assert "hold another history in Redis" in response.content.decode()


def test_pages_of_monitor_network_and_script__have_a_button_to_it(
    inside: Client, monitor, scope, store
):
    for page, target in (
        (f"/admin/monitors/monitor/{monitor.pk}", (scope.id, "monitor", str(monitor.pk))),
        ("/admin/platform_catalog/network/base", (PLATFORM.id, "network", "base")),
        (
            "/admin/platform_catalog/filterscript/even_5Fblocks",
            (PLATFORM.id, "filter", "even_blocks"),
        ),
    ):
        assert f'href="{page}/inspect/"' in text_of(inside, f"{page}/change/")
        assert inside.get(f"{page}/inspect/")["Location"] == inspector_url(*target)

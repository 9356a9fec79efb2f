from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from blip0.testing.api import ana, olga, vic
from platform_catalog.models import MonitorTemplate, Network


def test_networks__any_member__reads_them_and_no_endpoint(acme):
    client = vic()

    networks = client.get("/api/v1/networks?network_type=EVM").json()["results"]

    assert [each["slug"] for each in networks] == ["base", "ethereum_mainnet"]
    answer = client.get("/api/v1/networks/base")
    assert answer.json() == networks[0]
    assert "example.org" not in answer.content.decode()
    assert client.get("/api/v1/networks/nowhere").status_code == 404


def test_filter_scripts__any_member__reads_how_to_name_them(acme):
    client = vic()

    found = client.get("/api/v1/filter-scripts?search=EVEN&language=Bash").json()["results"]

    assert [each["script_path"] for each in found] == ["filters/even_blocks.sh"]
    assert client.get("/api/v1/filter-scripts/even_blocks").json() == found[0]


def test_templates__disabled__are_not_offered(acme):
    for slug, enabled in (("shown", True), ("hidden", False)):
        MonitorTemplate.objects.create(
            slug=slug, name=slug, network_types=["EVM"], document={}, enabled=enabled
        )
    client = vic()

    found = client.get("/api/v1/templates?network_type=EVM").json()["results"]

    assert [each["slug"] for each in found] == ["shown"]
    assert client.get("/api/v1/templates/hidden").status_code == 404
    assert client.get("/api/v1/templates?network_type=Solana").json()["results"] == []


@pytest.mark.parametrize("resource", ["networks", "filter-scripts", "templates"])
def test_catalogue__owner__writes_nothing(acme, resource):
    client = ana()

    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(f"/api/v1/{resource}").status_code == 405
        assert getattr(client, method)(f"/api/v1/{resource}/base", {}).status_code == 405


def test_networks__one_or_thirty__take_the_same_queries(acme, count_queries):
    client, counts = known(), []
    for wanted in (5, 30):
        for number in range(Network.objects.count(), wanted):
            Network.objects.create(
                slug=f"net_{number}",
                name=f"Net {number}",
                network_type="EVM",
                block_time_ms=1000,
                confirmation_blocks=1,
                cron_schedule="0 * * * * *",
            )
        bump_versions()
        with count_queries() as log:
            assert len(client.get("/api/v1/networks?page_size=100").json()["results"]) == wanted
        counts.append(len(log))

    # The platform's version, the page.
    assert counts == [2, 2]


@pytest.mark.parametrize("path", ["networks", "networks/base", "filter-scripts", "templates"])
def test_catalogue__read_before__takes_the_version_only(acme, globex, count_queries, path):
    first, client = olga().get(f"/api/v1/{path}"), known()

    with count_queries() as log:
        again = client.get(f"/api/v1/{path}")
        same = client.get(f"/api/v1/{path}", headers={"If-None-Match": first["ETag"]})

    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert (same.status_code, same.content) == (304, b"")
    # Twice the platform's version.
    assert len(log) == 2


@pytest.mark.parametrize("tag", ["of what it is", "*"])
def test_catalogue__read_conditionally_with_a_cold_cache__is_304(acme, tag):
    client = ana()
    etag = client.get("/api/v1/networks/base")["ETag"]
    cache.clear()

    same = client.get(
        "/api/v1/networks/base", headers={"If-None-Match": tag if tag == "*" else etag}
    )

    assert (same.status_code, same["ETag"]) == (304, etag)


def test_catalogue__changed_by_any_means__is_read_anew_at_once(committed, acme):
    client = ana()
    before = client.get("/api/v1/networks/base")
    Network.objects.filter(slug="base").update(name="Base Two")

    after = client.get("/api/v1/networks/base", headers={"If-None-Match": before["ETag"]})

    assert (before.json()["name"], after.json()["name"]) == ("Base", "Base Two")


def test_catalogue__change_rolled_back__shows_what_is_committed(committed, acme):
    client = ana()
    before = client.get("/api/v1/networks/base").json()
    with transaction.atomic():
        Network.objects.filter(slug="base").update(name="Base Two")
        transaction.set_rollback(True)

    assert client.get("/api/v1/networks/base").json() == before


def test_catalogue__cache_away__is_read_from_the_database(acme, settings):
    client = ana()
    before = client.get("/api/v1/networks").json()
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}

    assert client.get("/api/v1/networks").json() == before


def known():
    """A client of whom the cache knows who it is."""
    client = ana()
    client.get("/api/v1/me")
    return client


def bump_versions():
    """Fires the deferred triggers, which a rolled-back test never would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from monitors.models import Monitor
from monitors.services import monitor_create
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, LimitOverride
from triggers.tests.factories import document as trigger_document

URL = "/api/v1/monitors"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(acme):
    client = ana()
    assert client.post("/api/v1/triggers", trigger_document("slack", name="Ops")).status_code == 201
    return client


@pytest.fixture
def monitor(client):
    answer = client.post(URL, make_monitor_document(triggers=["ops"]))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_create__whole_document__reads_back_as_it_was_written(client):
    document = make_monitor_document(triggers=["ops"])

    answer = client.post(URL, document)

    body = answer.json()
    assert answer.status_code == 201, body
    assert answer["Location"].endswith(f"{URL}/{body['id']}")
    assert {key: body[key] for key in document} == document
    assert (body["version"], body["snoozed_until"]) == (1, None)
    assert client.get(f"{URL}/{body['id']}").json() == body
    record = AuditRecord.objects.get(action="monitor.created")
    assert (record.object_id, record.actor_name) == (body["id"], "ana@acme.test")
    assert record.request_id == answer["X-Request-ID"]


def test_create__several_mistakes__are_all_found_and_nothing_is_stored(client, acme):
    document = make_monitor_document(networks=["nowhere"], triggers=["nobody"], severity="high")

    answer = client.post(URL, document)

    assert answer.status_code == 422
    pointers = [e["pointer"] for e in answer.json()["errors"]]
    assert pointers == ["/severity", "/networks/0", "/triggers/0"]
    with in_tenant(acme.pk):
        assert not Monitor.objects.exists()


def test_create__read_only_field__is_422(client):
    answer = client.post(URL, make_monitor_document(id="5d1a8f6e-0000-4000-8000-000000000000"))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "read_only")


def test_create__plan_is_full__is_422_limit_reached(client, acme, monitor):
    LimitOverride.objects.create(tenant=acme, limit="monitors", value=1, reason="test")

    answer = client.post(URL, make_monitor_document(name="Second", slug="second"))

    assert (answer.status_code, answer.json()["code"]) == (422, "monitor_limit_reached")


def test_put__document_as_it_was_read__changes_nothing(client, monitor):
    answer = client.put(f"{URL}/{monitor['id']}", monitor)

    assert (answer.status_code, answer.json()) == (200, monitor)


def test_put__optional_fields_left_out__are_reset(client, monitor):
    document = make_monitor_document(triggers=["ops"])
    for key in ("description", "alerting", "slug"):
        del document[key]

    body = client.put(f"{URL}/{monitor['id']}", document).json()

    assert (body["description"], body["alerting"]) == ("", {})
    assert body["slug"] == monitor["slug"]


def test_put__required_fields_left_out__are_named_and_nothing_changes(client, monitor):
    answer = client.put(f"{URL}/{monitor['id']}", {"name": "Other"})

    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {
        "/networks",
        "/addresses",
        "/match_conditions",
        "/trigger_conditions",
        "/triggers",
    }
    assert client.get(f"{URL}/{monitor['id']}").json() == monitor


def test_patch__one_field__leaves_the_rest(client, monitor):
    body = client.patch(f"{URL}/{monitor['id']}", {"description": "New"}).json()

    changed = {key for key in body if body[key] != monitor[key]}
    assert changed == {"description", "version", "updated_at"}


def test_pause_resume__twice__are_no_errors(client, monitor):
    url = f"{URL}/{monitor['id']}"

    assert [client.post(f"{url}/pause").json()["paused"] for _ in range(2)] == [True, True]
    assert client.get(url).json()["version"] == 2
    assert [client.post(f"{url}/resume").json()["paused"] for _ in range(2)] == [False, False]


def test_snooze_and_wake__show_until_when(client, monitor):
    url = f"{URL}/{monitor['id']}/snooze"
    until = datetime.now(UTC) + timedelta(hours=1)

    snoozed = client.post(url, {"until": until.isoformat(), "reason": "Upgrade"})
    woken = client.delete(url)

    assert snoozed.status_code == 200
    assert datetime.fromisoformat(snoozed.json()["snoozed_until"]) == until
    assert (woken.status_code, woken.json()["snoozed_until"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/until"),
        ({"until": "tomorrow"}, "/until"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"until": "2090-01-01T00:00:00Z", "why": 1}, "/why"),
    ],
)
def test_snooze__malformed__is_422_with_a_pointer(client, monitor, body, pointer):
    answer = client.post(f"{URL}/{monitor['id']}/snooze", body)

    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert client.get(f"{URL}/{monitor['id']}").json() == monitor


def test_clone__new_name__is_another_monitor_of_equal_content(client, monitor):
    answer = client.post(f"{URL}/{monitor['id']}/clone", {"name": "A copy"})

    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"].endswith(body["id"])
    assert (body["name"], body["slug"]) == ("A copy", "a-copy")
    own = ("id", "name", "slug", "version", "created_at", "updated_at")
    assert {k: v for k, v in body.items() if k not in own} == {
        k: v for k, v in monitor.items() if k not in own
    }


def test_clone__name_taken__is_409(client, monitor):
    answer = client.post(f"{URL}/{monitor['id']}/clone", {"name": monitor["name"]})

    assert answer.status_code == 409


def test_delete__live__is_gone_and_its_trigger_is_free(client, monitor):
    assert client.delete(f"{URL}/{monitor['id']}").status_code == 204
    assert client.get(f"{URL}/{monitor['id']}").status_code == 404
    [trigger] = client.get("/api/v1/triggers").json()["results"]
    assert client.delete(f"/api/v1/triggers/{trigger['id']}").status_code == 204


def test_delete_trigger__in_use__is_409_and_lists_the_users(client, monitor):
    [trigger] = client.get("/api/v1/triggers").json()["results"]

    answer = client.delete(f"/api/v1/triggers/{trigger['id']}")

    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert any("large-usdc-transfers" in user for user in answer.json()["users"])
    assert client.get("/api/v1/triggers").json()["results"] == [trigger]


@pytest.mark.parametrize("action", ["pause", "resume", "clone"])
def test_action__if_match_of_an_older_version__is_412(client, monitor, action):
    url = f"{URL}/{monitor['id']}"
    old = client.get(url)["ETag"]
    current = client.patch(url, {"description": "New"})["ETag"]

    answer = client.post(f"{url}/{action}", {"name": "Copy"}, headers={"If-Match": old})

    assert (answer.status_code, answer["ETag"]) == (412, current)
    assert len(client.get(URL).json()["results"]) == 1


def test_etag__trigger_renamed__changes_with_what_the_monitor_shows(client, monitor):
    url = f"{URL}/{monitor['id']}"
    before = client.get(url)["ETag"]
    [trigger] = client.get("/api/v1/triggers").json()["results"]
    client.patch(f"/api/v1/triggers/{trigger['id']}", {"slug": "operations"})

    answer = client.get(url, headers={"If-None-Match": before})

    assert answer.status_code == 200
    assert answer.json()["triggers"] == ["operations"]


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["alpha", "beta", "gamma"]),
        ("?ordering=-created_at", ["beta", "gamma", "alpha"]),
        ("?paused=true", ["beta"]),
        ("?network=base", ["gamma"]),
        ("?trigger=ops", ["alpha"]),
        ("?trigger=ops&network=base", []),
        ("?search=AMM", ["gamma"]),
    ],
)
def test_list__filtered_searched_and_ordered__finds_exactly_these(client, query, slugs):
    for slug, changes in (
        ("alpha", {"triggers": ["ops"]}),
        ("gamma", {"networks": ["base"]}),
        ("beta", {"paused": True}),
    ):
        answer = client.post(URL, make_monitor_document(name=slug, slug=slug, **changes))
        assert answer.status_code == 201, answer.json()

    answer = client.get(URL + query)

    assert answer.status_code == 200, answer.json()
    assert [each["slug"] for each in answer.json()["results"]] == slugs


def test_list__page_by_page_in_the_order_of_creation__shows_each_once(client, acme):
    with in_tenant(acme.pk):
        for number in range(5):
            _create(acme, f"m{number}")

    seen, url = [], f"{URL}?page_size=2&ordering=-created_at"
    while url:
        page = client.get(url).json()
        seen += [each["slug"] for each in page["results"]]
        url = page["next"]

    assert seen == ["m4", "m3", "m2", "m1", "m0"]


def test_list__one_or_thirty__takes_the_same_queries(client, acme, count_queries):
    counts = []
    for wanted in (1, 30):
        with in_tenant(acme.pk):
            for number in range(Monitor.objects.count(), wanted):
                _create(acme, f"m{number}", triggers=["ops"])
        with count_queries() as log:
            assert len(client.get(f"{URL}?page_size=100").json()["results"]) == wanted
        counts.append(len(log))

    # The caller, the page, its five kinds of child rows, their specs, triggers and scripts.
    assert counts[0] == counts[1] <= 9


def _create(tenant, slug, **changes):
    data = make_monitor_document(name=slug, slug=slug, **changes)
    return monitor_create(tenant=tenant, data=data, actor=Actor.system("test"))

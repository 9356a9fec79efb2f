from __future__ import annotations

import pytest

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from tenants.models import AuditRecord
from triggers.models import Trigger
from triggers.services import trigger_create
from triggers.tests.factories import SLACK_URL, document

URL = "/api/v1/triggers"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(acme):
    return ana()


@pytest.fixture
def slack(client):
    answer = client.post(URL, document("slack", name="Ops"))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_create__slack__is_201_with_location_tag_and_masked_secret(client):
    answer = client.post(URL, document("slack", name="Ops channel"))

    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"{URL}/{body['id']}")
    assert answer["ETag"].startswith('"1-')
    assert body["slug"] == "ops-channel"
    assert body["config"]["slack_url"]["set"] is True
    assert SLACK_URL not in answer.content.decode()
    assert client.get(f"{URL}/{body['id']}").json() == body


@pytest.mark.parametrize("kind", ["slack", "email", "webhook", "telegram", "discord"])
def test_create__each_type__reads_back_and_can_be_put_back(client, kind):
    created = client.post(URL, document(kind, name=f"A {kind}")).json()

    put = client.put(f"{URL}/{created['id']}", created)

    assert put.status_code == 200, put.json()
    assert put.json() == created


def test_create__invalid__lists_every_finding_with_its_pointer(client, acme):
    data = document("slack", name="Ops", colour="red")
    data["config"] = {"message": {"title": 1, "body": "x"}}

    answer = client.post(URL, data)

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert {e["pointer"] for e in answer.json()["errors"]} >= {"/colour"}
    with in_tenant(acme.pk):
        assert not Trigger.objects.exists()


def test_create__name_taken__is_409(client, slack):
    answer = client.post(URL, document("slack", name="Ops"))

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] in {"/name", "/slug"}


def test_create__records_the_user_as_actor(client, slack):
    record = AuditRecord.objects.get(action="trigger.created", object_id=slack["id"])

    assert (record.actor_kind, record.actor_name) == ("user", "ana@acme.test")
    assert record.request_id


def test_patch__message__keeps_the_secret_and_moves_the_version(client, slack, acme):
    config = {"message": {"title": "New", "body": "Text"}}

    answer = client.patch(f"{URL}/{slack['id']}", {"config": config})

    assert answer.status_code == 200, answer.json()
    assert answer.json()["version"] == slack["version"] + 1
    assert answer.json()["config"]["message"] == config["message"]
    assert answer.json()["config"]["slack_url"] == slack["config"]["slack_url"]


def test_put__without_required_fields__names_them(client, slack):
    answer = client.put(f"{URL}/{slack['id']}", {"name": "Ops"})

    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/trigger_type", "/config"]


def test_patch__read_only_field_that_differs__is_422_and_changes_nothing(client, slack):
    answer = client.patch(f"{URL}/{slack['id']}", {"name": "Other", "version": 7})

    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "pointer": "/version",
        "code": "read_only",
        "detail": "`version` is written by the platform; leave it out.",
    }
    assert client.get(f"{URL}/{slack['id']}").json() == slack


def test_disable_and_enable__change_what_is_asked(client, slack):
    off = client.post(f"{URL}/{slack['id']}/disable")
    assert (off.status_code, off.json()["enabled"]) == (200, False)
    assert off.json()["disabled_reason"] == "by_member"

    on = client.post(f"{URL}/{slack['id']}/enable")
    assert (on.status_code, on.json()["enabled"]) == (200, True)


def test_delete__unused__is_gone_and_frees_its_name(client, slack):
    assert client.delete(f"{URL}/{slack['id']}").status_code == 204
    assert client.get(f"{URL}/{slack['id']}").status_code == 404
    assert client.delete(f"{URL}/{slack['id']}").status_code == 404
    assert client.post(URL, document("slack", name="Ops")).status_code == 201


def test_if_match__current_tag__is_let_through_and_an_old_one_is_412(client, slack):
    url = f"{URL}/{slack['id']}"
    first = client.get(url)["ETag"]
    changed = client.patch(url, {"name": "Second"}, headers={"If-Match": first})
    assert changed.status_code == 200

    for method, data in (("patch", {"name": "Third"}), ("delete", None), ("put", slack)):
        answer = getattr(client, method)(url, data, headers={"If-Match": first})
        assert answer.status_code == 412
        assert answer.json()["code"] == "stale"
        assert answer["ETag"] == changed["ETag"]
    assert client.get(url).json()["name"] == "Second"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_if_none_match__current_tag__is_304_without_a_body(client, slack, form):
    url = f"{URL}/{slack['id']}"
    tag = client.get(url)["ETag"]

    answer = client.get(url, headers={"If-None-Match": form.format(tag)})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == tag
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["a-mail", "b-hook", "c-slack"]),
        ("?ordering=-slug", ["c-slack", "b-hook", "a-mail"]),
        ("?trigger_type=webhook", ["b-hook"]),
        ("?enabled=false", ["c-slack"]),
        ("?enabled=true&search=MAIL", ["a-mail"]),
        ("?search=nothing", []),
    ],
)
def test_list__filtered_searched_and_ordered__finds_exactly_these(client, query, slugs):
    client.post(URL, document("email", name="A mail"))
    client.post(URL, document("webhook", name="B hook"))
    client.post(URL, document("slack", name="C slack", enabled=False))

    answer = client.get(URL + query)

    assert answer.status_code == 200, answer.json()
    assert [each["slug"] for each in answer.json()["results"]] == slugs


@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=101",
        "page_size=x",
        "ordering=name",
        "enabled=yes",
        "trigger_type=pigeon",
        "colour=red",
        "cursor=x",
        "search=a%00b",
    ],
)
def test_list__parameter_it_does_not_understand__is_422_and_names_it(client, query):
    answer = client.get(f"{URL}?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_list__page_by_page__shows_each_once_and_leads_back(client, acme):
    actor_client = client
    for number in range(7):
        actor_client.post(URL, document("slack", name=f"Slack {number}"))

    seen, url = [], f"{URL}?page_size=3"
    while url:
        page = client.get(url).json()
        seen.append([each["slug"] for each in page["results"]])
        previous, url = page["previous"], page["next"]

    assert [len(page) for page in seen] == [3, 3, 1]
    assert [slug for page in seen for slug in page] == [f"slack-{number}" for number in range(7)]
    assert [each["slug"] for each in client.get(previous).json()["results"]] == seen[1]


def test_list__cursor_of_another_order__is_refused(client):
    for number in range(2):
        client.post(URL, document("slack", name=f"Slack {number}"))
    following = client.get(f"{URL}?page_size=1").json()["next"]

    answer = client.get(following + "&ordering=-slug")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_list__one_or_thirty__takes_the_same_queries(client, acme, count_queries):
    client.get("/api/v1/me")  # from now on the cache knows who asks
    counts = []
    client.get("/api/v1/me")  # from here on the caller is known
    for wanted in (1, 30):
        with in_tenant(acme.pk):
            for number in range(Trigger.objects.count(), wanted):
                trigger_create(
                    tenant=acme,
                    data=document("slack", name=f"Slack {number}"),
                    actor=Actor.system("test"),
                )
        with count_queries() as log:
            assert len(client.get(f"{URL}?page_size=100").json()["results"]) == wanted
        counts.append(len(log))

    # The page and one type's configurations.
    assert counts == [2, 2]


@pytest.mark.parametrize("name", ["5d1a8f6e-0000-4000-8000-000000000000", "ops", "1", "x" * 300])
def test_read__unknown_or_malformed_id__is_a_404_problem(client, slack, name):
    answer = client.get(f"{URL}/{name}")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer["X-Request-ID"]

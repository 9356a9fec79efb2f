"""What a read may ask for: members, and nothing that isn't known."""

from __future__ import annotations

import pytest

from blip0.testing.api import ana
from monitors.tests.factories import make_monitor_document
from triggers.tests.factories import document as trigger_document

MONITORS = "/api/v1/monitors"


@pytest.fixture
def client(acme):
    client = ana()
    assert client.post(MONITORS, make_monitor_document()).status_code == 201
    assert client.post("/api/v1/triggers", trigger_document("slack", name="Ops")).status_code == 201
    return client


def test_fields__one_each_time__are_those_between_commas(client):
    each = client.get(f"{MONITORS}?fields=slug&fields=name").json()

    assert each == client.get(f"{MONITORS}?fields=slug,name").json()
    assert each["results"][0].keys() == {"slug", "name"}


@pytest.mark.parametrize("resource", ["monitors", "triggers", "networks", "filter-scripts"])
def test_fields__named__are_all_that_lists_and_objects_show(client, resource):
    path = f"/api/v1/{resource}"
    key = "slug" if resource == "networks" else "name"
    whole = client.get(path).json()["results"]
    name = whole[0].get("id") or whole[0][key]

    listed = client.get(f"{path}?fields={key}").json()["results"]
    one = client.get(f"{path}/{name}?fields={key}")

    assert listed == [{key: each[key]} for each in whole]
    assert one.json() == {key: whole[0][key]}


def test_fields__of_a_monitor__keep_its_tag_and_what_is_expanded(client):
    [monitor] = client.get(MONITORS).json()["results"]
    url = f"{MONITORS}/{monitor['id']}"
    whole, sparse = client.get(url), client.get(f"{url}?fields=name")

    assert sparse["ETag"] == whole["ETag"]
    assert set(client.get(f"{url}?fields=name&expand=projection").json()) == {"name", "projection"}
    assert (
        client.patch(url, {"description": "N"}, headers={"If-Match": sparse["ETag"]}).status_code
        == 200
    )


@pytest.mark.parametrize("path", [MONITORS, "/api/v1/networks", "/api/v1/networks/base"])
def test_fields__unknown__is_422_with_the_known_ones(client, path):
    answer = client.get(f"{path}?fields=name,secret")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert answer.json()["errors"][0]["parameter"] == "fields"
    assert "`secret`" in answer.json()["detail"]
    assert "slug" in answer.json()["detail"]


@pytest.mark.parametrize("fields", [",", "name,", ",name", "name,,slug"])
def test_fields__nothing_beside_a_comma__is_422(client, fields):
    answer = client.get(f"{MONITORS}?fields={fields}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "fields"
    assert "comma" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", MONITORS),
        ("get", "{monitor}"),
        ("get", "{monitor}/findings"),
        ("get", "{monitor}/projection"),
        ("get", "/api/v1/networks"),
        ("get", "/api/v1/me"),
        ("post", MONITORS),
        ("post", "{monitor}/pause"),
        ("patch", "{monitor}"),
        ("delete", "{monitor}"),
    ],
)
def test_parameter__unknown__is_refused_by_name_and_nothing_is_done(client, method, path):
    [monitor] = client.get(MONITORS).json()["results"]
    url = path.format(monitor=f"{MONITORS}/{monitor['id']}")

    answer = getattr(client, method)(f"{url}?validate-only=true", {} if method != "get" else None)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert answer.json()["errors"][0]["parameter"] == "validate-only"
    assert client.get(MONITORS).json()["results"] == [monitor]


def test_cors__allowed_site__may_send_and_read_what_the_conventions_need(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    origin = {"Origin": "https://app.example.org"}

    asked = client.options(
        MONITORS,
        headers={
            **origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "if-match,idempotency-key,authorization",
        },
    )
    answer = client.get(MONITORS, headers=origin)
    other = client.get(MONITORS, headers={"Origin": "https://evil.example.org"})

    allowed = asked["Access-Control-Allow-Headers"].split(", ")
    assert {"if-match", "if-none-match", "idempotency-key", "x-api-key"} <= set(allowed)
    exposed = answer["Access-Control-Expose-Headers"].split(", ")
    assert {"etag", "location", "ratelimit", "retry-after", "x-request-id"} <= set(exposed)
    assert "Access-Control-Allow-Origin" not in other

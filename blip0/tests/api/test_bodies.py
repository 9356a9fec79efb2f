"""What the API makes of bodies and headers, before any rule of a document."""

from __future__ import annotations

import pytest
from django.test import Client

from blip0.common.api.parsers import MAX_BYTES, MAX_DEPTH
from blip0.testing.api import ana

URL = "/api/v1/triggers"
pytestmark = pytest.mark.django_db


def post(client, body, content_type="application/json"):
    return client.generic("POST", URL, body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "json.syntax"),
        ('{"name": NaN}', "json.number"),
        ('{"name": 1e999}', "json.number"),
        ('{"a": 1, "a": 2}', "json.repeated_key"),
        ("\ufeff{}", "json.syntax"),
        (b"\xff", "json.encoding"),
        ('{"a": "\\ud800"}', "json.text"),
        ("[" * 100_000, "json.depth"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "json.depth"),
        ("[" + "1," * 100_001 + "1]", "json.size"),
        ("{" + ",".join(f'"{n}":1' for n in range(50_001)) + "}", "json.size"),
    ],
)
def test_body__not_strict_json_within_limits__is_400(acme, body, code):
    answer = post(ana(), body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_body__syntax_error__says_where(acme):
    answer = post(ana(), '{"name":\n  x}')

    assert "line 2, column 3" in answer.json()["detail"]


def test_body__repeated_key__is_pointed_at(acme):
    answer = post(ana(), '{"config": [{"x/y": 1, "x/y": 2}]}')

    assert answer.json()["errors"][0]["pointer"] == "/config/0/x~1y"


def test_body__a_byte_too_large__is_413(acme):
    client = ana()
    shell = b'{"name": "%s"}'
    fits = shell % (b"x" * (MAX_BYTES - len(shell) + 2))
    assert len(fits) == MAX_BYTES

    assert post(client, fits).status_code == 422
    answer = post(client, fits + b" ")

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_body__not_an_object__is_422(acme):
    answer = post(ana(), "[1]")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "shape.type")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ],
)
def test_body__another_media_type__is_415(acme, content_type):
    assert post(ana(), b"a=1", content_type).status_code == 415


def test_accept__nothing_we_have__is_406(acme):
    assert ana().get(URL, headers={"Accept": "text/csv"}).status_code == 406


@pytest.mark.parametrize("method", ["delete", "put", "patch", "options"])
def test_method__not_offered__is_405_with_what_is(acme, method):
    answer = getattr(ana(), method)(URL)

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "GET" in answer["Allow"]


def test_method__not_offered_with_a_query_of_another__is_405(acme):
    assert ana().patch("/api/v1/monitors?page_size=25").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("post", "password-reset", {"email": 0}, "/email"),
        ("patch", "tenant", {"name": 7}, "/name"),
        (
            "patch",
            "tenant",
            {"alerting": {"threshold": {"amount": "5", "window_s": 60}}},
            "/alerting/threshold/amount",
        ),
        (
            "patch",
            "tenant",
            {"alerting": {"threshold": {"amount": True, "window_s": 60}}},
            "/alerting/threshold/amount",
        ),
    ],
)
def test_body__json_of_another_type__is_422_and_not_guessed(acme, method, path, body, pointer):
    answer = getattr(ana(), method)(f"/api/v1/{path}", body)

    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        (pointer, "type")
    ]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/monitors", "/api/v1/monitors/"])
def test_address__nobody_has_it__is_a_404_problem(db, path):
    answer = Client().get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"


def test_request_id__given_and_well_formed__is_kept_and_another_is_replaced(db):
    client = Client()

    kept = client.get("/api/v1/me", headers={"X-Request-ID": "abc-123"})
    assert kept["X-Request-ID"] == kept.json()["request_id"] == "abc-123"
    made = client.get("/api/v1/me", headers={"X-Request-ID": "<script>"})
    assert len(made["X-Request-ID"]) == 32
    assert made.json()["request_id"] == made["X-Request-ID"]


def test_response__of_a_tenant__is_never_kept_by_shared_caches(acme):
    assert ana().get(URL)["Cache-Control"] == "private, no-cache"


def test_body__number_with_a_zero_fraction__is_whole(acme):
    alerting = {"threshold": {"amount": 5.0, "window_s": 60}}

    answer = ana().patch("/api/v1/tenant", {"alerting": alerting})

    assert answer.json()["alerting"]["threshold"]["amount"] == 5

"""`/health/*` and the id of a request."""

from __future__ import annotations

import socket

import pytest
from django.db import connections
from django.test import Client
from structlog.testing import capture_logs

from blip0.health import ready
from cachesync.services.sweep import sweep
from cachesync.store import Store


@pytest.fixture
def nowhere() -> str:
    """The URL of a Redis that nobody serves, with a password that must not get out."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"redis://:hidden-password@127.0.0.1:{free.getsockname()[1]}/0"


def test_live__without_database__answers(client: Client) -> None:
    # No database mark: a query would fail this test.
    response = client.get("/health/live")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "no-store"


def test_live__unknown_host_over_http_in_production__answers(client: Client, settings) -> None:
    settings.ALLOWED_HOSTS = ["blip0.example.org"]
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/live", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/admin/", headers={"host": "10.0.0.7:8000"}).status_code != 200


def test_live__post__is_refused(client: Client) -> None:
    assert client.post("/health/live").status_code == 405


def test_ready__all_services_answer_and_all_is_projected__says_so(
    client: Client, committed: None
) -> None:
    sweep(store=Store())

    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "cache": "ok",
        "projection": "ok",
        "projection_state": "ok",
    }


def test_ready__nothing_is_projected__is_503_and_the_reason_is_in_the_log(
    client: Client, committed: None
) -> None:
    with capture_logs() as logs:
        response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "database": "ok",
        "cache": "ok",
        "projection": "ok",
        "projection_state": "unavailable",
    }
    assert [(log["event"], log["reason"]) for log in logs] == [
        ("health.part_unavailable", "the last sweep was at None")
    ]


def test_ready__projection_down__is_503_without_its_address(
    client: Client, db: None, settings, nowhere: str
) -> None:
    settings.REDIS_PROJECTION_URL = nowhere

    with capture_logs() as logs:
        response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["projection"] == "unavailable"
    assert response.json()["cache"] == "ok"
    # Not asked, and so not in the log: one of the services under it is away.
    assert response.json()["projection_state"] == "unavailable"
    assert "127.0.0.1" not in response.content.decode()
    assert "hidden-password" not in response.content.decode() + str(logs)
    assert [(log["event"], log["part"]) for log in logs] == [
        ("health.part_unavailable", "projection")
    ]


def test_ready__cache_down__is_503(client: Client, db: None, settings, nowhere: str) -> None:
    caches = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    settings.CACHES = caches

    assert ready().status_code == 503


def test_ready__database_down__is_503(committed: None, nowhere: str) -> None:
    port = nowhere.rpartition(":")[2].partition("/")[0]
    connection = connections["default"]
    connection.close()
    before = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = port
    try:
        response = ready()
    finally:
        connection.settings_dict["PORT"] = before
        connection.close()

    assert response.status_code == 503
    assert b'"database": "unavailable"' in response.content


@pytest.mark.parametrize("path", ["/health/live", "/no-such-page", "/static/none.css"])
def test_request_id__any_response__carries_one(client: Client, db: None, path: str) -> None:
    first, second = client.get(path), client.get(path)

    assert first["X-Request-ID"]
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("proxy-id_1.a", True), ("", False), ("a" * 65, False), ("forged\nline-here", False)],
)
def test_request_id__of_a_proxy__is_kept_if_harmless(
    client: Client, given: str, kept: bool
) -> None:
    response = client.get("/health/live", headers={"X-Request-ID": given})

    assert (response["X-Request-ID"] == given) is kept


def test_request_id__in_the_log__is_the_responses(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "django_structlog"):
        response = client.get("/no-such-page")

    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [line["event"] for line in lines] == ["request_finished"]
    assert [line["request_id"] for line in lines] == [response["X-Request-ID"]]

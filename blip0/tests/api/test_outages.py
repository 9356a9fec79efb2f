"""Postgres is away: callers learn when to try again, and the next request finds it back."""

from __future__ import annotations

import pytest
from django.db import connection

from blip0.testing.api import ana


@pytest.fixture
def away(committed, acme):
    """A client that is signed in, and then no database at its address until `undo`."""
    client = ana()
    client.get("/api/v1/me")  # what the credentials stand on is cached
    client.raise_request_exception = False
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "9")
        yield client, patch.undo


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "monitors", None),
        ("get", "networks", None),
        ("post", "monitors", {"name": "x"}),
        ("post", "monitors?validate_only=true", {"name": "x"}),
        ("post", "login", {"email": "ana@acme.test", "password": "x"}),
    ],
)
def test_database__away__is_a_503_that_says_when_to_try_again(away, method, path, body):
    client, _ = away

    answer = getattr(client, method)(f"/api/v1/{path}", body, headers={"Idempotency-Key": "1"})

    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], answer["Retry-After"]) == ("unavailable", "5")
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "127.0.0.1" not in answer.content.decode()


def test_database__back_again__serves_the_next_request(away):
    client, undo = away
    assert client.get("/api/v1/monitors").status_code == 503
    undo()

    assert client.get("/api/v1/monitors").status_code == 200

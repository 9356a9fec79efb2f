"""The API over real HTTP, and what a change does to Redis the moment that it is answered."""

from __future__ import annotations

import json

import pytest

from blip0.testing.api import ana
from blip0.testing.live import bearer, call, live_server
from cachesync.keys import KIND_MONITOR, Scope
from monitors.tests.factories import make_monitor_document
from triggers.tests.factories import document as trigger_document


@pytest.fixture
def server(write_through):
    with live_server() as url:
        yield url


def test_server__sign_in_create_and_pause__is_in_redis_at_once(server, acme, projection_redis):
    api, scope = f"{server}/api/v1", Scope(str(acme.pk))
    ana_s = bearer(server, "ana@acme.test")
    trigger = call("POST", f"{api}/triggers", trigger_document(name="Ops"), **ana_s)
    assert trigger.status == 201, trigger.content
    created = call("POST", f"{api}/monitors", make_monitor_document(triggers=["ops"]), **ana_s)
    assert created.status == 201, created.content
    monitor = created.body["id"]

    assert projection_redis.smembers(scope.active) == {monitor}
    document = json.loads(projection_redis.get(scope.document(monitor)))
    assert document["monitor"]["name"] == "Large USDC transfers [acme]"

    assert call("POST", f"{api}/monitors/{monitor}/pause", **ana_s).status == 200
    assert projection_redis.smembers(scope.active) == set()
    assert call("GET", f"{api}/monitors/{monitor}").status == 401


def test_trigger__message_changed__is_in_the_documents_of_its_monitors_at_once(
    write_through, acme, projection_redis
):
    client, scope = ana(), Scope(str(acme.pk))
    trigger = client.post("/api/v1/triggers", trigger_document("slack", name="Ops")).json()
    monitor = client.post("/api/v1/monitors", make_monitor_document(triggers=["ops"])).json()
    key = scope.document(scope.field(KIND_MONITOR, monitor["id"]))
    message = {"title": "Wake up", "body": "Look at ${transaction.hash}"}
    assert "Wake up" not in projection_redis.get(key)

    client.patch(f"/api/v1/triggers/{trigger['id']}", {"config": {"message": message}})

    assert "Wake up" in projection_redis.get(key)


def test_monitor__deleted__leaves_the_active_set_at_once(write_through, acme, projection_redis):
    client, scope = ana(), Scope(str(acme.pk))
    monitor = client.post("/api/v1/monitors", make_monitor_document()).json()
    assert projection_redis.smembers(scope.active) == {monitor["id"]}

    client.delete(f"/api/v1/monitors/{monitor['id']}")

    assert projection_redis.smembers(scope.active) == set()

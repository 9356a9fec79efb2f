"""The API over real HTTP, and what a change does to Redis the moment that it is answered."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from blip0.testing.api import ana
from blip0.testing.world import PASSWORD
from cachesync.keys import KIND_MONITOR, Scope
from monitors.tests.factories import make_monitor_document
from triggers.tests.factories import document as trigger_document


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server(write_through):
    """The address of a server in a thread of its own, with its own database connection."""
    application = get_wsgi_application()

    def serve(environ, start_response):
        try:
            yield from application(environ, start_response)
        finally:
            connections.close_all()

    httpd = make_server("127.0.0.1", 0, serve, handler_class=_Quiet)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def call(method, url, body=None, **headers):
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_server__sign_in_create_and_pause__is_in_redis_at_once(server, acme, projection_redis):
    api, scope = f"{server}/api/v1", Scope(str(acme.pk))
    status, login = call("POST", f"{api}/login", {"email": "ana@acme.test", "password": PASSWORD})
    assert status == 200, login
    bearer = {"Authorization": f"Bearer {login['access']}"}
    status, trigger = call("POST", f"{api}/triggers", trigger_document(name="Ops"), **bearer)
    assert status == 201, trigger
    status, monitor = call(
        "POST", f"{api}/monitors", make_monitor_document(triggers=["ops"]), **bearer
    )
    assert status == 201, monitor

    assert projection_redis.smembers(scope.active) == {monitor["id"]}
    document = json.loads(projection_redis.get(scope.document(monitor["id"])))
    assert document["monitor"]["name"] == "Large USDC transfers [acme]"

    assert call("POST", f"{api}/monitors/{monitor['id']}/pause", **bearer)[0] == 200
    assert projection_redis.smembers(scope.active) == set()
    assert call("GET", f"{api}/monitors/{monitor['id']}")[0] == 401


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

"""`/monitors/{id}/projection` and `?expand=projection`: how far a change has come."""

from __future__ import annotations

import socket
import time

import pytest
from django.conf import settings
from django.test import override_settings

from blip0.testing.api import ana
from cachesync.reader import Follower, connect
from monitors.tests.factories import make_monitor_document

URL = "/api/v1/monitors"
pytestmark = pytest.mark.usefixtures("write_through")


@pytest.fixture
def client(acme):
    return ana()


@pytest.fixture
def monitor(client):
    answer = client.post(URL, make_monitor_document())
    assert answer.status_code == 201, answer.json()
    return answer.json()


def runtime(name="one"):
    from_redis = connect(settings.REDIS_PROJECTION_URL)
    return Follower(from_redis, instance=name)


def ready(projection_redis):
    projection_redis.hset("platform:projection:ready", mapping={"epoch": 1, "schema": 1})


def test_projection__runtime_follows__applied_then_acknowledged(client, monitor, projection_redis):
    url = f"{URL}/{monitor['id']}/projection"
    answer = client.get(url)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["progress"], body["state"], body["reason"]) == ("applied", "active", "")
    assert body["applied"]["rev"] == body["saved"]["rev"]
    assert body["applied"].keys() == {"rev", "at", "sha256", "bytes"}
    assert body["acknowledged"] == {"runtimes": 0, "by": 0, "refused": []}
    assert "ETag" not in answer
    assert answer["Cache-Control"] == "private, no-cache"

    ready(projection_redis)
    one = runtime()
    one.start()
    one.acknowledge()
    after = client.get(url).json()
    assert after["progress"] == "acknowledged"
    assert after["acknowledged"] == {"runtimes": 1, "by": 1, "refused": []}

    client.post(f"{URL}/{monitor['id']}/pause")
    paused = client.get(url).json()
    assert (paused["progress"], paused["state"]) == ("applied", "paused")
    assert paused["saved"]["rev"] > after["saved"]["rev"]
    one.follow()
    one.acknowledge()
    assert client.get(url).json()["progress"] == "acknowledged"


def test_projection__refused__the_reason_and_no_name_of_a_runtime(
    client, monitor, acme, projection_redis
):
    projection_redis.zadd("runtime:instances", {"host-17": time.time()})
    reason = f"NACK 1:999 {monitor['id']}: it can't be parsed"
    projection_redis.hset("runtime:host-17:ack", str(acme.pk), reason)
    answer = client.get(f"{URL}/{monitor['id']}/projection")
    assert answer.json()["progress"] == "refused"
    assert answer.json()["acknowledged"] == {
        "runtimes": 1,
        "by": 0,
        "refused": ["it can't be parsed"],
    }
    assert "host-17" not in answer.content.decode()


def test_projection__redis_away__unknown_and_no_error(client, monitor, in_haste):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        with override_settings(REDIS_PROJECTION_URL=url):
            answer = client.get(f"{URL}/{monitor['id']}/projection")
            page = client.get(URL, {"expand": "projection"})
    assert answer.status_code == page.status_code == 200
    body = answer.json()
    assert (body["progress"], body["acknowledged"]) == ("unknown", None)
    assert body["applied"]["sha256"], "what was written last is still known"


def test_expand__retrieve__the_member_and_no_tag(client, monitor):
    url = f"{URL}/{monitor['id']}"
    answer = client.get(url, {"expand": "projection"})
    assert answer.json() == monitor | {"projection": client.get(f"{url}/projection").json()}
    assert "ETag" not in answer
    assert client.get(url)["ETag"]


def test_expand__list__every_entry_and_as_many_commands_for_thirty(
    client, monitor, projection_redis
):
    def commands():
        before = projection_redis.info("stats")["total_commands_processed"]
        answer = client.get(URL, {"expand": "projection"})
        assert all(entry["projection"]["state"] == "active" for entry in answer.json()["results"])
        return projection_redis.info("stats")["total_commands_processed"] - before

    commands()
    one = commands()
    for number in range(29):
        document = make_monitor_document(name=f"M{number}", slug=f"m{number}")
        assert client.post(URL, document).status_code == 201
    assert commands() == one
    assert "projection" not in client.get(URL).json()["results"][0]


@pytest.mark.parametrize("path", ["", "/{id}"])
def test_expand__something_else__is_422(client, monitor, path):
    answer = client.get(URL + path.format(**monitor), {"expand": "projection,secrets"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "expand"


def test_expand__where_nothing_can_be__is_422(client):
    assert client.get("/api/v1/triggers", {"expand": "projection"}).status_code == 422

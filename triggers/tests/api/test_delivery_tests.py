"""`POST /triggers/{id}/test` over the API."""

from __future__ import annotations

import pytest

from blip0.common.system_settings import setting_value
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from blip0.testing.live import CLIENTS, at_once, bearer, call, live_server
from tenants.models import SystemSetting
from triggers.models import DeliveryTest, Trigger
from triggers.services.deliveries import TESTS_PER_HOUR
from triggers.tests.factories import DeliveryTestFactory, document
from triggers.tests.receivers import ANSWER, web

URL = "/api/v1/triggers"
FREE = 3


@pytest.fixture
def receiver():
    with web() as server:
        yield server


@pytest.fixture
def trigger(acme, receiver):
    SystemSetting.objects.create(key="allowed_targets", value=["127.0.0.1"])
    data = document("webhook", name="Ops")
    data["config"]["url"]["value"] = f"http://127.0.0.1:{receiver.server_port}/in/secretpath"
    answer = ana().post(URL, data)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_test__webhook__is_sent_and_told_and_listed(trigger, receiver):
    client, url = ana(), f"{URL}/{trigger['id']}"

    answer = client.post(f"{url}/test")

    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["succeeded"], body["status"]) == (True, "200")
    assert body["requested_by"] == "ana@acme.test"
    assert [path for _, path, _, _ in receiver.seen] == ["/in/secretpath"]
    assert ANSWER.decode() not in answer.content.decode()
    assert client.get(f"{url}/tests").json()["results"] == [body]
    assert client.get(url).json() == trigger


def test_test__same_key_twice__is_sent_once(trigger, receiver):
    client, url = ana(), f"{URL}/{trigger['id']}/test"

    answers = [client.post(url, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert len(receiver.seen) == 1


def test_test__stale_tag__sends_nothing(trigger, receiver):
    client, url = ana(), f"{URL}/{trigger['id']}"
    old = client.get(url)["ETag"]
    client.patch(url, {"name": "Other"})

    assert client.post(f"{url}/test", headers={"If-Match": old}).status_code == 412
    assert receiver.seen == []


@pytest.mark.usefixtures("committed")
def test_test__20_clients_at_once__send_what_the_quota_has_left(acme, trigger, receiver):
    with in_tenant(acme.pk):
        row = Trigger.objects.get(pk=trigger["id"])
        DeliveryTestFactory.create_batch(setting_value(TESTS_PER_HOUR) - FREE, trigger=row)
    with live_server() as server:
        ana_s = bearer(server, "ana@acme.test")
        url = f"{server}{URL}/{trigger['id']}/test"
        replies = at_once(lambda _: call("POST", url, **ana_s))

    statuses = [reply.status for reply in replies]
    assert (statuses.count(200), statuses.count(422)) == (FREE, CLIENTS - FREE)
    assert len(receiver.seen) == FREE
    with in_tenant(acme.pk):
        assert DeliveryTest.objects.count() == setting_value(TESTS_PER_HOUR)

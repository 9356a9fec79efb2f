"""Limits of a plan hold inside the transaction: those who come at once can't pass them together."""

from __future__ import annotations

import pytest

from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana, olga
from blip0.testing.live import CLIENTS, at_once, bearer, call, live_server
from monitors.models import Monitor
from monitors.tests.factories import make_monitor_document
from tenants.models import LimitOverride
from triggers.models import Trigger
from triggers.tests.factories import document as trigger_document

LIMIT = 5


def monitor_document(number):
    return make_monitor_document(name=f"M {number}", slug=f"m{number}")


def document_of_trigger(number):
    return trigger_document("slack", name=f"T {number}")


@pytest.mark.parametrize(
    ("resource", "document", "model", "code"),
    [
        ("monitors", monitor_document, Monitor, "monitor_limit_reached"),
        ("triggers", document_of_trigger, Trigger, "trigger_limit_reached"),
    ],
)
def test_create__20_clients_at_once__exactly_the_limit(
    committed, acme, resource, document, model, code
):
    LimitOverride.objects.create(tenant=acme, limit=resource, value=LIMIT, reason="test")
    with live_server() as server:
        ana_s = bearer(server, "ana@acme.test")
        url = f"{server}/api/v1/{resource}"
        replies = at_once(lambda number: call("POST", url, document(number), **ana_s))
        shown = call("GET", f"{url}?page_size=100", **ana_s).body["results"]

    refused = [reply for reply in replies if reply.status != 201]
    assert len(replies) - len(refused) == len(shown) == LIMIT
    assert {(reply.status, reply.body["code"]) for reply in refused} == {(422, code)}
    assert len(replies) == CLIENTS
    with in_tenant(acme.pk):
        assert model.objects.live().count() == LIMIT


def test_usage__of_each_limit__is_what_is_there(acme, globex):
    client = ana()
    client.post("/api/v1/triggers", document_of_trigger(1))
    client.post("/api/v1/monitors", make_monitor_document(triggers=["t-1"]))
    other = olga().get("/api/v1/usage").json()["limits"]

    body = client.get("/api/v1/usage").json()

    used = {name: usage["used"] for name, usage in body["limits"].items()}
    assert used.pop("contract_spec_bytes") > 500
    assert used == {
        "monitors": 1,
        "triggers": 1,
        "api_calls_per_hour": 3,
        "addresses_per_monitor": 1,
        "conditions_per_monitor": 3,
        "triggers_per_monitor": 1,
    }
    assert body["limits"]["monitors"] == {"limit": 200, "used": 1, "over_limit": False}
    assert (body["plan"]["slug"], body["over_limit"]) == ("pro", False)
    assert other["monitors"]["used"] == other["contract_spec_bytes"]["used"] == 0


def test_downgrade__what_exists__stays_and_can_be_changed_and_nothing_is_added(acme):
    client = ana()
    monitors = [client.post("/api/v1/monitors", monitor_document(n)).json() for n in range(3)]
    for limit, value in (("monitors", 2), ("conditions_per_monitor", 1)):
        LimitOverride.objects.create(tenant=acme, limit=limit, value=value, reason="test")

    body = client.get("/api/v1/usage").json()
    changed = client.patch(f"/api/v1/monitors/{monitors[0]['id']}", {"description": "New"})
    refused = client.post("/api/v1/monitors", monitor_document(9))

    assert body["over_limit"] is True
    assert body["limits"]["monitors"] == {"limit": 2, "used": 3, "over_limit": True}
    assert body["limits"]["conditions_per_monitor"]["over_limit"] is True
    assert body["limits"]["triggers"]["over_limit"] is False
    assert (changed.status_code, refused.status_code) == (200, 422)
    assert refused.json()["code"] in ("monitor_limit_reached", "invalid")
    assert len(client.get("/api/v1/monitors").json()["results"]) == 3


def test_change__20_clients_with_one_tag__exactly_one_wins(committed, acme):
    with live_server() as server:
        ana_s = bearer(server, "ana@acme.test")
        created = call("POST", f"{server}/api/v1/monitors", monitor_document(1), **ana_s)
        url = f"{server}/api/v1/monitors/{created.body['id']}"
        tagged = {**ana_s, "If-Match": created.headers["ETag"]}
        replies = at_once(lambda n: call("PATCH", url, {"description": f"{n}"}, **tagged))
        now = call("GET", url, **ana_s)

    [won] = [reply for reply in replies if reply.status == 200]
    lost = [reply for reply in replies if reply.status != 200]
    assert {reply.status for reply in lost} == {412}
    assert {reply.headers["ETag"] for reply in lost} == {now.headers["ETag"]}
    assert (now.body, now.body["version"]) == (won.body, 2)

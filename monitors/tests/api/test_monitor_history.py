"""What the runtime is given, who changed what, and the way back."""

from __future__ import annotations

import pytest

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana, olga, vic
from monitors.models import Monitor
from monitors.services import monitor_pause
from monitors.tests.factories import USDC, make_monitor_document
from platform_catalog.models import MonitorTemplate
from triggers.tests.factories import document as trigger_document

URL = "/api/v1/monitors"
SECRET = "T00000000/B00000000/secretsecret"


@pytest.fixture
def client(acme):
    client = ana()
    config = trigger_document("slack")["config"]
    config["slack_url"]["value"] = f"https://hooks.slack.com/services/{SECRET}"
    answer = client.post("/api/v1/triggers", trigger_document("slack", name="Ops", config=config))
    assert answer.status_code == 201, answer.json()
    return client


@pytest.fixture
def monitor(client):
    answer = client.post(URL, make_monitor_document(triggers=["ops"]))
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.mark.parametrize("delivery", ["sealed", "plain"])
def test_document__as_the_runtime_has_it__shows_no_secret(client, monitor, settings, delivery):
    settings.PROJECTION_SECRET_DELIVERY = delivery

    answer = client.get(f"{URL}/{monitor['id']}/document")

    body = answer.json()
    assert (answer.status_code, body["runs"], body["reason"]) == (200, True, "")
    assert body["document"]["monitor"]["name"] == "Large USDC transfers [acme]"
    assert body["document"]["monitor"]["addresses"] == monitor["addresses"]
    [trigger] = body["document"]["triggers"].values()
    assert trigger["config"]["slack_url"] == {"type": "Plain", "value": "[redacted]"}
    assert SECRET not in answer.content.decode()
    assert "sealed:" not in answer.content.decode()
    assert "ETag" not in answer


def test_document__paused__says_why_it_does_not_run(client, monitor):
    client.post(f"{URL}/{monitor['id']}/pause")

    body = client.get(f"{URL}/{monitor['id']}/document").json()

    assert (body["runs"], body["reason"]) == (False, "paused")
    assert body["document"]["monitor"]["paused"] is True


def test_history__changes__are_told_newest_first_and_page_by_page(client, monitor, acme):
    url = f"{URL}/{monitor['id']}"
    client.patch(url, {"description": "New"})
    with in_tenant(acme.pk):
        sam = Actor(kind="staff", id="7", name="sam@blip0.test")
        monitor_pause(monitor=Monitor.objects.get(pk=monitor["id"]), actor=sam)

    first = client.get(f"{url}/history?page_size=2").json()
    second = client.get(first["next"]).json()

    entries = [*first["results"], *second["results"]]
    assert [entry["action"] for entry in entries] == [
        "monitor.paused",
        "monitor.updated",
        "monitor.created",
    ]
    assert entries[1]["before"] == {"description": monitor["description"]}
    assert entries[1]["after"] == {"description": "New"}
    assert entries[1]["actor"]["name"] == "ana@acme.test"
    assert entries[0]["actor"] == {"kind": "staff", "id": "", "name": "Blip0 staff"}
    assert vic().get(f"{url}/history").status_code == 200


def test_revert__several_changes__is_the_state_before_the_entry(client, monitor):
    url = f"{URL}/{monitor['id']}"
    client.patch(url, {"description": "One", "paused": True})
    two = client.patch(url, {"description": "Two", "networks": ["base"], "slug": "other"})
    client.post(f"{url}/resume")
    client.patch(url, {"addresses": [{"address": USDC}, *monitor["addresses"]]})
    entries = client.get(f"{url}/history").json()["results"]
    [entry] = [e for e in entries if (e["after"] or {}).get("description") == "Two"]

    tried = client.post(f"{url}/revert?validate_only=true", {"entry": entry["id"]})
    assert client.get(url).json()["networks"] == ["base"]
    answer = client.post(f"{url}/revert", {"entry": entry["id"]}, headers={"If-Match": "*"})

    assert (tried.status_code, tried.json()["verdict"]) == (200, "ok")
    body = answer.json()
    assert answer.status_code == 200, body
    own = ("version", "updated_at")
    wanted = {**monitor, "description": "One", "paused": True}
    assert {k: v for k, v in body.items() if k not in own} == {
        k: v for k, v in wanted.items() if k not in own
    }
    assert two.json()["slug"] == "other"
    newest = client.get(f"{url}/history").json()["results"][0]
    assert newest["reason"] == f"back to before entry {entry['id']}"
    again = client.post(f"{url}/revert", {"entry": newest["id"]}).json()
    assert (again["description"], again["slug"]) == ("Two", "other")


def test_revert__to_what_the_world_refuses_now__is_422_and_changes_nothing(client, monitor):
    url = f"{URL}/{monitor['id']}"
    changed = client.patch(url, {"triggers": []}).json()
    [trigger] = client.get("/api/v1/triggers").json()["results"]
    client.delete(f"/api/v1/triggers/{trigger['id']}")
    entry = client.get(f"{url}/history").json()["results"][0]["id"]

    answer = client.post(f"{url}/revert", {"entry": entry})

    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/triggers/0"]
    assert client.get(url).json() == changed


def test_revert__entry_of_the_creation_or_of_another__is_refused(client, monitor):
    url = f"{URL}/{monitor['id']}"
    other = client.post(URL, make_monitor_document(name="B", slug="b")).json()
    client.patch(f"{URL}/{other['id']}", {"description": "New"})
    [foreign, _] = client.get(f"{URL}/{other['id']}/history").json()["results"]
    [created] = client.get(f"{url}/history").json()["results"]

    first = client.post(f"{url}/revert", {"entry": created["id"]})
    second = client.post(f"{url}/revert", {"entry": foreign["id"]})
    third = client.post(f"{url}/revert", {"entry": 2**63 - 1})

    assert (first.status_code, first.json()["code"]) == (409, "cannot_revert")
    assert (second.status_code, third.status_code) == (404, 404)
    assert client.get(url).json() == monitor


def test_revert__somebody_was_faster__is_412(client, monitor):
    url = f"{URL}/{monitor['id']}"
    old = client.get(url)["ETag"]
    current = client.patch(url, {"description": "New"})["ETag"]
    entry = client.get(f"{url}/history").json()["results"][0]["id"]

    answer = client.post(f"{url}/revert", {"entry": entry}, headers={"If-Match": old})

    assert (answer.status_code, answer["ETag"]) == (412, current)


def test_from_template__and_what_it_lacks__is_a_monitor_of_ones_own(client, acme):
    document = make_monitor_document()
    MonitorTemplate.objects.create(
        slug="transfers",
        name="Transfers",
        network_types=["EVM"],
        document={
            "match_conditions": document["match_conditions"],
            "contract_spec": document["addresses"][0]["contract_spec"],
        },
    )
    body = {
        "template": "transfers",
        "name": "Ours",
        "networks": ["base"],
        "addresses": [{"address": USDC}],
        "triggers": ["ops"],
    }

    tried = client.post(f"{URL}/from-template?validate_only=true", body)
    answer = client.post(f"{URL}/from-template", body)
    unknown = client.post(f"{URL}/from-template", {**body, "template": "none"})
    wrong = client.post(f"{URL}/from-template", {**body, "name": "Two", "networks": ["nowhere"]})

    assert (tried.status_code, tried.json()["verdict"]) == (200, "ok")
    created = answer.json()
    assert answer.status_code == 201, created
    assert (created["slug"], created["triggers"]) == ("ours", ["ops"])
    assert created["addresses"] == document["addresses"]
    assert created["match_conditions"] == document["match_conditions"]
    assert answer["Location"].endswith(created["id"])
    assert [e["pointer"] for e in unknown.json()["errors"]] == ["/template"]
    assert [e["pointer"] for e in wrong.json()["errors"]] == ["/networks/0"]
    [entry] = client.get(f"{URL}/{created['id']}/history").json()["results"]
    assert entry["reason"] == "template transfers"


def test_audit_log__admin__reads_the_tenants_records_and_filters_them(client, monitor, globex):
    olga().post(URL, make_monitor_document(name="Globex canary", slug="canary"))
    client.post(f"{URL}/{monitor['id']}/pause")

    whole = client.get("/api/v1/audit-log")
    paused = client.get("/api/v1/audit-log?action=monitor.paused").json()["results"]
    one = client.get(f"/api/v1/audit-log?object_kind=monitor&object_id={monitor['id']}&ordering=id")

    assert whole.status_code == 200
    assert "canary" not in whole.content.decode()
    assert SECRET not in whole.content.decode()
    assert [record["object"]["id"] for record in paused] == [monitor["id"]]
    assert [r["action"] for r in one.json()["results"]] == ["monitor.created", "monitor.paused"]
    record = client.get(f"/api/v1/audit-log/{paused[0]['id']}")
    assert record.json() == paused[0]
    assert record["ETag"]
    until = paused[0]["created_at"]
    before = client.get("/api/v1/audit-log", {"until": until}).json()["results"]
    assert paused[0]["id"] not in [each["id"] for each in before]
    assert client.get("/api/v1/audit-log?since=yesterday").status_code == 422


def test_audit_log__absurd_id__is_404(client):
    assert client.get(f"/api/v1/audit-log/{2**70}").status_code == 404

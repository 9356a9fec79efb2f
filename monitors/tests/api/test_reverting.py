"""Back to states whose secrets and contract specs the history only names."""

from __future__ import annotations

import json

import pytest

from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from monitors.models import Monitor
from monitors.tests.factories import USDC, make_monitor_document
from tenants.models import AuditRecord, Tenant

URL = "/api/v1/monitors"
KEYS = ("a viewing key of length: first", "a viewing key of length: other")
PLAIN = {"functions": [], "events": [], "transactions": [{"status": "Failure"}]}


def configured(*keys):
    viewing_keys = [{"type": "Plain", "value": key} for key in keys]
    return {"chain_configurations": [{"midnight": {"viewing_keys": viewing_keys}}]}


@pytest.fixture
def client(acme):
    Tenant.objects.filter(pk=acme.pk).update(allow_viewing_keys=True)
    return ana()


@pytest.fixture
def document():
    return make_monitor_document(**configured(*KEYS))


@pytest.fixture
def url(client, document):
    answer = client.post(URL, document)
    assert answer.status_code == 201, answer.json()
    return f"{URL}/{answer.json()['id']}"


def newest(client, url):
    return client.get(f"{url}/history").json()["results"][0]


def shown(client, url):
    body = client.get(url).json()
    return {key: value for key, value in body.items() if key not in ("version", "updated_at")}


def stored_keys(acme, client, url):
    """The secrets themselves, as the runtime gets them."""
    with in_tenant(acme.pk):
        rows = Monitor.objects.get(pk=url.rpartition("/")[2]).chain_configurations
    return json.dumps(rows)


def without_spec(client, url):
    """A change after which no monitor has the contract spec."""
    body = {"addresses": [{"address": USDC}], "match_conditions": PLAIN}
    assert client.patch(url, body).status_code == 200
    return newest(client, url)


def test_history__viewing_keys_change__are_told_apart_and_not_told(client, url):
    client.patch(url, configured(KEYS[1]))

    entry = newest(client, url)

    (before,) = entry["before"]["chain_configurations"]
    (after,) = entry["after"]["chain_configurations"]
    first, second = before["midnight"]["viewing_keys"]
    assert after["midnight"]["viewing_keys"] == [second]
    assert first["fingerprint"] != second["fingerprint"]
    assert (first["set"], first["hint"]) == (True, "…irst")
    assert not any(
        key in json.dumps(list(AuditRecord.objects.values("before", "after"))) for key in KEYS
    )


def test_revert__keys_that_the_monitor_still_has__come_from_there(client, url, acme):
    before, sealed = shown(client, url), stored_keys(acme, client, url)
    client.patch(url, configured(KEYS[1], KEYS[0]) | {"description": "Turned around"})

    answer = client.post(f"{url}/revert", {"entry": newest(client, url)["id"]})

    assert answer.status_code == 200, answer.json()
    assert shown(client, url) == before
    assert stored_keys(acme, client, url) == sealed, "the very bytes"


def test_revert__key_that_is_gone__is_asked_for_by_name_and_then_works(client, url):
    before = shown(client, url)
    client.patch(url, configured(KEYS[1]) | {"description": "One key less"})
    entry, changed = newest(client, url), shown(client, url)
    gone = entry["before"]["chain_configurations"][0]["midnight"]["viewing_keys"][0]["fingerprint"]

    refused = client.post(f"{url}/revert", {"entry": entry["id"]})

    assert (refused.status_code, shown(client, url)) == (422, changed)
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/secrets/{gone}", "revert.missing")
    assert "/chain_configurations/0/midnight/viewing_keys/0" in error["detail"]
    asked = {"entry": entry["id"], "secrets": {gone: KEYS[0]}}
    assert client.post(f"{url}/revert?validate_only=true", asked).status_code == 200
    assert shown(client, url) == changed
    assert client.post(f"{url}/revert", asked).status_code == 200
    assert shown(client, url) == before


def test_revert__contract_spec_that_is_gone__is_asked_for_by_hash_and_then_works(
    client, url, document
):
    before = shown(client, url)
    entry = without_spec(client, url)
    sha256 = entry["before"]["addresses"][0]["contract_spec"]
    spec = document["addresses"][0]["contract_spec"]

    refused = client.post(f"{url}/revert", {"entry": entry["id"]})
    another = client.post(
        f"{url}/revert", {"entry": entry["id"], "contract_specs": {sha256: spec[:1]}}
    )
    nothing = client.post(f"{url}/revert", {"entry": entry["id"], "contract_specs": {sha256: None}})
    done = client.post(f"{url}/revert", {"entry": entry["id"], "contract_specs": {sha256: spec}})

    for answer in (refused, another, nothing):
        assert answer.status_code == 422
        assert [e["pointer"] for e in answer.json()["errors"]] == [f"/contract_specs/{sha256}"]
    assert "its SHA-256 differs" in another.json()["errors"][0]["detail"]
    assert done.status_code == 200, done.json()
    assert shown(client, url) == before


def test_revert__contract_spec_that_another_monitor_has__comes_from_there(client, url, document):
    before = shown(client, url)
    client.post(URL, make_monitor_document(name="B", slug="b"))
    entry = without_spec(client, url)

    assert client.post(f"{url}/revert", {"entry": entry["id"]}).status_code == 200
    assert shown(client, url) == before


def test_revert__all_that_is_missing_or_too_much__is_named_at_once(client, url):
    client.patch(url, configured())
    entry = without_spec(client, url)
    first = client.get(f"{url}/history").json()["results"][1]
    marks = first["before"]["chain_configurations"][0]["midnight"]["viewing_keys"]
    sha256 = entry["before"]["addresses"][0]["contract_spec"]

    answer = client.post(f"{url}/revert", {"entry": first["id"], "secrets": {"typo": "x"}})

    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {
        *((f"/secrets/{mark['fingerprint']}", "revert.missing") for mark in marks),
        (f"/contract_specs/{sha256}", "revert.missing"),
        ("/secrets/typo", "revert.spare"),
    }

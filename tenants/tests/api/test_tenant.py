from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blip0.testing.api import ana, olga, vic
from tenants.models import AuditRecord, Tenant
from tenants.services.settings import tenant_update

URL = "/api/v1/tenant"
ALERTING = {"severity": "high", "threshold": {"amount": 3, "window_s": 600}, "min_interval_s": 0}


@pytest.fixture
def client(acme):
    return ana()


def test_get__member__reads_the_own_tenant_only(client, globex):
    body = client.get(URL).json()

    assert (body["slug"], body["name"], body["plan"]["slug"]) == ("acme", "Acme", "pro")
    assert (body["status"], body["alerting"]) == ("active", {})
    assert vic().get(URL).json() == body
    assert olga().get(URL).json()["slug"] == "globex"


def test_get__known_tag__is_304(client):
    first = client.get(URL)

    assert client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert first["Cache-Control"] == "private, no-cache"


def test_patch__name_and_alerting__are_kept_and_audited(client, acme):
    answer = client.patch(URL, {"name": "Acme Inc.", "alerting": ALERTING})

    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["name"], body["alerting"]) == ("Acme Inc.", ALERTING)
    assert client.get(URL)["ETag"] == answer["ETag"]
    record = AuditRecord.objects.get(action="tenant.updated")
    assert record.after
    assert (record.actor_name, record.after["name"]) == ("ana@acme.test", "Acme Inc.")
    assert client.patch(URL, {"alerting": {}}).json()["alerting"] == {}


def test_patch__document_as_it_was_read__changes_nothing(client, acme):
    body = client.get(URL).json()

    assert client.patch(URL, body).json() == body
    assert not AuditRecord.objects.filter(action="tenant.updated").exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"slug": "other"}, "/slug"),
        ({"plan": {"slug": "enterprise", "name": "Enterprise"}}, "/plan"),
        ({"allow_viewing_keys": True}, "/allow_viewing_keys"),
        ({"status": "suspended"}, "/status"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"nmae": "x"}, "/nmae"),
        ({"alerting": {"severity": "fatal"}}, "/alerting/severity"),
        ({"alerting": {"threshold": {"amount": 3}}}, "/alerting/threshold/window_s"),
        ({"alerting": {"threshold": {"amount": 0, "window_s": 1}}}, "/alerting/threshold/amount"),
        ({"alerting": {"min_interval_s": 2**31}}, "/alerting/min_interval_s"),
        ({"alerting": {"colour": "red"}}, "/alerting/colour"),
    ],
)
def test_patch__what_is_not_ones_own_or_malformed__is_422_and_changes_nothing(
    client, acme, change, pointer
):
    before = client.get(URL).json()

    answer = client.patch(URL, change)

    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert client.get(URL).json() == before


def test_patch__stale_tag__is_412_with_the_current_one(client, acme):
    old = client.get(URL)["ETag"]
    current = client.patch(URL, {"name": "Acme Inc."}, headers={"If-Match": old})

    answer = client.patch(URL, {"name": "Acme Ltd."}, headers={"If-Match": old})

    assert (current.status_code, answer.status_code) == (200, 412)
    assert answer["ETag"] == current["ETag"]
    assert Tenant.objects.get(pk=acme.pk).name == "Acme Inc."


def test_patch__changed_between_tag_and_lock__is_412(client, acme, monkeypatch):
    old = client.get(URL)["ETag"]

    def late(**arguments):
        Tenant.objects.filter(pk=acme.pk).update(name="Faster", updated_at=datetime.now(UTC))
        return tenant_update(**arguments)

    monkeypatch.setattr("tenants.api.tenant.tenant_update", late)
    answer = client.patch(URL, {"name": "Slower"}, headers={"If-Match": old})
    monkeypatch.undo()

    assert answer.status_code == 412
    assert answer["ETag"] == client.get(URL)["ETag"] != old


def test_patch__validate_only__saves_nothing(client, acme):
    answer = client.patch(f"{URL}?validate_only=true", {"name": "Acme Inc."})

    assert (answer.status_code, answer.json()) == (200, {"verdict": "ok", "findings": []})
    assert client.get(URL).json()["name"] == "Acme"

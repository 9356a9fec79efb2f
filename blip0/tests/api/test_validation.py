"""Checks over the API: documents that are only looked at, writes taken back, stored findings."""

from __future__ import annotations

import pytest

from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana, signed_in, vic
from blip0.tests.api.traces import rows_of
from monitors.models import Finding, Monitor
from monitors.tests.factories import make_monitor_document
from tenants.models import LimitOverride
from triggers.models import Trigger
from triggers.tests.factories import document as trigger_document

API = "/api/v1"
DOCUMENTS = {
    "monitors": make_monitor_document,
    "triggers": lambda **changes: trigger_document("webhook", **changes),
}
RESOURCES = tuple(DOCUMENTS)
FINDING = {"level", "code", "pointer", "message", "source"}


def keys(answer):
    return [(f["level"], f["pointer"]) for f in answer.json()["findings"]]


def insecure(**changes):
    """A webhook that the runtime warns about."""
    document = trigger_document("webhook", **changes)
    document["config"]["url"] = {"type": "Plain", "value": "http://hooks.example.org/x"}
    return document


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate__sound_document__is_ok_and_nothing_is_written(committed, acme, resource):
    client = ana()
    before = rows_of(acme)

    answer = client.post(f"{API}/{resource}/validate", DOCUMENTS[resource]())

    assert (answer.status_code, answer.json()["verdict"]) == (200, "ok")
    assert not [f for f in answer.json()["findings"] if f["level"] == "error"]
    assert rows_of(acme) == before


def test_validate__monitor_with_mistakes_of_all_kinds__names_them_all_at_once(acme):
    document = make_monitor_document(
        name="", networks=["nowhere"], triggers=["nobody"], severity="high", id="x"
    )

    answer = ana().post(f"{API}/monitors/validate", document)

    assert (answer.status_code, answer.json()["verdict"]) == (200, "invalid")
    pointers = {pointer for level, pointer in keys(answer) if level == "error"}
    assert {"/name", "/networks/0", "/triggers/0", "/severity", "/id"} <= pointers
    assert all(set(finding) == FINDING for finding in answer.json()["findings"])


def test_validate__trigger_with_mistakes_of_all_kinds__names_them_all_at_once(acme):
    document = insecure(slug="Not One", colour="red", name="")

    answer = ana().post(f"{API}/triggers/validate", document)

    assert answer.json()["verdict"] == "invalid"
    assert {"/slug", "/colour", "/name"} <= {p for level, p in keys(answer) if level == "error"}
    assert ("warning", "/config/url/value") in keys(answer)


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate__document_that_does_not_parse__says_so(acme, resource):
    answer = ana().post(f"{API}/{resource}/validate", {"name": 7})

    assert (answer.status_code, answer.json()["verdict"]) == (200, "parse_error")


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate__body_is_no_object__is_422(acme, resource):
    assert ana().post(f"{API}/{resource}/validate", []).status_code == 422


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate__viewer__may_look_but_not_try_a_write(acme, resource):
    viewer, document = vic(), DOCUMENTS[resource]()

    assert viewer.post(f"{API}/{resource}/validate", document).status_code == 200
    answer = viewer.post(f"{API}/{resource}?validate_only=true", document)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate_only__create_and_changes__leave_nothing_behind(committed, acme, resource):
    client, document = ana(), DOCUMENTS[resource](name="First", slug="first")
    url = f"{API}/{resource}/{client.post(f'{API}/{resource}', document).json()['id']}"
    renamed = {**document, "name": "Other", "slug": "other"}
    before = rows_of(acme)

    answers = [
        client.post(f"{API}/{resource}?validate_only=true", renamed),
        client.put(f"{url}?validate_only=true", renamed),
        client.patch(f"{url}?validate_only=true", {"name": "Other"}),
    ]

    for answer in answers:
        assert (answer.status_code, set(answer.json())) == (200, {"verdict", "findings"})
        assert answer.json()["verdict"] == "ok"
        assert "Location" not in answer
    assert rows_of(acme) == before


@pytest.mark.parametrize("resource", RESOURCES)
def test_validate_only__what_a_save_refuses__is_refused_alike(acme, resource):
    client, document = ana(), DOCUMENTS[resource](name="First", slug="first")
    client.post(f"{API}/{resource}", document)
    bad = [document, {**document, "name": ""}, {"colour": "red"}]

    for body in bad:
        tried = client.post(f"{API}/{resource}?validate_only=true", body)
        saved = client.post(f"{API}/{resource}", body)
        assert tried.status_code == saved.status_code >= 400
        assert tried.json() | {"request_id": ""} == saved.json() | {"request_id": ""}


def test_validate_only__plan_is_full__is_422_limit_reached(acme):
    LimitOverride.objects.create(tenant=acme, limit="monitors", value=0, reason="test")

    answer = ana().post(f"{API}/monitors?validate_only=true", make_monitor_document())

    assert (answer.status_code, answer.json()["code"]) == (422, "monitor_limit_reached")


def test_validate_only__somebody_was_faster__is_412(acme):
    client = ana()
    created = client.post(f"{API}/triggers", trigger_document("slack"))
    url = f"{API}/triggers/{created.json()['id']}"
    etag = client.get(url)["ETag"]
    client.patch(url, {"name": "New"})

    answer = client.patch(f"{url}?validate_only=true", {"name": "Newer"}, HTTP_IF_MATCH=etag)

    assert answer.status_code == 412


@pytest.mark.parametrize("query", ["validate_only=1", "validate_only=", "validateonly=true"])
def test_validate_only__misspelled__is_422_and_saves_nothing(acme, query):
    answer = ana().post(f"{API}/triggers?{query}", trigger_document("slack"))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]
    with in_tenant(acme.pk):
        assert not Trigger.objects.exists()
        assert not Monitor.objects.exists()


def test_validate_only__false__saves(acme):
    answer = ana().post(f"{API}/triggers?validate_only=false", trigger_document("slack"))

    assert (answer.status_code, answer.json()["version"]) == (201, 1)


def test_findings__saved_trigger_with_a_warning__are_those_of_the_check(acme):
    client = ana()
    tried = client.post(f"{API}/triggers?validate_only=true", insecure()).json()
    looked = client.post(f"{API}/triggers/validate", insecure()).json()
    created = client.post(f"{API}/triggers", insecure())

    answer = vic().get(f"{API}/triggers/{created.json()['id']}/findings")

    assert answer.status_code == 200
    assert ("warning", "/config/url/value") in keys(answer)
    by_place = sorted(looked["findings"], key=str)
    assert sorted(answer.json()["findings"], key=str) == by_place
    assert sorted(tried["findings"], key=str) == by_place
    assert "findings" not in created.json(), "writes answer as ever"


def test_findings__mended__are_gone_and_rows_that_stay_are_not_written(acme):
    client = ana()
    url = f"{API}/triggers/{client.post(f'{API}/triggers', insecure()).json()['id']}"
    with in_tenant(acme.pk):
        rows = set(Finding.objects.values_list("pk", "code"))

    client.patch(url, {"name": "Other"})
    with in_tenant(acme.pk):
        assert set(Finding.objects.values_list("pk", "code")) == rows
    client.patch(url, {"config": trigger_document("webhook")["config"]})

    with in_tenant(acme.pk):
        left = set(Finding.objects.values_list("pk", "code"))
    assert left < rows
    assert {code for _, code in rows - left} == {"trigger.insecure_url"}
    client.delete(url)
    with in_tenant(acme.pk):
        assert not Finding.objects.exists()


def test_findings__editor_and_scoped_reader__may_read(acme):
    client = signed_in("eli@acme.test")
    created = client.post(f"{API}/monitors", make_monitor_document()).json()

    assert client.get(f"{API}/monitors/{created['id']}/findings").status_code == 200

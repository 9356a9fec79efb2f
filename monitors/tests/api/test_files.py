"""Import and export over the API, with a real upload and a real download."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from blip0.testing.api import ana, olga
from monitors.api.files import MAX_UPLOAD
from monitors.openzeppelin.writing import zip_bytes
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, KeptAnswer
from triggers.tests.factories import SLACK_URL
from triggers.tests.factories import document as trigger_document

URL, EXPORT = "/api/v1/import", "/api/v1/export"
SECRET = "https://hooks.slack.com/services/T111/B111/imported"


def archive(**changes):
    monitor = {
        key: value
        for key, value in make_monitor_document(triggers=["ops"]).items()
        if key not in ("slug", "description", "alerting", "trigger_conditions")
    }
    trigger = trigger_document("slack", name="Ops")
    trigger["config"]["slack_url"] = {"type": "Environment", "value": "SLACK"}
    files = {
        "config/monitors/transfers.json": {**monitor, "trigger_conditions": [], **changes},
        "config/triggers/ops.json": {"ops": trigger},
    }
    return zip_bytes({path: json.dumps(value).encode() for path, value in files.items()})


def upload(client, content, query="", headers=None, **fields):
    body = {"file": SimpleUploadedFile("config.zip", content), **fields}
    return client.post(URL + query, body, format="multipart", headers=headers or {})


@pytest.fixture
def client(acme):
    return ana()


SECRETS = json.dumps({"SLACK": SECRET})


def test_import__zip_with_secrets__brings_all_of_it_in(client):
    answer = upload(client, archive(), secrets=SECRETS)

    report = answer.json()
    assert answer.status_code == 200, report
    assert (report["saved"], report["dry_run"], report["counts"]["refused"]) == (True, False, 0)
    [monitor] = client.get("/api/v1/monitors").json()["results"]
    assert monitor["triggers"] == ["ops"]
    [trigger] = client.get("/api/v1/triggers").json()["results"]
    assert trigger["config"]["slack_url"] == {"set": True, "hint": "…rted"}
    assert trigger["enabled"] is True
    assert SECRET not in answer.content.decode()
    assert SECRET not in json.dumps([*AuditRecord.objects.values("before", "after")])


def test_import__validate_only__reports_and_saves_nothing(client):
    answer = upload(client, archive(), "?validate_only=true", secrets=SECRETS)

    report = answer.json()
    assert (answer.status_code, report["dry_run"], report["saved"]) == (200, True, False)
    assert report["counts"]["imported"] + report["counts"]["changed"] == 2
    assert client.get("/api/v1/monitors").json()["results"] == []
    assert client.get("/api/v1/triggers").json()["results"] == []


def test_import__something_is_refused__is_left_out_or_with_strict_all_is(client):
    broken = archive(networks=["nowhere"])

    strict = upload(client, broken, secrets=SECRETS, strict="true")
    assert client.get("/api/v1/triggers").json()["results"] == []
    loose = upload(client, broken, secrets=SECRETS)

    assert (strict.status_code, strict.json()["code"]) == (422, "import_refused")
    assert strict.json()["report"]["saved"] is False
    assert (loose.status_code, loose.json()["counts"]["refused"]) == (200, 1)
    assert len(client.get("/api/v1/triggers").json()["results"]) == 1
    assert client.get("/api/v1/monitors").json()["results"] == []


def test_import__same_key_twice__is_done_once_and_keeps_no_secret(client):
    key = {"Idempotency-Key": "import-1"}

    first = upload(client, archive(), secrets=SECRETS, headers=key)
    again = upload(client, archive(), secrets=SECRETS, headers=key)
    other = upload(client, archive(paused=True), secrets=SECRETS, headers=key)

    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert AuditRecord.objects.filter(action="openzeppelin.imported").count() == 1
    assert SECRET not in str(KeptAnswer.objects.values().get())


@pytest.mark.parametrize(
    ("content", "fields", "status", "code"),
    [
        (b"no zip", {}, 422, "source.hostile"),
        (zip_bytes({"../up.json": b"{}"}), {}, 422, "source.hostile"),
        (zip_bytes({"readme.txt": b""}), {}, 422, "source.empty"),
        (None, {"secrets": "[]"}, 422, "invalid"),
        (None, {"secrets": '{"A": 1}'}, 422, "invalid"),
        (None, {"secrets": "{"}, 422, "invalid"),
        (None, {"strict": "perhaps"}, 422, "invalid"),
        (None, {"dry_run": "true"}, 422, "invalid"),
        (None, {"secrets": "x" * 3_000_000}, 413, "body_too_large"),
    ],
)
def test_import__malformed__is_refused_and_saves_nothing(client, content, fields, status, code):
    answer = upload(client, archive() if content is None else content, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/api/v1/monitors").json()["results"] == []


def test_import__not_a_form_or_too_large__is_refused_unread(client):
    assert client.post(URL, {"file": "x"}, format="json").status_code == 415
    assert client.post(URL, {}, format="multipart").status_code == 422
    huge = client.generic(
        "POST", URL, b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(MAX_UPLOAD + 1)
    )
    assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")


def test_export__what_is_there__comes_back_by_an_import_without_secrets(client, globex):
    client.post("/api/v1/triggers", trigger_document("slack", name="Ops"))
    monitor = client.post("/api/v1/monitors", make_monitor_document(triggers=["ops"])).json()
    client.post("/api/v1/monitors", make_monitor_document(name="Acme canary", slug="canary"))

    answer = client.get(EXPORT)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == 'attachment; filename="acme.zip"'
    assert answer["Cache-Control"] == "no-store"
    assert client.get(EXPORT, headers={"Accept": "application/zip"}).content == answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        whole = b"".join(files.read(name) for name in files.namelist())
        assert "config/monitors/large-usdc-transfers.json" in files.namelist()
    assert SLACK_URL.encode() not in whole
    other = olga()
    assert "canary" not in other.get(EXPORT).content.decode("latin1")
    report = upload(other, answer.content).json()
    assert report["saved"] is True, report
    brought = {each["slug"]: each for each in other.get("/api/v1/monitors").json()["results"]}
    for key in ("name", "networks", "addresses", "match_conditions", "alerting", "description"):
        assert brought[monitor["slug"]][key] == monitor[key]

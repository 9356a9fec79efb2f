"""`?validate_only=true`: all of a write but the save, for every write that the schema lists."""

from __future__ import annotations

import pytest
from django.core import mail
from drf_spectacular.generators import SchemaGenerator

from blip0.testing.api import ana
from blip0.tests.api.traces import rows_of
from monitors.tests.factories import make_monitor_document
from platform_catalog.models import MonitorTemplate
from tenants.models import Invitation, Membership
from triggers.tests.factories import document as trigger_document

API = "/api/v1"
WRITES = ("post", "put", "patch", "delete")
NO_SAVES = (
    # Identity: what these answer is what they do.
    "login", "logout", "refresh", "me_password", "me_switch_tenant", "password_reset",
    "password_reset_confirm", "invitations_accept", "sign_up", "sign_up_confirm",
    "triggers_test",  # sends
    "monitors_validate", "triggers_validate",  # save nothing anyway
)  # fmt: skip
TEMPLATE = {"template": "t", "networks": ["base"], "addresses": [], "triggers": []}
BODIES = {
    "monitors_create": make_monitor_document(name="New", slug="new"),
    "monitors_update": make_monitor_document(name="Changed"),
    "monitors_partial_update": {"name": "Changed"},
    "monitors_snooze": {"until": "2090-01-01T00:00:00Z"},
    "monitors_clone": {"name": "Like it"},
    "monitors_from_template": {**TEMPLATE, "name": "Of a template"},
    "triggers_create": trigger_document("slack", name="New"),
    "triggers_update": trigger_document("slack", name="Changed"),
    "triggers_partial_update": {"name": "Changed"},
    "members_partial_update": {"role": "admin"},
    "invitations_create": {"email": "new@example.org", "role": "viewer"},
    "api_keys_create": {"name": "CI", "scopes": ["monitors:read"]},
    "tenant_change": {"name": "Acme Inc."},
}


def operations():
    """Operation id, method, path, and whether it takes `validate_only`; of all writes."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (
            operation["operationId"],
            method,
            path,
            any(each["name"] == "validate_only" for each in operation.get("parameters", [])),
        )
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method in WRITES
    ]


TRIED = [
    pytest.param(method, path, name, id=name)
    for name, method, path, takes in operations()
    if takes and name != "import"  # it has a report of its own: monitors/tests/api/test_files.py
]


@pytest.fixture
def client(write_through, worker, acme):
    return ana()


@pytest.fixture
def ids(client, acme):
    """An object of each resource, by its place in the path; and an entry to go back to."""
    MonitorTemplate.objects.create(
        slug="t",
        name="T",
        network_types=["EVM"],
        document={"match_conditions": {
            "functions": [], "events": [], "transactions": [{"status": "Failure"}]}},
    )  # fmt: skip
    monitor = client.post(f"{API}/monitors", make_monitor_document()).json()["id"]
    client.patch(f"{API}/monitors/{monitor}", {"description": "New"})
    client.post(f"{API}/monitors/{monitor}/snooze", BODIES["monitors_snooze"])
    entries = client.get(f"{API}/monitors/{monitor}/history").json()["results"]
    trigger = client.post(f"{API}/triggers", trigger_document("slack")).json()["id"]
    client.post(f"{API}/invitations", {"email": "old@example.org", "role": "viewer"})
    key = client.post(f"{API}/api-keys", BODIES["api_keys_create"]).json()["id"]
    mail.outbox.clear()
    return {
        "monitors": monitor,
        "entry": entries[1]["id"],
        "triggers": trigger,
        "members": Membership.objects.get(user__email="vic@acme.test").pk,
        "invitations": Invitation.objects.get(email="old@example.org").pk,
        "api-keys": key,
    }


def redis_of(client):
    return {key: client.dump(key) for key in client.scan_iter()}


def test_writes__all_but_identitys_and_what_saves_nothing__take_it():
    assert {name for name, *_, takes in operations() if not takes} == set(NO_SAVES)


@pytest.mark.parametrize(("method", "path", "name"), TRIED)
def test_trial__every_write__is_ok_and_leaves_nothing(
    client, ids, acme, projection_redis, method, path, name
):
    url = path.replace("{id}", str(ids.get(path.split("/")[3])))
    body = {"entry": ids["entry"]} if name == "monitors_revert" else BODIES.get(name)
    if name == "triggers_enable":
        client.post(url.replace("enable", "disable"))
    rows, documents = rows_of(acme), redis_of(projection_redis)

    tried = getattr(client, method)(
        f"{url}?validate_only=true", body, headers={"Idempotency-Key": "trial"}
    )

    assert tried.status_code == 200, tried.json()
    assert set(tried.json()) == {"verdict", "findings"}
    assert tried.json()["verdict"] == "ok"
    assert "Location" not in tried
    assert rows_of(acme) == rows
    assert redis_of(projection_redis) == documents
    assert mail.outbox == []

    done = getattr(client, method)(url, body, headers={"Idempotency-Key": "trial"})
    assert done.status_code in (200, 201, 204), done.json()
    assert rows_of(acme) != rows, "the write itself leaves something: what is looked at is enough"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "login", {"email": "ana@acme.test", "password": "x"}),
        ("post", "me/switch-tenant", {"tenant": "acme"}),
        ("post", "password-reset", {"email": "ana@acme.test"}),
        ("get", "monitors", None),
    ],
)
def test_trial__of_what_can_not_be_tried__is_refused_by_name(acme, method, path, body):
    answer = getattr(ana(), method)(f"{API}/{path}?validate_only=true", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "validate_only"


def test_trial__delivery_test__is_refused_and_sends_nothing(client, ids):
    answer = client.post(f"{API}/triggers/{ids['triggers']}/test?validate_only=true")

    assert answer.status_code == 422
    assert client.get(f"{API}/triggers/{ids['triggers']}/tests").json()["results"] == []

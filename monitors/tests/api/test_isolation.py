"""Globex's ids, in Acme's hands: every operation of the OpenAPI document that takes one."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from blip0.common.tenancy import current_schema, in_tenant
from blip0.testing.api import ana, olga
from monitors.models import Monitor
from monitors.tests.factories import (
    MatchFactory,
    TriggerExecutionFactory,
    make_monitor_document,
)
from tenants.models import AuditRecord
from triggers.models import Trigger
from triggers.tests.factories import document as trigger_document

CANARY = "Globex canary"
OTHERS = ("matches", "executions", "audit-log", "members", "invitations", "api-keys")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
BODIES = {
    "monitors_update": make_monitor_document(name="Taken"),
    "monitors_partial_update": {"name": "Taken"},
    "monitors_snooze": {"until": "2090-01-01T00:00:00Z"},
    "monitors_clone": {"name": "Taken"},
    "monitors_revert": {"entry": 1},
    "members_partial_update": {"role": "viewer"},
    "triggers_update": trigger_document("slack", name="Taken"),
    "triggers_partial_update": {"name": "Taken"},
}


def operations():
    """Each operation on one object of a tenant: method, path, operation id."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        pytest.param(method, path, operation["operationId"], id=operation["operationId"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "{id}" in path
    ]


@pytest.fixture
def foreign(acme, globex):
    """One of each resource of Globex."""
    client = olga()
    trigger = client.post("/api/v1/triggers", trigger_document("slack", name=CANARY)).json()
    document = make_monitor_document(name=CANARY, slug="canary", triggers=[trigger["slug"]])
    monitor = client.post("/api/v1/monitors", document).json()
    client.post("/api/v1/invitations", {"email": "canary@globex.test", "role": "viewer"})
    client.post("/api/v1/api-keys", {"name": CANARY, "scopes": ["monitors:read"]})
    with in_tenant(globex.pk):
        match = MatchFactory.create(monitor_name=CANARY)
        TriggerExecutionFactory.create(match=match, trigger_name=CANARY)
    key = {"name": CANARY, "scopes": ["monitors:read"]}
    client.post("/api/v1/api-keys", key)
    client.post("/api/v1/invitations", {"email": "canary@globex.test", "role": "viewer"})
    return {
        "triggers": trigger,
        "monitors": monitor,
        **{resource: client.get(f"/api/v1/{resource}").json()["results"][0] for resource in OTHERS},
    }


@pytest.mark.parametrize(("method", "path", "name"), operations())
def test_operation__foreign_id__is_the_404_of_an_unknown_one(
    foreign, acme, globex, method, path, name
):
    client, resource = ana(), path.split("/")[3]
    known = foreign[resource]["id"]
    url = path.replace("{id}", str(known))
    unknown = path.replace("{id}", UNKNOWN if isinstance(known, str) else str(known + 10**6))
    own = olga()
    records = AuditRecord.objects.count()

    answer = getattr(client, method)(url, BODIES.get(name))
    other = getattr(client, method)(unknown, BODIES.get(name))

    assert answer.status_code == other.status_code == 404
    assert {**answer.json(), "request_id": ""} == {**other.json(), "request_id": ""}
    assert CANARY not in answer.content.decode()
    for kind, before in foreign.items():
        assert own.get(f"/api/v1/{kind}/{before['id']}").json() == before
    assert AuditRecord.objects.count() == records
    with in_tenant(acme.pk):
        assert not Monitor.objects.exists()
        assert not Trigger.objects.exists()


def test_lists__another_tenant_has_rows__show_none_of_them(foreign):
    client = ana()

    for path in ("monitors", "triggers", "monitors?search=canary", "matches", "executions"):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert CANARY not in client.get("/api/v1/audit-log?page_size=100").content.decode()
    for path in (
        f"matches?monitor={foreign['matches']['monitor_id']}",
        f"executions?match={foreign['matches']['id']}",
        f"executions?trigger={foreign['executions']['trigger_id']}",
        f"audit-log?object_id={foreign['monitors']['id']}",
    ):
        assert client.get(f"/api/v1/{path}").json()["results"] == [], path


def test_monitor__names_a_foreign_trigger__is_refused(foreign):
    client = ana()

    answer = client.post(
        "/api/v1/monitors", make_monitor_document(triggers=[foreign["triggers"]["slug"]])
    )

    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/triggers/0"]
    assert client.get("/api/v1/monitors").json()["results"] == []


def test_list__cursor_of_another_tenant__shows_ones_own_rows_only(foreign):
    other, client = olga(), ana()
    other.post("/api/v1/monitors", make_monitor_document(name="B", slug="b"))
    following = other.get("/api/v1/monitors?page_size=1").json()["next"]
    client.post("/api/v1/monitors", make_monitor_document(name="Zulu", slug="zulu"))

    answer = client.get(following)

    assert [each["slug"] for each in answer.json()["results"]] == ["zulu"]


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/api/v1/triggers", "/api/v1/networks"])
def test_request__done_or_failed__leaves_the_tenant(acme, path):
    client = ana()
    for query in ("", "?page_size=0"):
        client.get(path + query)
        assert current_schema() == "public"

"""Limits of a plan hold inside the transaction: those who come at once can't pass them together."""

from __future__ import annotations

import pytest

from blip0.common.tenancy import in_tenant
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

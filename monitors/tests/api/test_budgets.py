"""How many queries each request on monitors takes; more than these need a reason."""

from __future__ import annotations

import pytest

from blip0.testing.api import ana
from monitors.tests.factories import make_monitor_document
from triggers.tests.factories import document as trigger_document

URL = "/api/v1/monitors"
BUDGETS = {
    # The monitors, what belongs to them, and their specs.
    "list": 3,
    "read": 3,
    "read, unchanged": 3,
    # The row locked, what belongs to it and its specs, its triggers, what it is checked against,
    # its findings; the row and the audit record written.
    "change": 8,
    "pause": 5,
    "create": 11,
    # The claim of the key, what was answered before, what is answered now.
    "create once": 14,
    # The tenant, the monitor, and three of the renderer.
    "document": 4,
    "history": 2,
    "usage": 8,
}
"""A caller whom the cache knows, with one network, address, script and trigger."""


@pytest.mark.django_db
def test_requests__on_a_monitor__take_these_queries(acme, count_queries):
    client = ana()
    client.post("/api/v1/triggers", trigger_document("slack", name="Ops"))
    monitor = client.post(URL, make_monitor_document(triggers=["ops"])).json()
    url = f"{URL}/{monitor['id']}"
    tag = client.get(url)["ETag"]
    requests = {
        "list": lambda: client.get(URL),
        "read": lambda: client.get(url),
        "read, unchanged": lambda: client.get(url, headers={"If-None-Match": tag}),
        "change": lambda: client.patch(url, {"description": "New"}),
        "pause": lambda: client.post(f"{url}/pause"),
        "create": lambda: client.post(URL, make_monitor_document(name="B", slug="b")),
        "create once": lambda: client.post(
            URL, make_monitor_document(name="C", slug="c"), headers={"Idempotency-Key": "c"}
        ),
        "document": lambda: client.get(f"{url}/document"),
        "history": lambda: client.get(f"{url}/history"),
        "usage": lambda: client.get("/api/v1/usage"),
    }
    taken = {}
    for name, request in requests.items():
        with count_queries() as log:
            answer = request()
        assert answer.status_code in (200, 201, 304), (name, answer.content)
        taken[name] = len(log)

    assert taken == BUDGETS

"""Examples of documents in the OpenAPI document: each is sent as it stands, and works."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator

from blip0.common.actors import Actor
from blip0.testing.api import ana
from platform_catalog.services.loading import load_catalog

WITH_EXAMPLES = {
    "monitors_create",
    "monitors_clone",
    "monitors_snooze",
    "monitors_from_template",
    "triggers_create",
}


def examples():
    """Method, path and body of each example, triggers first: monitors name them."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (operation["operationId"], path, body["value"])
        for path, methods in sorted(paths.items(), reverse=True)
        for method, operation in methods.items()
        if method == "post"
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for body in content.get("examples", {}).values()
        if operation["operationId"] in WITH_EXAMPLES
    ]


@pytest.mark.django_db
def test_examples__sent_as_they_stand__work(acme):
    load_catalog(actor=Actor.system("test"))
    client = ana()
    known: dict[str, str] = {}
    found = examples()
    assert {name for name, _, _ in found} == WITH_EXAMPLES

    for name, path, body in sorted(found, key=lambda each: "{id}" in each[1]):
        answer = client.post(path.replace("{id}", known.get(path.split("/")[3], "")), body)
        assert answer.status_code in (200, 201), (name, answer.json())
        known.setdefault(path.split("/")[3], answer.json()["id"])

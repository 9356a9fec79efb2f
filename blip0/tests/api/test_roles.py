"""Who may do what: every operation of the OpenAPI document, by three who may not.

Permissions are looked at before objects and bodies, so that none of these needs either.
"""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from blip0.testing.api import ana, vic
from tenants.models import AuditRecord

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PUBLIC = ("login", "refresh", "password_reset", "sign_up", "invitations_accept", "runtime_contract")
PERSONAL = ("me", "logout")
"""Asks for no permission: it is about the caller."""
CATALOGUE = ("networks", "filter_scripts", "templates")
VALIDATES = ("monitors_validate", "triggers_validate")
ADMINS_READ = ("audit_log", "invitations", "api_keys")


def operations(*, without):
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        pytest.param(method, path, name, id=name)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if not (name := operation["operationId"]).startswith(without)
    ]


def called(client, method, path):
    url = path.replace("{id}", "1" if "audit-log" in path else UNKNOWN)
    url = url.replace("{slug}", "base").replace("{name}", "even_blocks")
    kind = "multipart" if path.endswith("/import") else "json"
    return client.generic(method.upper(), url, content_type=f"application/{kind}")


@pytest.mark.parametrize(("method", "path", "name"), operations(without=PUBLIC))
@pytest.mark.django_db
def test_operation__anonymous__is_401(method, path, name):
    answer = called(APIClient(), method, path)

    assert answer.status_code == 401
    assert answer["X-Request-ID"]


@pytest.mark.parametrize(("method", "path", "name"), operations(without=(*PUBLIC, *PERSONAL)))
def test_operation__viewer__writes_nothing_and_reads_no_secrets_of_admins(acme, method, path, name):
    client, records = vic(), AuditRecord.objects.count()

    answer = called(client, method, path)

    refused = (method != "get" and name not in VALIDATES) or name.startswith(ADMINS_READ)
    assert (answer.status_code == 403) is refused, answer.content
    if refused:
        assert answer.json()["code"] == "permission_denied"
    if name != "export":
        assert AuditRecord.objects.count() == records


@pytest.mark.parametrize(
    ("method", "path", "name"), operations(without=(*PUBLIC, *PERSONAL, *CATALOGUE))
)
def test_operation__key_without_the_scope__is_403(acme, method, path, name):
    body = {"name": "Narrow", "scopes": ["executions:replay"]}
    key = ana().post("/api/v1/api-keys", body).json()["key"]
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=key)

    answer = called(client, method, path)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

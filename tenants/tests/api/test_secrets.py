"""What opens a door is shown to its owner once, and to nobody else: in no log, table or read."""

from __future__ import annotations

import logging
import re

import pytest
from django.core import mail
from rest_framework.test import APIClient

from blip0.testing.world import PASSWORD
from tenants.models import ApiKey, AuditRecord, Invitation, TokenFamily
from tenants.tasks import send_invitation, send_password_reset

API = "/api/v1"
NEW = "another rather long password"


def signature(token: str) -> str:
    """The part of a JWT without which the rest is worth nothing."""
    return token.rpartition(".")[2]


def mailed() -> str:
    return str(re.findall(r"^    (\S{40,})$", str(mail.outbox.pop().body), re.MULTILINE)[0])


@pytest.fixture
def secrets(committed, acme, caplog):
    """A day in the life of all credentials: what was given out. All that happened is logged."""
    caplog.set_level(logging.DEBUG)
    client = APIClient()
    login = client.post(f"{API}/login", {"email": "ana@acme.test", "password": PASSWORD})
    given = {
        "password": PASSWORD,
        "access": signature(login.json()["access"]),
        "refresh": signature(login.cookies["blip0_refresh"].value),
    }
    refreshed = client.post(f"{API}/refresh", headers={"X-Requested-With": "blip0"})
    given["refreshed"] = signature(refreshed.cookies["blip0_refresh"].value)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {refreshed.json()['access']}")
    key = client.post(f"{API}/api-keys", {"name": "CI", "scopes": ["monitors:read"]}).json()
    given["key"] = key["key"].split("_", 2)[2]
    for text in (key["key"], key["key"][:-1] + "!"):
        APIClient(headers={"X-API-Key": text}).get(f"{API}/me")
        APIClient(headers={"Authorization": f"Bearer {text}"}).get(f"{API}/me")
    invitation = client.post(
        f"{API}/invitations", {"email": "new@example.org", "role": "viewer"}
    ).json()
    send_invitation(invitation["id"])
    given["invitation"] = mailed()
    APIClient().post(f"{API}/invitations/accept", {"token": given["invitation"], "password": NEW})
    send_password_reset("ana@acme.test")
    given["reset"] = mailed()
    APIClient().post(f"{API}/password-reset/confirm", {"token": given["reset"], "password": NEW})
    given["new password"] = NEW
    return given


def test_logs__all_credentials_in_use__hold_none_of_them(secrets, caplog):
    logged = "\n".join(record.getMessage() for record in caplog.get_records("setup"))
    assert "user.signed_in" in logged

    assert [name for name, secret in secrets.items() if secret in logged] == []


def test_tables__all_credentials_in_use__hold_none_of_them(secrets):
    rows = [
        str(list(model.objects.values()))
        for model in (AuditRecord, ApiKey, Invitation, TokenFamily)
    ]
    assert "api_key.created" in rows[0]

    assert [name for name, secret in secrets.items() if any(secret in row for row in rows)] == []


def test_reads__all_credentials_in_use__show_none_of_them(secrets):
    client = APIClient()
    login = client.post(f"{API}/login", {"email": "ana@acme.test", "password": NEW}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {login['access']}")
    lists = ("audit-log", "api-keys", "invitations", "members", "me", "me/tenants")
    answers = [client.get(f"{API}/{path}").content.decode() for path in lists]
    assert "api_key.created" in answers[0]

    assert [name for name, secret in secrets.items() if secret in "".join(answers)] == []

"""The API from outside, as a tenant's engineers call it."""

from __future__ import annotations

from rest_framework.test import APIClient

from blip0.testing.world import PASSWORD


def signed_in(email: str, tenant: str | None = None) -> APIClient:
    """A client that has signed in over the API, in the user's only tenant or the one named."""
    client = APIClient()
    body = {"email": email, "password": PASSWORD}
    answer = client.post("/api/v1/login", body | ({"tenant": tenant} if tenant else {}))
    assert answer.status_code == 200, answer.content
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def ana() -> APIClient:
    """Acme's owner."""
    return signed_in("ana@acme.test")


def vic() -> APIClient:
    """Acme's viewer, who may read and nothing else."""
    return signed_in("vic@acme.test")


def olga() -> APIClient:
    """Globex's owner."""
    return signed_in("olga@globex.test")

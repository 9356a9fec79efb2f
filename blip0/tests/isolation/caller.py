"""Who calls: credentials, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.testing.api import signed_in
from blip0.testing.world import PASSWORD
from blip0.tests.isolation.operations import Operation
from blip0.tests.isolation.rows import Row
from blip0.tests.isolation.world import Side, World, user_of
from tenants.contracts import PERMISSIONS
from tenants.models import ApiKey, Domain, Tenant
from tenants.services.api_keys import api_key_create
from tenants.services.settings import domain_add

SYSTEM: Final = Actor.system("tests")
ALL: Final = PERMISSIONS
FORM: Final = "application/x-www-form-urlencoded"
Refusal = tuple[int, str]
"""A status and a problem's code."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Credentials, and what is known of them.

    `own` is the tenant that they are for, or were; `named` the one whose objects the URLs name.
    `refused` is what they are told whatever they ask for, `unsafe_refused` with all but a read,
    and `door_refused` where the tenant must be open.
    """

    client: APIClient
    own: Side
    named: Side
    permissions: frozenset[str] = frozenset()
    is_key: bool = False
    bears_token: bool = False
    refused: Refusal | None = None
    unsafe_refused: Refusal | None = None
    door_refused: Refusal | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    calls: Callable[[Row], bool] = lambda row: True
    """For which rows they are there."""

    def call(self, operation: Operation, row: Row, **more: Any) -> HttpResponse:
        """`body`, `query`, `headers` and `named`, where they are given, stand for the row's."""
        query = {**self.query, **more.get("query", {})}
        url = more.get("named", self.named).at(operation, row.at)
        body = more.get("body")
        if body is None and row.body is not None:
            body = row.body(self.own, self.own)
        own = row.headers(self.own) if row.headers else {}
        options: dict[str, Any] = {"headers": {**self.headers, **own, **more.get("headers", {})}}
        if operation.method in ("post", "put", "patch"):
            options["format"] = row.format
        call = getattr(self.client, operation.method)
        answer: HttpResponse = call(f"{url}?{urlencode(query)}" if query else url, body, **options)
        return answer


Made = Generator[Caller, None, None]
Maker = Callable[[World], Made]
"""Makes callers, one after the other, and undoes in the end what that took."""


def person(side: Side, email: str = "", **known: Any) -> Caller:
    """Somebody who signed in to the tenant over the API: its owner, unless another is named."""
    client = signed_in(email or side.owner, side.slug)
    return Caller(**{"client": client, "own": side, "named": side, "bears_token": True, **known})


def key_of(side: Side, scopes: frozenset[str] = ALL, **more: Any) -> tuple[ApiKey, APIClient]:
    """A new key of the tenant, by its owner unless `creator` is another."""
    key, text = api_key_create(
        tenant_id=tenant_of(side).pk,
        creator=more.pop("creator", None) or user_of(side),
        held=ALL,
        name="isolation",
        scopes=sorted(scopes),
        actor=SYSTEM,
        **more,
    )
    return key, APIClient(headers={"X-API-Key": str(text)})


def program(side: Side, client: APIClient | None = None, **known: Any) -> Caller:
    """Something with an API key of the tenant: one with all scopes, or the client's."""
    client = client or key_of(side)[1]
    return Caller(**{"client": client, "own": side, "named": side, "is_key": True, **known})


def browser_at(side: Side, *, with_csrf: bool) -> APIClient:
    """The owner, signed in to the browsable API."""
    client = APIClient(enforce_csrf_checks=True)
    client.get("/api-auth/login")
    form = urlencode({"email": side.owner, "password": PASSWORD})
    csrf = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.post("/api-auth/login", form, content_type=FORM, headers=csrf)
    assert answer.status_code == 302, answer.content
    if with_csrf:
        client.credentials(HTTP_X_CSRFTOKEN=client.cookies["csrftoken"].value)
    return client


def tenant_of(side: Side) -> Tenant:
    return Tenant.objects.get(pk=side.tenant_id)


def host_of(side: Side) -> Domain:
    """A host name that stands for the tenant from now on."""
    name = f"{side.slug}.testserver"
    return domain_add(tenant=tenant_of(side), domain=name, is_primary=True, actor=SYSTEM)

"""Those who may something: what they hold says what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.test import override_settings

from blip0.testing.world import STAFF
from blip0.tests.isolation.caller import (
    ALL,
    SYSTEM,
    Caller,
    Made,
    Maker,
    browser_at,
    host_of,
    key_of,
    person,
    program,
    tenant_of,
)
from blip0.tests.isolation.rows import ROWS, Row
from blip0.tests.isolation.world import World
from tenants.choices import Role
from tenants.contracts import role_permissions
from tenants.models import User
from tenants.services.members import member_add, member_remove
from tenants.services.settings import domain_remove


def _role(role: Role, email: str) -> Maker:
    def make(world: World) -> Made:
        yield person(world.acme, email, permissions=role_permissions(role))

    return make


def _staff_who_is_a_viewer(world: World) -> Made:
    """Staff's rights count for nothing here."""
    user = User.objects.get(email=STAFF)
    membership = member_add(tenant=tenant_of(world.acme), user=user, role=Role.VIEWER, actor=SYSTEM)
    try:
        yield person(world.acme, STAFF, permissions=role_permissions(Role.VIEWER))
    finally:
        member_remove(membership=membership, actor=SYSTEM)


def _owner_with_headers_that_count_for_nothing(world: World) -> Made:
    """They name Globex; only `Host` and `X-Blip0-Tenant` are listened to. Seen by what is read."""
    names = ("X-Tenant", "X-Tenant-ID", "X-Schema-Name", "X-Organisation")
    hosts = ("X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host")
    domain = host_of(world.globex)
    headers = {
        **dict.fromkeys(names, world.globex.tenant_id),
        **dict.fromkeys(hosts, domain.domain),
        "Forwarded": f"host={domain.domain}",
    }
    try:
        with override_settings(ALLOWED_HOSTS=[".testserver"]):
            yield person(world.acme, permissions=ALL, headers=headers, calls=_reads)
    finally:
        domain_remove(domain=domain, actor=SYSTEM)


def _reads(row: Row) -> bool:
    return not row.changes


def _browser(world: World) -> Made:
    client = browser_at(world.acme, with_csrf=True)
    yield Caller(client=client, own=world.acme, named=world.acme, permissions=ALL)


def _browser_without_csrf_token(world: World) -> Made:
    """Another site's page makes it send what that page likes."""
    yield Caller(
        client=browser_at(world.acme, with_csrf=False),
        own=world.acme,
        named=world.acme,
        permissions=ALL,
        unsafe_refused=(403, "permission_denied"),
    )


def _wants(wanted: frozenset[str]) -> Callable[[Row], bool]:
    return lambda row: row.wanted == wanted


def _needs(codename: str) -> Callable[[Row], bool]:
    return lambda row: codename in row.needs


def _keys_with_just_the_scopes(world: World) -> Made:
    """One for each set of scopes that an operation wants."""
    for wanted in {row.wanted for row in ROWS}:
        scopes = wanted or frozenset({"executions.replay"})
        client = key_of(world.acme, scopes)[1]
        yield program(world.acme, client, permissions=scopes, calls=_wants(wanted))


def _keys_without_one_scope(world: World) -> Made:
    """One for each scope that there is, with all the others."""
    for codename in sorted(ALL):
        scopes = ALL - {codename}
        client = key_of(world.acme, scopes)[1]
        yield program(world.acme, client, permissions=scopes, calls=_needs(codename))


def _key_of_a_viewer(world: World) -> Made:
    """It has all scopes, and may no more than its creator."""
    client = key_of(world.acme, creator=User.objects.get(email="vic@acme.test"))[1]
    yield program(world.acme, client, permissions=role_permissions(Role.VIEWER))


PERMITTED: Final[dict[str, Maker]] = {
    "owner": _role(Role.OWNER, "ana@acme.test"),
    "admin": _role(Role.ADMIN, "adam@acme.test"),
    "editor": _role(Role.EDITOR, "eli@acme.test"),
    "viewer": _role(Role.VIEWER, "vic@acme.test"),
    "staff who is a viewer": _staff_who_is_a_viewer,
    "owner with headers that count for nothing": _owner_with_headers_that_count_for_nothing,
    "browser": _browser,
    "browser without a CSRF token": _browser_without_csrf_token,
    "keys with just the scopes": _keys_with_just_the_scopes,
    "keys without one scope": _keys_without_one_scope,
    "key of a viewer": _key_of_a_viewer,
}

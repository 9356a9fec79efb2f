"""Those of another tenant: whatever they may at home, at somebody else's objects."""

from __future__ import annotations

from typing import Any, Final

from django.test import override_settings

from blip0.tests.isolation.caller import (
    ALL,
    SYSTEM,
    Made,
    Maker,
    host_of,
    person,
    program,
)
from blip0.tests.isolation.rows import Row
from blip0.tests.isolation.world import World
from tenants.services.settings import domain_remove


def _globex_at_acme(world: World) -> Made:
    yield person(world.globex, named=world.acme, permissions=ALL)


def _others_at_foreign_objects(world: World) -> Made:
    """The same the other way round, and with keys; what has no foreign object is seen above."""
    for own, named in ((world.acme, world.globex), (world.globex, world.acme)):
        known: dict[str, Any] = {"named": named, "permissions": ALL, "calls": _names_an_object}
        yield program(own, **known)
        yield person(own, **known)


def _names_an_object(row: Row) -> bool:
    return row.owned


def _names_the_tenant(world: World) -> Made:
    known: dict[str, Any] = {
        "named": world.acme,
        "permissions": ALL,
        "refused": (403, "tenant_mismatch"),
    }
    yield person(world.globex, headers={"X-Blip0-Tenant": world.acme.slug}, **known)
    yield program(world.globex, headers={"X-Blip0-Tenant": world.acme.tenant_id}, **known)


def _at_the_tenants_host(world: World) -> Made:
    domain = host_of(world.acme)
    known: dict[str, Any] = {
        "named": world.acme,
        "permissions": ALL,
        "refused": (403, "tenant_mismatch"),
        "headers": {"Host": domain.domain},
    }
    try:
        with override_settings(ALLOWED_HOSTS=[".testserver"]):
            yield person(world.globex, **known)
            yield program(world.globex, **known)
    finally:
        domain_remove(domain=domain, actor=SYSTEM)


def _asks_for_the_tenant(world: World) -> Made:
    known: dict[str, Any] = {
        "named": world.acme,
        "permissions": ALL,
        "refused": (422, "invalid_parameter"),
    }
    yield person(world.globex, query={"tenant": world.acme.slug}, **known)
    yield program(world.globex, query={"tenant_id": world.acme.tenant_id}, **known)


STRANGERS: Final[dict[str, Maker]] = {
    "Globex at Acme's objects": _globex_at_acme,
    "others at foreign objects": _others_at_foreign_objects,
    "Globex, who names Acme in X-Blip0-Tenant": _names_the_tenant,
    "Globex at Acme's host": _at_the_tenants_host,
    "Globex, who names Acme in the query": _asks_for_the_tenant,
}

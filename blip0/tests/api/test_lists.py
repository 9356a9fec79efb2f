"""Every list of the OpenAPI document: as many queries for a hundred rows as for one."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from drf_spectacular.generators import SchemaGenerator

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from monitors.services import monitor_create
from monitors.tests.factories import (
    MatchFactory,
    TriggerExecutionFactory,
    make_monitor_document,
)
from platform_catalog.tests.factories import (
    FilterScriptFactory,
    MonitorTemplateFactory,
    NetworkFactory,
)
from tenants.models import AuditRecord
from tenants.services.audit import audit_record
from tenants.tests.factories import ApiKeyFactory, InvitationFactory, MembershipFactory
from triggers.models import Trigger
from triggers.services import trigger_create
from triggers.tests.factories import DeliveryTestFactory
from triggers.tests.factories import document as trigger_document

SYSTEM = Actor.system("test")
KINDS = ("slack", "webhook", "email", "telegram", "discord")
OWNERS = ("monitor", "trigger")
SMALL, LARGE = 5, 100


def monitors(tenant, number):
    for kind in KINDS:
        if not Trigger.objects.live().filter(slug=kind).exists():
            trigger(tenant, kind, kind)
    slug = f"m{number}"
    data = make_monitor_document(name=slug, slug=slug, triggers=list(KINDS))
    monitor_create(tenant=tenant, data=data, actor=SYSTEM)


def triggers(tenant, number):
    trigger(tenant, KINDS[number % len(KINDS)], f"t{number}")


def trigger(tenant, kind, name):
    trigger_create(tenant=tenant, data=trigger_document(kind, name=name), actor=SYSTEM)


def audit(tenant, number, kind="test", object_id="1"):
    audit_record(
        action="test.done",
        actor=SYSTEM,
        object_kind=kind,
        object_id=object_id,
        tenant_id=tenant.pk,
    )


def history(tenant, number):
    if number == 0:
        data = make_monitor_document()
        monitor_create(tenant=tenant, data=data, actor=SYSTEM)
    else:
        created = AuditRecord.objects.get(action="monitor.created")
        audit(tenant, number, "monitor", created.object_id)


def execution(tenant, number):
    TriggerExecutionFactory.create()


def delivery_test(tenant, number):
    if number == 0:
        trigger(tenant, "slack", "tested")
    DeliveryTestFactory.create(trigger=Trigger.objects.get(slug="tested"))


MAKERS = {
    "/api/v1/monitors": monitors,
    "/api/v1/triggers": triggers,
    "/api/v1/matches": lambda tenant, number: MatchFactory.create(),
    "/api/v1/executions": execution,
    "/api/v1/networks": lambda tenant, number: NetworkFactory.create(),
    "/api/v1/filter-scripts": lambda tenant, number: FilterScriptFactory.create(),
    "/api/v1/templates": lambda tenant, number: MonitorTemplateFactory.create(),
    "/api/v1/audit-log": audit,
    "/api/v1/monitors/{id}/history": history,
    "/api/v1/triggers/{id}/tests": delivery_test,
    "/api/v1/members": lambda tenant, number: MembershipFactory.create(tenant=tenant),
    "/api/v1/invitations": lambda tenant, number: InvitationFactory.create(tenant=tenant),
    "/api/v1/api-keys": lambda tenant, number: ApiKeyFactory.create(tenant=tenant),
}
"""Makes one row of each list; the path is the schema's."""


def lists():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        path
        for path, methods in paths.items()
        if any(each["name"] == "page_size" for each in methods.get("get", {}).get("parameters", []))
    ]


def test_lists__every_one__is_measured_below():
    assert set(lists()) <= set(MAKERS)


@pytest.mark.parametrize("path", lists())
def test_list__five_or_a_hundred_rows__take_the_same_queries(acme, count_queries, path):
    client, counts = ana(), []
    client.get("/api/v1/me")  # a process asks once for a tenant's limits
    for numbers in (range(SMALL), range(SMALL, LARGE)):
        with in_tenant(acme.pk):
            for number in numbers:
                MAKERS[path](acme, number)
        cache.clear()  # the catalogue's: nothing here is committed, which would do it
        url = path
        if "{id}" in path:
            created = AuditRecord.objects.get(action__endswith=".created", object_kind__in=OWNERS)
            url = path.replace("{id}", created.object_id)
        with count_queries() as log:
            shown = client.get(f"{url}?page_size=100").json()["results"]
        assert len(shown) >= numbers.stop
        counts.append(len(log))

    assert counts[0] == counts[1], path

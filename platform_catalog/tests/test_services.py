"""Networks, scripts and templates: what their services do, refuse and record."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from blip0.common import usage
from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, DomainError, InUse, InvalidField, NotFound
from blip0.common.tenancy import in_tenant
from blip0.common.usage import Users
from blip0.common.validation import InvalidDocument
from monitors.models import Monitor, MonitorNetwork
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.projections import filter_documents, network_documents
from platform_catalog.services.networks import (
    network_create,
    network_delete,
    network_disable,
    network_enable,
    network_update,
    rpc_endpoints_set,
)
from platform_catalog.services.scripts import (
    script_create,
    script_delete,
    script_publish_version,
    script_rollback,
    script_update,
)
from platform_catalog.services.templates import template_create, template_delete, template_update
from platform_catalog.tests.factories import (
    FilterScriptFactory,
    MonitorTemplateFactory,
    NetworkFactory,
)
from tenants.models import AuditRecord, Tenant

pytestmark = pytest.mark.django_db
ACTOR = Actor("staff", "7", "sam@blip0.test")


def endpoint(url: str, **more: Any) -> dict[str, Any]:
    return {"type_": "rpc", "url": {"type": "Plain", "value": url}, "weight": 100, **more}


def network_data(**changes: Any) -> dict[str, Any]:
    data = {
        "network_type": "EVM",
        "slug": "holesky",
        "name": "Holesky",
        "chain_id": 17000,
        "rpc_urls": [endpoint("https://a.example.org")],
        "block_time_ms": 12000,
        "confirmation_blocks": 12,
        "cron_schedule": "0 */1 * * * *",
    }
    return data | changes


def test_network_create__valid__document_is_what_was_given_and_recorded() -> None:
    data = network_data(max_past_blocks="unlimited", store_blocks=False)

    network = network_create(data=data, actor=ACTOR)

    assert network_documents(["holesky"])["holesky"].body == data
    record = AuditRecord.objects.get(action="network.created", object_id=network.slug)
    assert record.actor_name == "sam@blip0.test"
    assert record.tenant_id is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"slug": "Holesky"}, "/slug"),
        ({"block_time_ms": 50}, "/block_time_ms"),
        ({"block_time_ms": "12"}, "/block_time_ms"),
        ({"cron_schedule": "every minute"}, "/cron_schedule"),
        ({"rpc_urls": [endpoint("ftp://x.example.org")]}, "/rpc_urls/0/url/value"),
        ({"rpc_urls": [endpoint("https://u:p@x.example.org")]}, "/rpc_urls/0/url/value"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_network_create__what_the_runtime_or_policy_refuses__pointer_and_no_row(
    changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        network_create(data=network_data(**changes), actor=ACTOR)

    assert pointer in {finding.pointer for finding in caught.value.findings}
    assert not Network.objects.filter(name="Holesky").exists()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"slug": "base"}, "/slug"),
        ({"name": " BASE "}, "/name"),
        ({"rpc_urls": [endpoint("https://a.example.org")] * 2}, "/rpc_urls/1"),
    ],
)
def test_network_create__taken__conflict_that_names_the_field(
    changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(DomainError) as caught:
        network_create(data=network_data(**changes), actor=ACTOR)

    assert caught.value.pointer == pointer


def test_network_update__two_keys__the_rest_stays_and_null_takes_away() -> None:
    network = network_create(data=network_data(max_past_blocks=40), actor=ACTOR)

    network_update(
        network=network, data={"block_time_ms": 6000, "max_past_blocks": None}, actor=ACTOR
    )

    assert network_documents(["holesky"])["holesky"].body == network_data(block_time_ms=6000)
    record = AuditRecord.objects.get(action="network.updated", object_id="holesky")
    assert record.before == {"block_time_ms": 12000, "max_past_blocks": 40}
    assert record.after == {"block_time_ms": 6000}


def test_network_update__nothing_changes__no_record() -> None:
    network = network_create(data=network_data(), actor=ACTOR)

    network_update(network=network, data=network_data(), actor=ACTOR)

    assert not AuditRecord.objects.filter(action="network.updated").exists()


@pytest.mark.parametrize("changes", [{"slug": "other"}, {"network_type": "Stellar"}])
def test_network_update__what_never_changes__refused(changes: dict[str, Any]) -> None:
    network = NetworkFactory.create()

    with pytest.raises(InvalidField, match="never changes"):
        network_update(network=network, data=changes, actor=ACTOR)


def test_rpc_endpoints_set__new_order__kept_rows_keep_their_id() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    kept = network.rpc_endpoints.get()

    rpc_endpoints_set(
        network=network,
        rpc_urls=[
            endpoint("https://b.example.org"),
            endpoint("https://a.example.org", weight=5, enabled=False),
        ],
        actor=ACTOR,
    )

    rows = list(network.rpc_endpoints.order_by("position"))
    assert [row.url for row in rows] == ["https://b.example.org", "https://a.example.org"]
    assert (rows[1].pk, rows[1].weight, rows[1].enabled) == (kept.pk, 5, False)
    body = network_documents(["holesky"])["holesky"].body
    assert body["rpc_urls"] == [endpoint("https://b.example.org")]


def test_network_disable__twice__one_record_and_back() -> None:
    network = NetworkFactory.create()

    network_disable(network=network, actor=ACTOR, reason="Endpoints are down")
    assert not network_disable(network=network, actor=ACTOR).enabled
    assert network_enable(network=network, actor=ACTOR).enabled

    records = AuditRecord.objects.filter(object_id=network.slug).order_by("id")
    assert [record.action for record in records] == ["network.disabled", "network.enabled"]
    assert records[0].reason == "Endpoints are down"


def test_network_delete__unused__gone_and_recorded() -> None:
    network = NetworkFactory.create()

    network_delete(network=network, actor=ACTOR)

    assert not Network.objects.filter(pk=network.slug).exists()
    assert AuditRecord.objects.filter(action="network.deleted", object_id=network.slug).exists()


def test_network_delete__used_in_two_tenants__lists_both(acme: Tenant, globex: Tenant) -> None:
    network = NetworkFactory.create()
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            monitor = Monitor.objects.create(slug="big", name="Big transfers")
            MonitorNetwork.objects.create(monitor=monitor, network=network, position=0)

    with pytest.raises(InUse) as caught:
        network_delete(network=network, actor=ACTOR)

    assert len(caught.value.users) == 2
    assert "acme" in caught.value.message
    assert "globex" in caught.value.message
    assert Network.objects.filter(pk=network.slug).exists()


def test_network_delete__used_since_the_question__backstop_of_the_database(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkFactory.create()
    with in_tenant(acme.pk):
        monitor = Monitor.objects.create(slug="big", name="Big transfers")
        MonitorNetwork.objects.create(monitor=monitor, network=network, position=0)
    monkeypatch.setattr(usage, "_finders", {"network": []})

    with pytest.raises(InUse, match="just come into use"):
        network_delete(network=network, actor=ACTOR)

    assert Network.objects.filter(pk=network.slug).exists()


def script_data(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "keep_all",
        "language": "Python",
        "content": "print('false')\n",
        "timeout_ms": 500,
    }
    return data | changes


def test_script_create__valid__first_version_rendered_and_recorded() -> None:
    script = script_create(data=script_data(arguments=["a"]), actor=ACTOR)

    body = filter_documents(["keep_all"])["keep_all"].body
    assert (body["version"], body["content"]) == (1, "print('false')\n")
    assert body["script_path"] == "filters/keep_all.py"
    assert (body["arguments"], body["timeout_ms"]) == (["a"], 500)
    assert script.versions.get().created_by == "sam@blip0.test"
    assert AuditRecord.objects.filter(action="filter_script.created").exists()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "Keep-all"}, "/name"),
        ({"language": "Ruby"}, "/language"),
        ({"timeout_ms": 0}, "/timeout_ms"),
        ({"content": " \n"}, "/content"),
        ({"content": "#" * 70_000}, "/content"),
        ({"name": "even_blocks"}, "/name"),
    ],
)
def test_script_create__bad_value__names_the_field_and_leaves_nothing(
    changes: dict[str, Any], pointer: str
) -> None:
    before = FilterScript.objects.count()

    with pytest.raises((DomainError, InvalidDocument)) as caught:
        script_create(data=script_data(**changes), actor=ACTOR)

    assert pointer in _pointers(caught.value)
    assert FilterScript.objects.count() == before


def test_script_versions__publish_and_roll_back__numbers_only_grow() -> None:
    script = script_create(data=script_data(), actor=ACTOR)

    script_publish_version(script=script, content="print('true')\n", actor=ACTOR, note="Drop all")
    third = script_rollback(script=script, version=1, actor=ACTOR)

    assert third.version == 3
    assert third.note == "Back to version 1."
    body = filter_documents(["keep_all"])["keep_all"].body
    assert (body["version"], body["content"]) == (3, "print('false')\n")
    assert list(script.versions.values_list("version", flat=True)) == [3, 2, 1]


def test_script_versions__same_content__conflict() -> None:
    script = script_create(data=script_data(), actor=ACTOR)

    with pytest.raises(Conflict):
        script_publish_version(script=script, content="print('false')\n", actor=ACTOR)
    with pytest.raises(Conflict):
        script_rollback(script=script, version=1, actor=ACTOR)
    with pytest.raises(NotFound):
        script_rollback(script=script, version=9, actor=ACTOR)


def test_script_update__settings__changed_and_content_refused() -> None:
    script = script_create(data=script_data(), actor=ACTOR)

    script_update(script=script, data={"arguments": ["--fast"], "timeout_ms": 9}, actor=ACTOR)

    script.refresh_from_db()
    assert (script.arguments, script.timeout_ms) == (["--fast"], 9)
    with pytest.raises(InvalidField) as caught:
        script_update(script=script, data={"content": "x"}, actor=ACTOR)
    assert caught.value.pointer == "/content"


def test_script_delete__in_use__lists_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    script = FilterScriptFactory.create()

    def finder(ids: Collection[str], named: int) -> Users:
        found = [f"monitor {number} of acme" for number in range(7)] if script.name in ids else []
        return Users(number=len(found), named=found[:named])

    monkeypatch.setattr(usage, "_finders", {"filter_script": [finder]})
    with pytest.raises(InUse, match="monitor 4 of acme and 2 more") as caught:
        script_delete(script=script, actor=ACTOR)
    assert len(caught.value.users) == 5

    monkeypatch.setattr(usage, "_finders", {"filter_script": []})
    script_delete(script=script, actor=ACTOR)
    assert not FilterScript.objects.filter(pk=script.name).exists()


def test_template__created_changed_deleted__three_records() -> None:
    document = MonitorTemplateFactory.build().document
    data = {"slug": "t", "name": "T", "network_types": ["EVM"], "document": document}

    template = template_create(data=data, actor=ACTOR)
    template_update(template=template, data={"enabled": False}, actor=ACTOR)
    template_delete(template=template, actor=ACTOR)

    records = AuditRecord.objects.filter(object_kind="template", object_id="t").order_by("id")
    assert [record.action for record in records] == [
        "template.created",
        "template.updated",
        "template.deleted",
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"slug": "T!"}, ""),
        ({"name": " "}, "/name"),
        ({"network_types": []}, "/network_types"),
        ({"network_types": ["EVM", "Bitcoin"]}, "/network_types"),
        ({"document": {"networks": ["base"]}}, "/document"),
        ({"document": {}}, ""),
        ({"document": {"match_conditions": {}}}, "/match_conditions"),
        ({"document": {"alerting": {"severity": "urgent"}}}, "/alerting/severity"),
        (
            {
                "document": {
                    "match_conditions": {"functions": [], "events": [], "transactions": []},
                    "trigger_conditions": [
                        {
                            "script_path": "filters/nowhere.py",
                            "language": "Python",
                            "timeout_ms": 1,
                        }
                    ],
                }
            },
            "/trigger_conditions/0/script_path",
        ),
    ],
)
def test_template_create__bad_value__names_the_field_and_leaves_nothing(
    changes: dict[str, Any], pointer: str
) -> None:
    document = MonitorTemplateFactory.build().document
    data = {"slug": "t", "name": "T", "network_types": ["EVM"], "document": document}

    with pytest.raises((DomainError, InvalidDocument)) as caught:
        template_create(data=data | changes, actor=ACTOR)

    assert pointer in _pointers(caught.value)
    assert not MonitorTemplate.objects.filter(name="T").exists()


def _pointers(error: Exception) -> set[str]:
    if isinstance(error, InvalidDocument):
        return {finding.pointer for finding in error.findings}
    assert isinstance(error, DomainError)
    return {error.pointer}

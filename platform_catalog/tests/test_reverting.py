"""Undoing changes of networks, scripts and templates."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, NotFound
from blip0.common.validation import InvalidDocument
from platform_catalog.models import FilterScript, Network
from platform_catalog.projections import network_documents
from platform_catalog.selectors import script_version
from platform_catalog.services.networks import (
    network_create,
    network_delete,
    network_disable,
    network_update,
)
from platform_catalog.services.scripts import (
    script_create,
    script_delete,
    script_publish_version,
    script_rollback,
    script_update,
)
from platform_catalog.services.templates import template_create, template_delete, template_update
from platform_catalog.tests.test_services import endpoint, network_data
from tenants.exceptions import CannotRevert
from tenants.models import AuditRecord
from tenants.services.undoing import change_revert

pytestmark = pytest.mark.django_db
ACTOR = Actor("staff", "7", "sam@blip0.test")
EVERYTHING: dict[str, Any] = {
    "chain_id": 17000,
    "max_past_blocks": 40,
    "store_blocks": False,
    "recovery_config": {
        "enabled": True,
        "cron_schedule": "0 */5 * * * *",
        "max_blocks_per_run": 10,
        "max_block_age": 100,
        "max_retries": 2,
        "retry_delay_ms": 500,
    },
    "rpc_urls": [
        endpoint("https://a.example.org/v1"),
        {**endpoint(""), "url": {"type": "Environment", "value": "https://RPC_HOLESKY"}},
        endpoint("https://off.example.org", weight=0, enabled=False),
    ],
}
FAILURES = {
    "match_conditions": {"functions": [], "events": [], "transactions": [{"status": "Failure"}]}
}
NOTHING: dict[str, Any] = {"match_conditions": {"functions": [], "events": [], "transactions": []}}


def _newest(kind: str) -> AuditRecord:
    return AuditRecord.objects.filter(object_kind=kind).latest("pk")


def _undo(record: AuditRecord, **given: Any) -> AuditRecord | None:
    newest = AuditRecord.objects.latest("pk").pk
    return change_revert(record=record, actor=ACTOR, newest=newest, reason="Ticket 5", **given)


def _rows(network: Network) -> list[tuple[Any, ...]]:
    rows = network.rpc_endpoints.order_by("position")
    return list(rows.values_list("rpc_type", "url_kind", "url", "weight", "enabled"))


# Networks


@pytest.mark.parametrize("changes", [EVERYTHING, {}])
def test_network_revert__everything_changed__document_and_endpoints_as_before(
    changes: dict[str, Any],
) -> None:
    network = network_create(data=network_data(**changes), actor=ACTOR)
    body, rows = network_documents(["holesky"])["holesky"].body, _rows(network)
    other = {
        **dict.fromkeys(("store_blocks", "recovery_config", "chain_id")),
        **(EVERYTHING if not changes else {}),
        "name": "Spoilt",
        "max_past_blocks": "unlimited",
        "block_time_ms": 500,
        "enabled": False,
        "rpc_urls": [endpoint("https://b.example.org"), endpoint("https://a.example.org/v1")],
    }
    network_update(network=network, data=other, actor=ACTOR)
    record = _newest("network")

    left = _undo(record)

    document = network_documents(["holesky"])["holesky"]
    assert (document.body, document.enabled, _rows(network)) == (body, True, rows)
    assert left is not None
    assert left.reason == f"undo of entry {record.pk}: Ticket 5"
    assert (left.before, left.after) == (record.after, record.before)


def test_network_update__a_disabled_endpoint_changes__is_in_the_log() -> None:
    network = network_create(data=network_data(**EVERYTHING), actor=ACTOR)
    network_update(network=network, data={"rpc_urls": EVERYTHING["rpc_urls"][:2]}, actor=ACTOR)

    before = _newest("network").before

    assert before is not None
    assert before["rpc_urls"][2] == "rpc Plain https://off.example.org 0 disabled"


def test_network_revert__disabled__is_enabled_again() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_disable(network=network, actor=ACTOR)

    _undo(_newest("network"))

    network.refresh_from_db()
    assert network.enabled


def test_network_revert__a_later_change_of_something_else__stays() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_update(network=network, data={"block_time_ms": 500}, actor=ACTOR)
    record = _newest("network")
    network_update(network=network, data={"name": "Holesky 2"}, actor=ACTOR)

    _undo(record)

    network.refresh_from_db()
    assert (network.name, network.block_time_ms) == ("Holesky 2", 12000)


def test_network_revert__record_of_enabled_endpoints_only__refused_and_nothing_done() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_update(network=network, data={"block_time_ms": 500}, actor=ACTOR)
    record = _newest("network")
    record.before = {"block_time_ms": 12000, "endpoints": ["rpc Plain https://a.example.org 100"]}

    with pytest.raises(CannotRevert, match="`endpoints`: set that by hand"):
        _undo(record)

    network.refresh_from_db()
    assert network.block_time_ms == 500


def test_network_revert__deleted__refused_with_the_fix() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_update(network=network, data={"block_time_ms": 500}, actor=ACTOR)
    record = _newest("network")
    network_delete(network=network, actor=ACTOR)

    with pytest.raises(NotFound, match=r"Holesky is no longer there.*make it anew"):
        _undo(record)


def test_network_revert__the_old_name_is_taken_meanwhile__refused() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_update(network=network, data={"name": "Holesky 2"}, actor=ACTOR)
    record = _newest("network")
    network_create(data=network_data(slug="another"), actor=ACTOR)

    with pytest.raises(Conflict, match="network another has this name"):
        _undo(record)


def test_network_revert__somebody_was_faster__refused_and_rolled_back() -> None:
    network = network_create(data=network_data(), actor=ACTOR)
    network_update(network=network, data={"block_time_ms": 500}, actor=ACTOR)
    record = _newest("network")
    network_update(network=network, data={"confirmation_blocks": 1}, actor=ACTOR)

    with pytest.raises(Conflict, match="changed meanwhile"):
        change_revert(record=record, actor=ACTOR, newest=record.pk)

    network.refresh_from_db()
    assert network.block_time_ms == 500


# Scripts


@pytest.fixture
def script() -> FilterScript:
    data = {"name": "keep_all", "language": "Bash", "content": "echo false\n", "timeout_ms": 500}
    return script_create(data={**data, "arguments": ["--all"]}, actor=ACTOR)


def _runs(script: FilterScript) -> tuple[int, str]:
    script.refresh_from_db()
    current = script_version(script, script.current_version)
    return current.version, current.content


def test_script_revert__settings__as_before(script: FilterScript) -> None:
    data = {"timeout_ms": 900, "arguments": [], "description": "Other"}
    script_update(script=script, data=data, actor=ACTOR)

    _undo(_newest("filter_script"))

    script.refresh_from_db()
    assert (script.timeout_ms, script.arguments, script.description) == (500, ["--all"], "")


@pytest.mark.parametrize("rolled_back", [False, True])
def test_script_revert__published_or_rolled_back__earlier_content_as_a_new_version(
    script: FilterScript, rolled_back: bool
) -> None:
    script_publish_version(script=script, content="echo true\n", actor=ACTOR)
    if rolled_back:
        script_rollback(script=script, version=1, actor=ACTOR)
    number, _ = _runs(script)
    record = _newest("filter_script")

    _undo(record)

    assert _runs(script) == (number + 1, "echo true\n" if rolled_back else "echo false\n")
    note = script_version(script, number + 1).note
    assert note == f"Back to version {number - 1}. undo of entry {record.pk}: Ticket 5"


def test_script_revert__that_content_runs_again_already__refused(script: FilterScript) -> None:
    script_publish_version(script=script, content="echo true\n", actor=ACTOR)
    record = _newest("filter_script")
    script_rollback(script=script, version=1, actor=ACTOR)

    with pytest.raises(Conflict, match="1 has the content that runs already"):
        _undo(record)


# Templates


def _template(**changes: Any) -> Any:
    data = {"slug": "failures", "name": "Failures", "network_types": ["EVM"], "document": FAILURES}
    return template_create(data={**data, **changes}, actor=ACTOR)


def test_template_revert__everything_changed__as_before() -> None:
    template = _template(description="All that fails")
    other = {"name": "Other", "description": "", "network_types": ["EVM", "Stellar"]}
    template_update(
        template=template, data={**other, "enabled": False, "document": NOTHING}, actor=ACTOR
    )

    _undo(_newest("template"))

    template.refresh_from_db()
    assert (template.name, template.description) == ("Failures", "All that fails")
    assert (template.network_types, template.enabled) == (["EVM"], True)
    assert template.document == FAILURES


def test_template_revert__names_a_script_that_is_gone__refused_with_its_place(
    script: FilterScript,
) -> None:
    condition = {
        "script_path": "filters/keep_all.sh",
        "language": "Bash",
        "timeout_ms": 500,
        "arguments": [],
    }
    template = _template(document={**FAILURES, "trigger_conditions": [condition]})
    template_update(template=template, data={"document": FAILURES}, actor=ACTOR)
    record = _newest("template")
    script_delete(script=script, actor=ACTOR)

    with pytest.raises(InvalidDocument) as refused:
        _undo(record)

    pointers = {finding.pointer for finding in refused.value.findings}
    assert pointers == {"/trigger_conditions/0/script_path"}
    template.refresh_from_db()
    assert template.document == FAILURES


def test_template_revert__deleted__refused_with_the_fix() -> None:
    template = _template()
    template_update(template=template, data={"name": "Other"}, actor=ACTOR)
    record = _newest("template")
    template_delete(template=template, actor=ACTOR)

    with pytest.raises(NotFound, match="a deletion can't be undone"):
        _undo(record)

"""Importing: what is refused, what depends on it, and where the report points."""

from __future__ import annotations

from typing import Any

import pytest

from monitors.models import ContractSpec, Monitor
from monitors.tests.openzeppelin.support import (
    FILE,
    MONITOR,
    SCRIPT,
    SLACK,
    TRIGGER,
    WEBHOOK,
    changed,
    configuration,
    entry,
    plain,
    remarks,
    run_import,
    statuses,
    with_config,
)
from tenants.models import LimitOverride, Tenant


def test_import__script_trigger__refused_with_the_monitors_that_name_it(in_acme: Tenant) -> None:
    files = configuration(
        triggers__script={"run": SCRIPT},
        monitors__dependent=changed(MONITOR, name="Dependent", triggers=["ops-slack", "run"]),
    )

    report = run_import(in_acme, files)

    assert statuses(report) == {
        "triggers/script.json#run": "refused",
        TRIGGER: "imported",
        "monitors/dependent.json": "refused",
        FILE: "imported",
    }
    place = ("error", "trigger.script_not_allowed", "/run/trigger_type")
    assert place in remarks(report, "triggers/script.json#run")
    assert remarks(report, "monitors/dependent.json") == {
        ("error", "trigger.refused", "/triggers/1")
    }
    assert [monitor.slug for monitor in Monitor.objects.all()] == ["large-transfers"]


def test_import__unknown_names__refused_with_pointers(in_acme: Tenant) -> None:
    conditions = [{"script_path": "x/nope.sh", "language": "Bash", "timeout_ms": 1}]
    monitor = changed(
        MONITOR, networks=["base", "atlantis"], triggers=["nobody"], trigger_conditions=conditions
    )

    report = run_import(in_acme, {"monitors/m.json": monitor})

    assert remarks(report, "monitors/m.json") == {
        ("error", "network.unknown", "/networks/1"),
        ("error", "trigger.unknown", "/triggers/0"),
        ("error", "script.unknown", "/trigger_conditions/0/script_path"),
    }
    assert any("Ask the platform's staff" in n.message for n in report.refused[0].notes)


def test_import__monitors_alone__may_name_the_tenants_triggers(in_acme: Tenant) -> None:
    run_import(in_acme, {"triggers/slack.json": {"ops-slack": SLACK}})

    report = run_import(in_acme, {"monitors/large-transfers.json": MONITOR})

    assert [entry.status for entry in report.entries] == ["imported"]


@pytest.mark.parametrize(
    ("content", "code", "pointer"),
    [
        ("{", "json.syntax", ""),
        ("[]", "shape.type", ""),
        (b"\xff{}", "file.encoding", ""),
        ('{"a": NaN}', "json.number", ""),
        (changed(MONITOR, tags=["x"]), "shape.unknown", "/tags"),
        (changed(MONITOR, networks="base"), "shape.type", "/networks"),
        (changed(MONITOR, networks=[1]), "shape.type", "/networks/0"),
        (changed(MONITOR, trigger_conditions=[1]), "shape.type", "/trigger_conditions/0"),
        (changed(MONITOR, chain_configurations=None), "shape.type", "/chain_configurations"),
        (changed(MONITOR, chain_configurations=[{"midnight": {"viewing_keys": [7]}}]), "shape.type",
         "/chain_configurations/0/midnight/viewing_keys/0"),
        ({k: v for k, v in MONITOR.items() if k != "paused"}, "shape.missing", ""),
        ('{"name": "a", "name": "b"}', "json.repeated_key", "/name"),
    ],
)  # fmt: skip
def test_import__bad_monitor__refused_with_a_pointer(
    in_acme: Tenant, content: Any, code: str, pointer: str
) -> None:
    report = run_import(in_acme, {"monitors/m.json": content})

    assert ("error", code, pointer) in remarks(report, "monitors/m.json")
    assert entry(report, "monitors/m.json").status == "refused"
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        (1, "shape.type", "/t"),
        (["a", "slack", {}], "shape.spelling", "/t"),
        (changed(SLACK, trigger_type=["slack"]), "shape.type", "/t/trigger_type"),
        (changed(SLACK, trigger_type="pagerduty"), "shape.choice", "/t/trigger_type"),
        (changed(SLACK, config=[]), "shape.type", "/t/config"),
        (with_config(SLACK, slack_url=plain("http://x")), "trigger.url",
         "/t/config/slack_url/value"),
        (with_config(SLACK, slack_url=plain("")), "trigger.url", "/t/config/slack_url/value"),
        (with_config(SLACK, channel="#ops"), "shape.unknown", "/t/config/channel"),
        (with_config(WEBHOOK, headers={"a b": "x"}), "webhook.header_name",
         "/t/config/headers/a b"),
        (changed(SLACK, name="x" * 300), "name.length", "/t/name"),
        (with_config(SLACK, slack_url=plain("sealed:v1:k:AAAA")), "secret.sealed_input",
         "/t/config/slack_url/value"),
    ],
)  # fmt: skip
def test_import__bad_trigger__refused_with_a_pointer(
    in_acme: Tenant, value: Any, code: str, pointer: str
) -> None:
    report = run_import(in_acme, {"triggers/t.json": {"t": value, "good": WEBHOOK}})

    assert statuses(report) == {"triggers/t.json#t": "refused", "triggers/t.json#good": "imported"}
    assert ("error", code, pointer) in remarks(report, "triggers/t.json#t")


def test_import__repeated_keys__refuse_the_trigger_that_has_them(in_acme: Tenant) -> None:
    text = (
        '{"a": {"name": "x"}, "a": {"name": "y"}, "b": {"name": "x", "config": {"k": 1, "k": 2}}}'
    )

    report = run_import(in_acme, {"triggers/t.json": text})

    assert remarks(report, "triggers/t.json#a") == {("error", "json.repeated_key", "/a")}
    assert ("error", "json.repeated_key", "/b/config/k") in remarks(report, "triggers/t.json#b")


def test_import__key_in_two_files__counts_once(in_acme: Tenant) -> None:
    other = changed(SLACK, name="Other")
    files = configuration(triggers__zz={"ops-slack": other})

    report = run_import(in_acme, files)

    assert statuses(report) == {
        TRIGGER: "imported",
        "triggers/zz.json#ops-slack": "refused",
        FILE: "imported",
    }


def test_import__fraction_in_a_spec__refused_with_a_pointer(in_acme: Tenant) -> None:
    spec = [{"type": "event", "name": "E", "inputs": [], "anonymous": False, "gas": 1.5}]
    monitor = changed(MONITOR, addresses=[{"address": "0x" + "a" * 40, "contract_spec": spec}])

    report = run_import(in_acme, configuration(**{"monitors__large-transfers": monitor}))

    [note] = [note for note in entry(report, FILE).notes if note.level == "error"]
    assert note.pointer.startswith("/addresses/0/contract_spec")
    assert not ContractSpec.objects.exists()


def test_import__name_or_type_taken__refused(in_acme: Tenant) -> None:
    run_import(in_acme, configuration())
    files = {
        "triggers/t.json": {"other": changed(SLACK, name=" ops ON slack")},
        "triggers/u.json": {"ops-slack": changed(WEBHOOK, name="Ops on Slack")},
        "monitors/other.json": MONITOR,
    }

    report = run_import(in_acme, files)

    assert len(report.refused) == 3
    assert ("error", "name_taken", "/other/name") in remarks(report, "triggers/t.json#other")
    place = ("error", "trigger_type_fixed", "/ops-slack/trigger_type")
    assert place in remarks(report, "triggers/u.json#ops-slack")
    # It depends on a refused trigger, though that slug is there.
    assert ("error", "trigger.refused", "/triggers/0") in remarks(report, "monitors/other.json")


def test_import__beyond_the_plan__refused_and_the_rest_kept(in_acme: Tenant) -> None:
    LimitOverride.objects.create(tenant=in_acme, limit="monitors", value=1)
    files = configuration(monitors__a=changed(MONITOR, name="A"))

    report = run_import(in_acme, files)

    assert statuses(report) == {
        TRIGGER: "imported",
        "monitors/a.json": "imported",
        FILE: "refused",
    }

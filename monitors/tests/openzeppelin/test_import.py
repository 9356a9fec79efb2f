"""Importing: what each file becomes, and the import as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.exceptions import Conflict
from blip0.common.tenancy import current_schema, in_tenant
from monitors.models import Monitor
from monitors.openzeppelin import triggers as trigger_import
from monitors.selectors import monitor_representation
from monitors.tests.openzeppelin.support import (
    ACTOR,
    FILE,
    MONITOR,
    SCRIPT,
    SLACK,
    SLACK_URL,
    TRIGGER,
    WEBHOOK,
    changed,
    configuration,
    entry,
    monitor_by_slug,
    remarks,
    run_import,
    statuses,
    stored_config,
    with_config,
)
from platform_catalog.models import Network
from tenants.choices import TenantStatus
from tenants.models import AuditRecord, Tenant
from triggers.models import Trigger
from triggers.selectors import trigger_by_slug
from triggers.services import trigger_disable


def test_import__valid_files__are_imported_as_they_are(in_acme: Tenant) -> None:
    report = run_import(in_acme, configuration())

    assert statuses(report) == {TRIGGER: "imported", FILE: "imported"}
    assert report.saved
    assert stored_config("ops-slack") == {
        "slack_url": {"type": "Plain", "value": SLACK_URL},
        "message": SLACK["config"]["message"],
    }
    shown = monitor_representation(monitor_by_slug("large-transfers"))
    assert shown["addresses"] == MONITOR["addresses"]
    assert shown["match_conditions"]["events"] == MONITOR["match_conditions"]["events"]
    assert shown["trigger_conditions"][0]["script_path"] == "filters/even_blocks.sh"
    assert shown["triggers"] == ["ops-slack"]


def test_import__again__changes_nothing(in_acme: Tenant) -> None:
    run_import(in_acme, configuration(triggers__hook={"hook": WEBHOOK}))
    versions = set(Trigger.objects.values_list("slug", "version"))

    report = run_import(in_acme, configuration(triggers__hook={"hook": WEBHOOK}))

    assert set(statuses(report).values()) == {"unchanged"}
    assert set(Trigger.objects.values_list("slug", "version")) == versions
    assert monitor_by_slug("large-transfers").version == 1


def test_import__changed_files__update_what_is_there(in_acme: Tenant) -> None:
    run_import(in_acme, configuration(triggers__hook={"hook": WEBHOOK}))
    hook = with_config(WEBHOOK, headers=None, message={"title": "t", "body": "b"})
    files = configuration(
        **{"monitors__large-transfers": changed(MONITOR, triggers=["hook"], paused=True)},
        triggers__hook={"hook": changed(hook, name="Renamed hook")},
    )
    del files["config/triggers/hook.json"]["hook"]["config"]["headers"]

    report = run_import(in_acme, files)

    assert statuses(report) == {
        TRIGGER: "unchanged",
        "triggers/hook.json#hook": "changed",
        FILE: "changed",
    }
    assert "`triggers`" in entry(report, FILE).notes[-1].message
    assert "`paused`" in entry(report, FILE).notes[-1].message
    message = entry(report, "triggers/hook.json#hook").notes[-1].message
    assert message == "`hook` was there; changed `name`, `config.headers`, `config.message`."
    assert "headers" not in stored_config("hook")
    assert monitor_representation(monitor_by_slug("large-transfers"))["triggers"] == ["hook"]


def test_import__settings_made_here__survive_an_update(in_acme: Tenant) -> None:
    """The files know neither descriptions nor disabled triggers: they don't touch them."""
    run_import(in_acme, configuration())
    Monitor.objects.update(description="Ask treasury", severity="high")
    trigger_disable(trigger=trigger_by_slug("ops-slack"), actor=ACTOR)

    report = run_import(in_acme, configuration())

    assert statuses(report) == {TRIGGER: "unchanged", FILE: "unchanged"}
    assert monitor_by_slug("large-transfers").description == "Ask treasury"
    assert not trigger_by_slug("ops-slack").enabled


def test_import__names_that_are_no_slugs__become_slugs(in_acme: Tenant) -> None:
    files = {
        "triggers/slack.json": {"Ops/Slack~1": SLACK},
        "monitors/Große Überweisung.json": changed(MONITOR, triggers=["Ops/Slack~1"]),
    }

    report = run_import(in_acme, files)

    assert set(statuses(report).values()) == {"changed"}
    changes = remarks(report, "triggers/slack.json#Ops/Slack~1")
    assert changes == {("changed", "slug.normalised", "/Ops~1Slack~01")}
    assert monitor_by_slug("groe-uberweisung").trigger_links.get().trigger.slug == "ops-slack-1"


def test_import__two_names_of_one_slug__are_told_apart_alike_each_time(in_acme: Tenant) -> None:
    triggers = {"A b": SLACK, "a-b": changed(SLACK, name="Second")}
    run_import(in_acme, {"triggers/t.json": triggers})

    report = run_import(in_acme, {"triggers/t.json": triggers})

    assert {e.key: (e.slug, e.status) for e in report.entries} == {
        "A b": ("a-b-2", "unchanged"),
        "a-b": ("a-b", "unchanged"),
    }


def test_import__repeated_references__are_kept_once(in_acme: Tenant) -> None:
    monitor = changed(
        MONITOR,
        networks=["base", "base", "ethereum_mainnet"],
        triggers=["ops-slack", "ops-slack"],
    )

    report = run_import(in_acme, configuration(**{"monitors__large-transfers": monitor}))

    assert remarks(report, FILE) == {
        ("changed", "monitor.repeated", "/networks/1"),
        ("changed", "monitor.repeated", "/triggers/1"),
    }
    shown = monitor_representation(monitor_by_slug("large-transfers"))
    assert (shown["networks"], shown["triggers"]) == (["base", "ethereum_mainnet"], ["ops-slack"])


def test_import__error_behind_a_repeated_reference__points_into_the_file(in_acme: Tenant) -> None:
    Network.objects.filter(slug="base").update(enabled=False)
    networks = ["ethereum_mainnet", "ethereum_mainnet", "base"]
    monitor = changed(MONITOR, networks=networks)

    report = run_import(in_acme, configuration(**{"monitors__large-transfers": monitor}))

    assert ("error", "network.disabled", "/networks/2") in remarks(report, FILE)


def test_import__lower_case_method__is_put_right_and_said(in_acme: Tenant) -> None:
    files = {"triggers/t.json": {"hook": with_config(WEBHOOK, method="post")}}

    report = run_import(in_acme, files)

    place = ("changed", "webhook.method_case", "/hook/config/method")
    assert remarks(report, "triggers/t.json#hook") == {place}
    assert stored_config("hook")["method"] == "POST"


def test_import__what_the_runtime_ignores__is_said_to_be_lost(in_acme: Tenant) -> None:
    slack = with_config(SLACK, retry_policy={"max_retries": 2, "tries": 3})
    configurations: list[Any] = [{"evm": {}, "polkadot": {}}]
    files = configuration(
        triggers__slack={"ops-slack": slack},
        **{"monitors__large-transfers": changed(MONITOR, chain_configurations=configurations)},
    )

    report = run_import(in_acme, files)

    place = "/ops-slack/config/retry_policy/tries"
    assert remarks(report, TRIGGER) == {("changed", "shape.ignored", place)}
    place = "/chain_configurations/0/polkadot"
    assert remarks(report, FILE) == {("changed", "shape.ignored", place)}
    assert monitor_by_slug("large-transfers").chain_configurations == [{"evm": {}}]


def test_import__strict__saves_nothing_and_stops(in_acme: Tenant) -> None:
    files = configuration(triggers__zz={"run": SCRIPT}, monitors__a="{")

    report = run_import(in_acme, files, strict=True)

    assert (report.saved, len(report.refused)) == (False, 1)
    assert not Trigger.objects.exists()
    assert not AuditRecord.objects.filter(action="openzeppelin.imported").exists()


def test_import__dry_run__reports_all_and_saves_nothing(in_acme: Tenant) -> None:
    files = configuration(triggers__zz={"run": SCRIPT})

    tried = run_import(in_acme, files, dry_run=True)

    assert not tried.saved
    assert not Trigger.objects.exists()
    assert tried.entries == run_import(in_acme, files).entries


def test_import__saved__is_in_the_audit_log(in_acme: Tenant) -> None:
    run_import(in_acme, configuration())

    record = AuditRecord.objects.get(action="openzeppelin.imported")
    assert record.tenant_id == in_acme.pk
    assert record.after is not None
    assert record.after["imported"] == 2


def test_import__tenant_without_a_schema__refused(acme: Tenant) -> None:
    acme.status = TenantStatus.PENDING_DELETION

    with pytest.raises(Conflict, match="pending deletion"):
        run_import(acme, configuration())


def test_import__from_the_public_schema__writes_to_its_tenant_only(
    acme: Tenant, globex: Tenant
) -> None:
    run_import(acme, configuration())

    assert current_schema() == "public"
    with in_tenant(acme.pk):
        assert Monitor.objects.count() == 1
    with in_tenant(globex.pk):
        assert not Monitor.objects.exists()
        assert not Trigger.objects.exists()


def test_import__bug_in_a_service__saves_nothing(
    in_acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(trigger_import, "trigger_update", broken)
    run_import(in_acme, configuration())

    with pytest.raises(RuntimeError, match="bug"):
        run_import(in_acme, {"triggers/a.json": {"new": WEBHOOK, "ops-slack": SLACK}})

    assert [trigger.slug for trigger in Trigger.objects.all()] == ["ops-slack"]

"""Importing secrets: resolved, missing, kept, and never shown."""

from __future__ import annotations

import pytest

from monitors.projections import monitor_documents
from monitors.tests.openzeppelin.support import (
    ACTOR,
    FILE,
    HOOK_URL,
    MIDNIGHT,
    SLACK,
    SLACK_URL,
    TRIGGER,
    VIEWING_KEY,
    WEBHOOK,
    changed,
    configuration,
    monitor_by_slug,
    plain,
    reference,
    remarks,
    run_import,
    statuses,
    stored_config,
    with_config,
)
from tenants.models import AuditRecord, Tenant
from triggers.selectors import trigger_by_slug, trigger_representation
from triggers.services import trigger_enable


@pytest.mark.parametrize("kind", ["environment", "Environment", "HashicorpCloudVault"])
def test_import__reference_with_a_value__is_resolved(in_acme: Tenant, kind: str) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL", kind))
    files = {"triggers/slack.json": {"ops-slack": slack}}

    report = run_import(in_acme, files, variables={"OPS_URL": SLACK_URL})

    assert [entry.status for entry in report.entries] == ["imported"]
    assert stored_config("ops-slack")["slack_url"]["value"] == SLACK_URL


def test_import__reference_and_the_processs_own_variable__is_not_read(
    in_acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_URL", SLACK_URL)
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))

    run_import(in_acme, {"triggers/slack.json": {"ops-slack": slack}})

    assert stored_config("ops-slack")["slack_url"]["value"] == ""


def test_import__reference_without_a_value__is_imported_disabled(in_acme: Tenant) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))

    report = run_import(in_acme, configuration(triggers__slack={"ops-slack": slack}))

    assert statuses(report) == {TRIGGER: "changed", FILE: "imported"}
    assert remarks(report, TRIGGER) == {
        ("changed", "secret.missing", "/ops-slack/config/slack_url")
    }
    shown = trigger_representation(trigger_by_slug("ops-slack"))
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "secret_missing")
    assert shown["config"]["slack_url"] == {"set": False}
    [document] = monitor_documents(in_acme).values()
    assert document.body is not None
    assert document.body["triggers"] == {}


def test_import__value_given_later__enables_the_trigger(in_acme: Tenant) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))
    files = {"triggers/slack.json": {"ops-slack": slack}}
    run_import(in_acme, files)
    assert statuses(run_import(in_acme, files)) == {"triggers/slack.json#ops-slack": "unchanged"}

    report = run_import(in_acme, files, variables={"OPS_URL": SLACK_URL})

    assert statuses(report) == {"triggers/slack.json#ops-slack": "changed"}
    trigger = trigger_by_slug("ops-slack")
    assert (trigger.enabled, trigger.disabled_reason) == (True, "")
    assert stored_config("ops-slack")["slack_url"]["value"] == SLACK_URL


def test_import__value_missing_at_an_update__keeps_the_stored_secret(in_acme: Tenant) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))
    files = {"triggers/slack.json": {"ops-slack": slack}}
    run_import(in_acme, files, variables={"OPS_URL": SLACK_URL})

    report = run_import(in_acme, files)

    assert [entry.status for entry in report.entries] == ["unchanged"]
    assert trigger_by_slug("ops-slack").enabled
    assert stored_config("ops-slack")["slack_url"]["value"] == SLACK_URL


def test_import__value_missing_for_a_secret_that_is_new__refused_and_the_trigger_stays(
    in_acme: Tenant,
) -> None:
    """A working trigger is not broken by an import that lacks a value."""
    run_import(in_acme, {"triggers/t.json": {"hook": WEBHOOK}})
    signed = with_config(WEBHOOK, secret=reference("SIGNING_KEY"))

    report = run_import(in_acme, {"triggers/t.json": {"hook": signed}})

    [refused] = report.refused
    assert {note.code for note in refused.notes} >= {"webhook.secret", "secret.missing"}
    assert trigger_by_slug("hook").enabled
    assert "secret" not in stored_config("hook")


def test_import__trigger_with_a_missing_secret__cannot_be_enabled(in_acme: Tenant) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))
    run_import(in_acme, {"triggers/slack.json": {"ops-slack": slack}})

    with pytest.raises(ValueError, match="slack_url"):
        trigger_enable(trigger=trigger_by_slug("ops-slack"), actor=ACTOR)


def test_import__viewing_key_with_a_value__is_sealed(in_acme: Tenant) -> None:
    Tenant.objects.filter(pk=in_acme.pk).update(allow_viewing_keys=True)
    in_acme.refresh_from_db()
    files = {"monitors/posts.json": MIDNIGHT}

    report = run_import(in_acme, files, variables={"MIDNIGHT_KEY": VIEWING_KEY})

    assert [entry.status for entry in report.entries] == ["imported"]
    [configuration] = monitor_by_slug("posts").chain_configurations
    assert configuration["midnight"]["viewing_keys"][0]["value"].startswith("sealed:v1:")


def test_import__viewing_key_without_a_value__imports_the_monitor_paused(in_acme: Tenant) -> None:
    report = run_import(in_acme, {"monitors/posts.json": MIDNIGHT})

    assert remarks(report, "monitors/posts.json") == {
        ("changed", "secret.missing", "/chain_configurations/0/midnight/viewing_keys/0")
    }
    monitor = monitor_by_slug("posts")
    assert monitor.paused
    assert monitor.chain_configurations == [{"midnight": {"viewing_keys": []}}]


def test_import__viewing_key_missing_at_an_update__keeps_the_stored_one(in_acme: Tenant) -> None:
    Tenant.objects.filter(pk=in_acme.pk).update(allow_viewing_keys=True)
    in_acme.refresh_from_db()
    files = {"monitors/posts.json": MIDNIGHT}
    run_import(in_acme, files, variables={"MIDNIGHT_KEY": VIEWING_KEY})
    before = monitor_by_slug("posts")

    report = run_import(in_acme, files)

    assert [entry.status for entry in report.entries] == ["unchanged"]
    after = monitor_by_slug("posts")
    assert (after.paused, after.chain_configurations) == (False, before.chain_configurations)


def test_import__viewing_key_that_the_tenant_may_not_have__refused(in_acme: Tenant) -> None:
    report = run_import(
        in_acme, {"monitors/posts.json": MIDNIGHT}, variables={"MIDNIGHT_KEY": VIEWING_KEY}
    )

    place = "/chain_configurations/0/midnight/viewing_keys"
    assert remarks(report, "monitors/posts.json") == {("error", "viewing_keys.not_allowed", place)}


def test_import__any_outcome__no_secret_in_report_or_audit_log(in_acme: Tenant) -> None:
    hook = with_config(WEBHOOK, url=plain("ftp://bad-secret.example.org"), secret=plain(""))
    files = configuration(
        triggers__hook={"hook": WEBHOOK, "bad": changed(hook, name="Bad")},
        triggers__odd={"odd": with_config(SLACK, slack_url="bare-text-secret")},
        triggers__cut='{"a": {"config": "cut-off-secret',
        monitors__posts=MIDNIGHT,
    )

    report = run_import(in_acme, files, variables={"MIDNIGHT_KEY": VIEWING_KEY})

    assert len(report.refused) == 4
    text = f"{report.as_json()} {list(report.lines())}"
    records = AuditRecord.objects.values("before", "after", "object_name", "reason")
    audit = str(list(records))
    for secret in ("secret.example", "-secret", HOOK_URL, SLACK_URL, VIEWING_KEY):
        assert secret not in text
        assert secret not in audit

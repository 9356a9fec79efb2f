"""Importing: what each file becomes, what is left out, and what the report says."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.exceptions import Conflict
from blip0.common.tenancy import current_schema, in_tenant
from monitors.models import ContractSpec, Monitor
from monitors.openzeppelin import triggers as trigger_import
from monitors.projections import monitor_documents
from monitors.selectors import monitor_representation
from monitors.tests.openzeppelin.support import (
    ACTOR,
    HOOK_URL,
    MIDNIGHT,
    MONITOR,
    SCRIPT,
    SLACK,
    SLACK_URL,
    VIEWING_KEY,
    WEBHOOK,
    changed,
    configuration,
    entry,
    plain,
    reference,
    remarks,
    run_import,
    statuses,
    with_config,
)
from platform_catalog.models import FilterScript, Network
from platform_catalog.projections import network_documents
from tenants.choices import TenantStatus
from tenants.models import AuditRecord, LimitOverride, Tenant
from triggers.models import Trigger
from triggers.selectors import trigger_by_slug, trigger_representation
from triggers.services import trigger_disable, trigger_enable
from triggers.store import opened_config, sealed_configs

TRIGGER = "triggers/slack.json#ops-slack"
FILE = "monitors/large-transfers.json"


def stored_config(slug: str) -> dict[str, Any]:
    trigger = trigger_by_slug(slug)
    sealed = sealed_configs([(trigger.pk, trigger.trigger_type)])[trigger.pk]
    return opened_config(trigger.trigger_type, trigger.pk, sealed)


def monitor_by_slug(slug: str) -> Monitor:
    return Monitor.objects.live().get(slug=slug)


# --- What comes in -----------------------------------------------------------------------------


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


# --- Secrets -----------------------------------------------------------------------------------


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


# --- What is refused, and what depends on it ---------------------------------------------------


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


# --- The catalogue -----------------------------------------------------------------------------


def network(of: str, **changes: Any) -> dict[str, Any]:
    return changed(network_documents([of])[of].body, **changes)


def test_import__network_as_in_the_catalogue__is_unchanged(in_acme: Tenant) -> None:
    report = run_import(in_acme, {"networks/base.json": network("base")})

    assert statuses(report) == {"networks/base.json": "unchanged"}


def test_import__network_that_differs__is_reported_and_never_written(in_acme: Tenant) -> None:
    endpoint = {"type_": "rpc", "url": plain("https://x.example.org/api-key-secret"), "weight": 1}
    body = network("base", block_time_ms=777, rpc_urls=[endpoint], chain_id=8453)

    report = run_import(in_acme, {"networks/base.json": body})

    notes = {note.pointer: note.message for note in report.entries[0].notes}
    assert notes.keys() == {"/block_time_ms", "/rpc_urls", "/chain_id"}
    assert "777 here, 12000 there" in notes["/block_time_ms"]
    assert "secret" not in str(report.as_json())
    assert Network.objects.get(slug="base").block_time_ms == 12_000


def test_import__network_file_with_another_stem__is_mapped_by_its_slug(in_acme: Tenant) -> None:
    files = configuration(
        networks__mainnet=network("ethereum_mainnet"),
        **{"monitors__large-transfers": changed(MONITOR, networks=["mainnet"])},
    )

    report = run_import(in_acme, files)

    assert statuses(report)[FILE] == "imported"
    shown = monitor_representation(monitor_by_slug("large-transfers"))
    assert shown["networks"] == ["ethereum_mainnet"]


def test_import__network_that_the_catalogue_lacks__is_refused_where_it_is_used(
    in_acme: Tenant,
) -> None:
    unknown = network("base", slug="atlantis", name="Atlantis")
    unused = network("base", slug="lemuria", name="Lemuria")
    files = configuration(
        networks__atlantis=unknown,
        networks__lemuria=unused,
        **{"monitors__large-transfers": changed(MONITOR, networks=["base", "atlantis"])},
    )

    report = run_import(in_acme, files)

    assert statuses(report) == {
        "networks/atlantis.json": "refused",
        "networks/lemuria.json": "ignored",
        TRIGGER: "imported",
        FILE: "refused",
    }


def test_import__unreadable_network_file__refuses_what_names_it(in_acme: Tenant) -> None:
    body = {**network("ethereum_mainnet"), "chain_id": "1"}

    report = run_import(in_acme, configuration(networks__ethereum_mainnet=body))

    assert remarks(report, "networks/ethereum_mainnet.json") == {
        ("error", "shape.type", "/chain_id")
    }
    assert remarks(report, FILE) == {("error", "network.refused", "/networks/0")}


def test_import__scripts__are_compared_by_stem_and_language(in_acme: Tenant) -> None:
    files = {
        "monitors/m.json": changed(MONITOR, triggers=[]),
        "filters/even_blocks.sh": 'echo "true"\n',
        "filters/large_only.py": "print(1)",
        "filters/even_blocks.py": "print(2)",
        "filters/README.md": "words",
    }

    report = run_import(in_acme, files)

    assert statuses(report) == {
        "filters/README.md": "ignored",
        "filters/even_blocks.py": "ignored",
        "filters/even_blocks.sh": "unchanged",
        "filters/large_only.py": "changed",
        "monitors/m.json": "imported",
    }
    assert FilterScript.objects.count() == 2

"""Exporting, and the way back: nothing is lost, and nothing is shown."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import timezone

from blip0.common.exceptions import Conflict
from blip0.common.tenancy import in_tenant
from blip0.common.validation import check
from monitors.models import Monitor
from monitors.openzeppelin.envfile import parse_env
from monitors.openzeppelin.exporting import Export, openzeppelin_export
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.report import ImportReport
from monitors.openzeppelin.sources import read_source
from monitors.openzeppelin.writing import write_export, zip_bytes
from monitors.projections import monitor_documents
from monitors.selectors import monitor_representations
from monitors.services import monitor_create, monitor_snooze
from monitors.tests.factories import make_monitor_document
from monitors.tests.openzeppelin.support import ACTOR, MIDNIGHT, VIEWING_KEY, plain
from platform_catalog.models import Network, RpcEndpoint
from tenants.choices import TenantStatus
from tenants.models import AuditRecord, Tenant
from triggers.choices import TriggerKind
from triggers.models import Trigger, WebhookConfig
from triggers.services import trigger_create, trigger_disable
from triggers.tests.factories import (
    API_KEY,
    DISCORD_URL,
    SIGNING_KEY,
    SLACK_URL,
    SMTP_PASSWORD,
    TELEGRAM_TOKEN,
    WEBHOOK_URL,
)
from triggers.tests.factories import document as trigger_document

SECRETS = (
    API_KEY,
    DISCORD_URL,
    SIGNING_KEY,
    SLACK_URL,
    SMTP_PASSWORD,
    TELEGRAM_TOKEN,
    WEBHOOK_URL,
    VIEWING_KEY,
)
UNTIL = datetime(2999, 1, 31, 12, 30, tzinfo=UTC)


@pytest.fixture
def furnished(in_acme: Tenant) -> Tenant:
    """Acme with a trigger of each type, and monitors that use all that a document can hold."""
    Tenant.objects.update(allow_viewing_keys=True)
    in_acme.refresh_from_db()
    for kind in TriggerKind.values:
        data = {**trigger_document(kind), "slug": f"to-{kind}", "name": f"To {kind}"}
        trigger_create(tenant=in_acme, data=data, actor=ACTOR)
    slugs = [f"to-{kind}" for kind in reversed(TriggerKind.values)]
    everything = make_monitor_document(triggers=slugs, networks=["base", "ethereum_mainnet"])
    monitor_create(tenant=in_acme, data=everything, actor=ACTOR)
    posts = {
        **MIDNIGHT,
        "slug": "posts",
        "paused": True,
        "chain_configurations": [
            {"midnight": {"viewing_keys": [plain(VIEWING_KEY), plain("second-" + VIEWING_KEY)]}},
            {"evm": {}},
        ],
    }
    monitor = monitor_create(tenant=in_acme, data=posts, actor=ACTOR)
    monitor_snooze(
        monitor=monitor, until=UNTIL, now=timezone.now(), actor=ACTOR, reason="Upgrade week"
    )
    trigger_disable(trigger=Trigger.objects.get(slug="to-discord"), actor=ACTOR)
    return in_acme


def exported(tenant: Tenant, *, with_secrets: bool = False) -> Export:
    return openzeppelin_export(tenant=tenant, actor=ACTOR, with_secrets=with_secrets)


def documents(tenant: Tenant, settings: Any) -> dict[str, Any]:
    """What the runtime gets, secrets opened, with slugs in place of ids and tenants' names."""
    settings.PROJECTION_SECRET_DELIVERY = "plain"
    with in_tenant(tenant.pk):
        text = json.dumps(
            {
                document.slug: {
                    "alerting": (document.body or {}).get("alerting"),
                    "monitor": json.loads(orjson.dumps((document.body or {})["monitor"])),
                    "triggers": (document.body or {})["triggers"],
                }
                for document in monitor_documents(tenant).values()
            },
            sort_keys=True,
        )
        for pk, slug in Trigger.objects.values_list("pk", "slug"):
            text = text.replace(str(pk), slug)
    result: dict[str, Any] = json.loads(text.replace(f" [{tenant.slug}]", ""))
    return result


def settings_of(tenant: Tenant) -> list[dict[str, Any]]:
    """What only the platform knows of monitors and triggers."""
    keys = ("slug", "description", "alerting", "snoozed_until", "paused")
    with in_tenant(tenant.pk):
        shown = monitor_representations(Monitor.objects.live().order_by("slug"))
        reasons = Monitor.objects.live().order_by("slug").values_list("snooze_reason", flat=True)
        enabled = Trigger.objects.live().order_by("slug").values_list("slug", "enabled")
        return [
            *({key: one[key] for key in keys} for one in shown),
            {"reasons": list(reasons)},
            dict(enabled),
        ]


def moved(tenant: Tenant, path: Path, variables: dict[str, str]) -> ImportReport:
    source = read_source(path)
    return openzeppelin_import(tenant=tenant, source=source, actor=ACTOR, variables=variables)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_export__round_trip_into_an_empty_tenant__gives_equal_documents(
    furnished: Tenant, globex: Tenant, settings: Any, tmp_path: Path, name: str
) -> None:
    export = exported(furnished, with_secrets=True)
    write_export(export.files, tmp_path / name)

    report = moved(globex, tmp_path / name, parse_env(export.env))

    assert not report.refused
    assert {entry.status for entry in report.entries} == {"imported", "mapped"}
    assert documents(globex, settings) == documents(furnished, settings)
    assert settings_of(globex) == settings_of(furnished)


def test_export__round_trip_with_the_example_filled_in__gives_equal_documents(
    furnished: Tenant, globex: Tenant, settings: Any, tmp_path: Path
) -> None:
    """The header, which OpenZeppelin Monitor can't reference, comes back by its variable."""
    export = exported(furnished)
    write_export(export.files, tmp_path / "out")
    names = parse_env((tmp_path / "out/.env.example").read_text())
    filled = {**parse_env(exported(furnished, with_secrets=True).env)}
    [header] = names.keys() - filled.keys()
    assert header == "BLIP0_TO_WEBHOOK_HEADERS_X_API_KEY"

    report = moved(globex, tmp_path / "out", {**filled, header: API_KEY})

    assert not report.refused
    assert documents(globex, settings) == documents(furnished, settings)


def test_export__round_trip_without_any_value__imports_disabled_and_paused(
    furnished: Tenant, globex: Tenant, tmp_path: Path
) -> None:
    write_export(exported(furnished).files, tmp_path / "out")

    report = moved(globex, tmp_path / "out", {})

    assert not report.refused
    with in_tenant(globex.pk):
        states = set(Trigger.objects.values_list("enabled", "disabled_reason"))
        assert states == {(False, "secret_missing")}
        assert "X-API-Key" in (WebhookConfig.objects.get().headers or {})
        assert Monitor.objects.get(slug="posts").paused


def test_export__into_its_own_tenant__changes_nothing(furnished: Tenant, tmp_path: Path) -> None:
    export = exported(furnished)
    write_export(export.files, tmp_path / "out")

    report = moved(furnished, tmp_path / "out", {})

    statuses = {entry.title: entry.status for entry in report.entries}
    assert statuses.pop("blip0.json") == "imported"
    assert set(statuses.values()) == {"unchanged", "mapped"}


def test_export__files__have_the_layout_and_pass_the_checks(furnished: Tenant) -> None:
    files = exported(furnished, with_secrets=True)
    env = parse_env(files.env)

    assert set(files.files) == {
        ".env.example",
        "EXPORT-REPORT.json",
        "blip0.json",
        "config/filters/even_blocks.sh",
        "config/monitors/large-usdc-transfers.json",
        "config/monitors/posts.json",
        *(f"config/networks/{n}.json" for n in ("base", "ethereum_mainnet", "midnight_testnet")),
        *(f"config/triggers/to-{kind}.json" for kind in TriggerKind.values),
    }
    assert files.files["config/filters/even_blocks.sh"] == b'echo "true"\n'
    for path, content in files.files.items():
        folder = path.split("/")[1] if path.startswith("config/") else ""
        if folder in ("networks", "monitors"):
            report = check(folder.removesuffix("s"), resolved(json.loads(content), env))
            assert report.verdict == "ok", report.findings
        if folder == "triggers":
            [trigger] = json.loads(content).values()
            assert check("trigger", resolved(trigger, env)).verdict == "ok"
    monitor = json.loads(files.files["config/monitors/large-usdc-transfers.json"])
    assert monitor["name"] == "Large USDC transfers"
    assert monitor["trigger_conditions"][0]["script_path"] == "./config/filters/even_blocks.sh"
    assert monitor["triggers"][0] == "to-discord"
    assert "chain_configurations" not in monitor


def resolved(value: Any, env: dict[str, str]) -> Any:
    """What OpenZeppelin Monitor makes of references at its start."""
    if isinstance(value, dict):
        if value.get("type") == "Environment":
            return {"type": "Plain", "value": env[value["value"]]}
        return {key: resolved(item, env) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, env) for item in value]
    return value


def test_export__without_secrets__holds_none(furnished: Tenant) -> None:
    export = exported(furnished)

    everything = b"".join(export.files.values()).decode() + export.env + str(export.notes)
    assert not [secret for secret in SECRETS if secret in everything]
    assert "sealed:" not in everything
    assert parse_env(export.files[".env.example"].decode()).keys() >= {
        "BLIP0_TO_SLACK_SLACK_URL",
        "BLIP0_TO_EMAIL_PASSWORD",
        "BLIP0_POSTS_VIEWING_KEY",
        "BLIP0_POSTS_VIEWING_KEY_2",
    }


def test_export__what_cannot_be_carried__is_reported(furnished: Tenant) -> None:
    report = json.loads(exported(furnished).files["EXPORT-REPORT.json"])

    codes = {path: {note["code"] for note in notes} for path, notes in report["files"].items()}
    assert codes == {
        "config/monitors/large-usdc-transfers.json": {"monitor.alerting", "monitor.description"},
        "config/monitors/posts.json": {"monitor.snooze"},
        "config/triggers/to-discord.json": {"trigger.disabled"},
        "config/triggers/to-webhook.json": {"header.left_out"},
    }


def test_export__twice__gives_the_same_bytes(furnished: Tenant) -> None:
    first, second = exported(furnished), exported(furnished)

    assert zip_bytes(first.files) == zip_bytes(second.files)
    record = AuditRecord.objects.filter(action="openzeppelin.exported").first()
    assert record is not None
    assert record.after == {"files": 11, "in_clear": False}


def test_export__slugs_that_meet_in_a_variable__get_two_names(in_acme: Tenant) -> None:
    for slug in ("a-b", "a_b"):
        data = {**trigger_document("slack"), "slug": slug, "name": slug}
        trigger_create(tenant=in_acme, data=data, actor=ACTOR)

    example = exported(in_acme).files[".env.example"].decode()

    assert parse_env(example).keys() == {"BLIP0_A_B_SLACK_URL", "BLIP0_A_B_SLACK_URL_2"}


def test_export__endpoint_of_the_platforms_own__becomes_a_variable(in_acme: Tenant) -> None:
    network = Network.objects.get(slug="base")
    RpcEndpoint.objects.filter(network=network).update(url="PLATFORM_RPC", url_kind="Environment")
    data = make_monitor_document(networks=["base"])
    monitor_create(tenant=in_acme, data=data, actor=ACTOR)

    export = exported(in_acme)

    [endpoint] = json.loads(export.files["config/networks/base.json"])["rpc_urls"]
    assert endpoint["url"] == {"type": "Environment", "value": "BLIP0_BASE_RPC_URL"}
    assert b"PLATFORM_RPC" not in b"".join(export.files.values())


def test_export__empty_tenant__has_every_folder_and_comes_back(
    acme: Tenant, globex: Tenant, tmp_path: Path
) -> None:
    write_export(exported(acme).files, tmp_path / "out.zip")

    report = moved(globex, tmp_path / "out.zip", {})

    assert report.entries == []


def test_export__tenant_of_others__is_not_in_it(furnished: Tenant, globex: Tenant) -> None:
    export = exported(globex)

    assert not [path for path in export.files if "to-slack" in path or "posts" in path]


def test_export__tenant_without_a_schema__refused(acme: Tenant) -> None:
    acme.status = TenantStatus.DELETED

    with pytest.raises(Conflict, match="deleted"):
        exported(acme)


# --- The settings beside the configuration ------------------------------------------------------


def test_import__snooze_that_has_ended__is_not_brought_back(
    furnished: Tenant, globex: Tenant, tmp_path: Path
) -> None:
    Monitor.objects.filter(slug="posts").update(snoozed_until=timezone.now() - timedelta(hours=1))
    write_export(exported(furnished).files, tmp_path / "out")

    report = moved(globex, tmp_path / "out", {})

    [posts] = [entry for entry in report.entries if entry.slug == "posts"]
    assert "snooze.ended" in {note.code for note in posts.notes}
    with in_tenant(globex.pk):
        assert Monitor.objects.get(slug="posts").snoozed_until is None


@pytest.mark.parametrize(
    ("settings_file", "pointer"),
    [
        ({"schema": 0}, "/schema"),
        ({"schema": 1, "monitors": []}, "/monitors"),
        ({"schema": 1, "monitors": {"m": {"snooze": {"until": "soon"}}}},
         "/monitors/m/snooze/until"),
        ({"schema": 1, "monitors": {"m": {"snooze": {"until": "2030-01-31T12:00:00"}}}},
         "/monitors/m/snooze/until"),
        ({"schema": 1, "triggers": {"t": {"enabled": 1}}}, "/triggers/t/enabled"),
        ({"schema": 1, "triggers": {"t": {"headers": {"A": "x"}}}}, "/triggers/t/headers/A"),
        ({"schema": 1, "owner": "x"}, "/owner"),
    ],
)  # fmt: skip
def test_import__bad_settings_file__refused_with_a_pointer(
    in_acme: Tenant, tmp_path: Path, settings_file: Any, pointer: str
) -> None:
    (tmp_path / "monitors").mkdir()
    (tmp_path / "blip0.json").write_text(json.dumps(settings_file))
    (tmp_path / "monitors/.keep").touch()

    [entry] = moved(in_acme, tmp_path, {}).refused

    assert entry.path == "blip0.json"
    assert pointer in {note.pointer for note in entry.notes}


# --- Writing -----------------------------------------------------------------------------------


def test_write_export__folder_in_use__needs_force_and_loses_what_is_stale(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_export({"config/monitors/a.json": b"1", "config/monitors/b.json": b"1"}, out)
    (out / "notes.txt").write_text("mine")

    with pytest.raises(Conflict, match="not empty"):
        write_export({"config/monitors/b.json": b"2"}, out)
    write_export({"config/monitors/b.json": b"2"}, out, force=True)

    files = {p.relative_to(out).as_posix(): p.read_text() for p in out.rglob("*") if p.is_file()}
    assert files == {"notes.txt": "mine", "config/monitors/b.json": "2"}


def test_write_export__zip_that_exists__needs_force(tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    write_export({"a": b"1"}, out)

    with pytest.raises(Conflict, match="exists"):
        write_export({"a": b"2"}, out)
    write_export({"a": b"2"}, out, force=True, mode=0o600)

    assert stat.S_IMODE(out.stat().st_mode) == 0o600

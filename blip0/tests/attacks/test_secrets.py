"""One word stands in every secret. It may be nowhere in clear: every table, every log line, every
answer and report is searched for it, after ordinary use, mistakes and an import."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from blip0.common.actors import Actor
from blip0.testing.api import ana
from monitors.contracts import RUNTIME_KEYS
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.sources import read_source
from monitors.tests.factories import make_monitor_document
from tenants.models import AuditRecord, Tenant
from triggers.choices import TriggerKind
from triggers.tests.factories import document

WORD = "CaNaRy"
WRONG: list[Any] = [
    f"{WORD}-bare",
    [WORD],
    {"type": "Plain", "value": f"ftp://{WORD}"},
    {"type": "Plain", "value": f"http://10.0.0.1/{WORD}"},
    {"type": "Plain", "value": f"{WORD}\n"},
    {"type": "plain", "value": WORD},
    {"type": "Unknown", "value": WORD},
    {"type": "HashicorpCloudVault", "value": WORD},
    {"type": "Environment", "value": WORD},
]


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"type", "value"}


def _marked(kind: str, number: int = 1) -> dict[str, Any]:
    """A valid trigger whose secrets all hold the word, in the middle: hints show the end."""
    data = document(kind, name=f"Trigger {kind}")
    config = data["config"]
    for key, value in config.items():
        if key == "token":
            value["value"] = f"12345678{number}:{WORD}{'A' * (35 - len(WORD))}"
        elif _is_secret(value):
            # The username's own end stays: it is an address.
            value["value"] = (
                f"{WORD}{value['value']}"
                if key == "username"
                else (f"{value['value']}{WORD}{number}000")
            )
    if "headers" in config:
        config["headers"] |= {"X-API-Key": f"{WORD}{number}-key", "Authorization": f"x {WORD} yyyy"}
    return data


def _monitor(number: int, **changes: Any) -> dict[str, Any]:
    key = {"type": "Plain", "value": f"{WORD}{number}{'0' * 40}"}
    return make_monitor_document(
        chain_configurations=[{"midnight": {"viewing_keys": [key]}}], **changes
    )


def _rows_with_the_word() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t WHERE t::text LIKE %s", [f"%{WORD}%"])
            yield from (f"{table}: {row}" for (row,) in cursor.fetchall())


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever was logged, however detailed, is searched at the end."""
    caplog.set_level(logging.DEBUG)
    yield
    assert [entry for entry in caplog.records if WORD in str(entry.__dict__)] == []


@pytest.fixture
def free(acme: Tenant) -> Tenant:
    """Acme, which may have viewing keys."""
    Tenant.objects.filter(pk=acme.pk).update(allow_viewing_keys=True)
    acme.refresh_from_db()
    return acme


@pytest.mark.usefixtures("write_through", "log", "free")
@pytest.mark.parametrize("kind", TriggerKind.values)
def test_trigger__written_and_refused_over_the_api__its_secrets_are_nowhere(kind: str) -> None:
    client = ana()
    made = client.post("/api/v1/triggers", _marked(kind))
    assert made.status_code == 201, made.content
    url = f"/api/v1/triggers/{made.json()['id']}"
    answers = [
        made,
        client.put(url, _marked(kind, 2)),
        client.patch(url, {"config": _marked(kind, 3)["config"]}),
        client.get("/api/v1/triggers"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    for key, value in _marked(kind)["config"].items():
        for number, wrong in enumerate(WRONG if _is_secret(value) else ()):
            broken = {**_marked(kind), "name": f"{key} {number}"}
            broken["config"][key] = wrong
            # A password may be any text: some of these are no mistake there.
            tried = client.post("/api/v1/triggers", broken)
            assert tried.status_code in (201, 422), (wrong, tried.content)
            answers += [tried, client.post("/api/v1/triggers/validate", broken)]

    assert [answer.content for answer in answers if WORD in answer.content.decode()] == []
    assert list(_rows_with_the_word()) == []
    assert AuditRecord.objects.filter(object_kind="trigger").count() >= 3


@pytest.mark.usefixtures("write_through", "log", "free")
def test_monitor__with_viewing_keys_changed_and_cloned__they_are_nowhere() -> None:
    client = ana()
    made = client.post("/api/v1/monitors", _monitor(1))
    url = f"/api/v1/monitors/{made.json()['id']}"
    changed = {"chain_configurations": _monitor(2)["chain_configurations"]}
    answers = [made, client.patch(url, changed), client.post(f"{url}/clone", {"name": "Twin"})]

    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert [answer.content for answer in answers if WORD in answer.content.decode()] == []
    assert list(_rows_with_the_word()) == []


@pytest.mark.usefixtures("write_through", "log")
def test_import__with_good_and_bad_files__secrets_are_in_no_report_and_no_table(
    free: Tenant, tmp_path: Path
) -> None:
    triggers = {f"t_{kind}": _marked(kind) for kind in TriggerKind.values}
    for number, wrong in enumerate(WRONG):
        broken = copy.deepcopy(triggers["t_slack"])
        broken["config"]["slack_url"] = wrong
        triggers[f"wrong_{number}"] = broken
    given = copy.deepcopy(triggers["t_slack"])
    given["config"]["slack_url"] = {"type": "Environment", "value": "GIVEN"}
    triggers["t_given"] = given
    monitor = {key: value for key, value in _monitor(1).items() if key in RUNTIME_KEYS}
    files = {
        "triggers/all.json": json.dumps(triggers).replace(f'"value": "{WORD}"', '"value": "NONE"'),
        "monitors/one.json": json.dumps({**monitor, "triggers": ["t_slack"]}),
        "monitors/torn.json": f'{{"name": {WORD}',
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    said = ""
    for dry_run in (True, False, False):
        report = openzeppelin_import(
            tenant=free,
            source=read_source(tmp_path),
            actor=Actor.system("test"),
            variables={"GIVEN": f"no url, {WORD}", "LEFT_OVER": WORD},
            dry_run=dry_run,
        )
        said += json.dumps(report.as_json()) + "\n".join(report.lines())

    assert "t_webhook" in said
    assert WORD not in said
    assert list(_rows_with_the_word()) == []

"""Configurations as their owners have them, written for these tests."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blip0.common.actors import Actor
from monitors.models import Monitor
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.report import Entry, ImportReport
from monitors.openzeppelin.sources import SourceFile, source_of
from monitors.tests.factories import ERC20_ABI, USDC
from tenants.models import Tenant
from triggers.selectors import trigger_by_slug
from triggers.store import opened_config, sealed_configs

TRIGGER = "triggers/slack.json#ops-slack"
FILE = "monitors/large-transfers.json"
"""What `configuration` holds, as a report names it."""
ACTOR = Actor.system("tests")
SLACK_URL = "https://hooks.slack.com/services/T0/B0/slack-path-secret"
HOOK_URL = "https://hooks.example.org/in/hook-path-secret"
VIEWING_KEY = "viewing-key-" + "7" * 52


def plain(value: str) -> dict[str, str]:
    return {"type": "plain", "value": value}


def reference(name: str, kind: str = "Environment") -> dict[str, str]:
    return {"type": kind, "value": name}


SLACK: dict[str, Any] = {
    "name": "Ops on Slack",
    "trigger_type": "slack",
    "config": {"slack_url": plain(SLACK_URL), "message": {"title": "Fired", "body": "Look"}},
}
WEBHOOK: dict[str, Any] = {
    "name": "Incident hook",
    "trigger_type": "webhook",
    "config": {
        "url": plain(HOOK_URL),
        "method": "POST",
        "headers": {"Content-Type": "application/json", "Authorization": "Bearer header-secret"},
        "payload_mode": "raw",
    },
}
SCRIPT: dict[str, Any] = {
    "name": "Run something",
    "trigger_type": "script",
    "config": {
        "language": "Bash",
        "script_path": "./config/triggers/scripts/run.sh",
        "timeout_ms": 1000,
    },
}
MONITOR: dict[str, Any] = {
    "name": "Large transfers",
    "paused": False,
    "networks": ["ethereum_mainnet"],
    "addresses": [{"address": USDC, "contract_spec": ERC20_ABI}],
    "match_conditions": {
        "functions": [{"signature": "transfer(address,uint256)", "expression": None}],
        "events": [
            {"signature": "Transfer(address,address,uint256)", "expression": "value > 1000"}
        ],
        "transactions": [{"status": "Success", "expression": None}],
    },
    "trigger_conditions": [
        {
            "script_path": "./config/filters/even_blocks.sh",
            "language": "Bash",
            "timeout_ms": 1000,
            "arguments": ["--verbose"],
        }
    ],
    "triggers": ["ops-slack"],
}
MIDNIGHT: dict[str, Any] = {
    "name": "Bulletin posts",
    "paused": False,
    "networks": ["midnight_testnet"],
    "addresses": [{"address": "02" * 35}],
    "match_conditions": {
        "functions": [{"signature": "post()", "expression": None}],
        "events": [],
        "transactions": [],
    },
    "trigger_conditions": [],
    "triggers": [],
    "chain_configurations": [{"midnight": {"viewing_keys": [reference("MIDNIGHT_KEY")]}}],
}


def changed(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**document, **changes})


def with_config(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return changed(document, config={**document["config"], **changes})


def configuration(**changes: Any) -> dict[str, Any]:
    """Files by path: a monitor with its trigger. `changes` name paths with `__` for `/`."""
    files = {
        "config/triggers/slack.json": {"ops-slack": SLACK},
        "config/monitors/large-transfers.json": MONITOR,
    }
    for path, content in changes.items():
        files[f"config/{path.replace('__', '/')}.json"] = content
    return files


def as_bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def write(root: Path, files: Mapping[str, Any]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(as_bytes(content))
    return root


def run_import(tenant: Tenant, files: Mapping[str, Any], **options: Any) -> ImportReport:
    source = source_of({path: SourceFile(path, as_bytes(body)) for path, body in files.items()})
    return openzeppelin_import(tenant=tenant, source=source, actor=ACTOR, **options)


def statuses(report: ImportReport) -> dict[str, str]:
    return {entry.title.removeprefix("config/"): entry.status for entry in report.entries}


def entry(report: ImportReport, title: str) -> Entry:
    return next(e for e in report.entries if e.title.removeprefix("config/") == title)


def remarks(report: ImportReport, title: str) -> set[tuple[str, str, str]]:
    """Level, code and pointer of each note, but for the runtime's warnings."""
    notes = entry(report, title).notes
    return {(n.level, n.code, n.pointer) for n in notes if n.level != "warning"}


def stored_config(slug: str) -> dict[str, Any]:
    """The configuration of a trigger of the current tenant, secrets opened."""
    trigger = trigger_by_slug(slug)
    sealed = sealed_configs([trigger.pk])[trigger.pk]
    return opened_config(trigger.trigger_type, trigger.pk, sealed)


def monitor_by_slug(slug: str) -> Monitor:
    return Monitor.objects.live().get(slug=slug)

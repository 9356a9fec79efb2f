"""Fixtures of the projection's tests: real commits, a real Redis, a reader in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from blip0.common.actors import Actor
from cachesync.keys import Scope
from cachesync.store import Store
from monitors.models import Monitor
from monitors.services import monitor_create
from tenants.models import Tenant
from triggers.models import Trigger
from triggers.services import trigger_create

ROOT = Path(__file__).resolve().parents[2]
ACTOR = Actor.system("tests")
SLACK_URL = "https://hooks.slack.com/services/T0/B0/plaintextcanary"


@pytest.fixture
def store(committed: None) -> Store:
    return Store()


@pytest.fixture
def scope(acme: Tenant) -> Scope:
    """Acme's."""
    return Scope(str(acme.pk))


@pytest.fixture
def read_projection(committed: None) -> Callable[[], dict[str, Any]]:
    """What a reader in a process of its own, without Django, gets from Redis."""

    def read() -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "cachesync.reader", settings.REDIS_PROJECTION_URL],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode != 0:
            return {"error": done.stderr.strip()}
        configuration: dict[str, Any] = json.loads(done.stdout)
        return configuration

    return read


def body_of(client: redis.Redis, scope: Scope, monitor: Monitor) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(str(client.get(scope.document(str(monitor.pk)))))
    return document


def make_trigger(tenant: Tenant, slug: str = "ops", **data: Any) -> Trigger:
    return trigger_create(
        tenant=tenant,
        data={
            "name": slug.title(),
            "slug": slug,
            "trigger_type": "slack",
            "config": {
                "slack_url": {"type": "Plain", "value": SLACK_URL},
                "message": {"title": "${monitor.name}", "body": "seen ${transaction.hash}"},
            },
        }
        | data,
        actor=ACTOR,
    )


def make_monitor(tenant: Tenant, slug: str = "transfers", **data: Any) -> Monitor:
    return monitor_create(
        tenant=tenant,
        data={
            "name": slug.title(),
            "slug": slug,
            "networks": ["ethereum_mainnet"],
            "addresses": [
                {
                    "address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
                    "contract_spec": [
                        {
                            "type": "event",
                            "name": "Transfer",
                            "anonymous": False,
                            "inputs": [
                                {"name": "from", "type": "address", "indexed": True},
                                {"name": "to", "type": "address", "indexed": True},
                                {"name": "value", "type": "uint256", "indexed": False},
                            ],
                        }
                    ],
                }
            ],
            "match_conditions": {
                "functions": [],
                "events": [
                    {
                        "signature": "Transfer(address,address,uint256)",
                        "expression": "value > 1000",
                    }
                ],
                "transactions": [],
            },
            "trigger_conditions": [
                {
                    "script_path": "filters/even_blocks.sh",
                    "language": "Bash",
                    "timeout_ms": 1000,
                }
            ],
            "triggers": [],
        }
        | data,
        actor=ACTOR,
    )

"""The running server against its OpenAPI document: whatever is sent, it answers as documented."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml
from rest_framework.status import is_success

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.testing import PROJECT_ROOT
from blip0.testing.gunicorn import gunicorn
from blip0.testing.live import call
from blip0.testing.world import PASSWORD
from blip0.tests.contract.known import known_cases
from monitors.tests.factories import MatchFactory, TriggerExecutionFactory, make_monitor_document
from platform_catalog.services.loading import load_catalog
from tenants.choices import Limit, Role
from tenants.models import Membership, Tenant, User
from tenants.services.settings import limit_overrides_set
from tenants.services.system_settings import setting_update
from triggers.tests.factories import document as trigger_document

SECONDS: Final = int(os.environ.get("CONTRACT_SECONDS", "60"))
SEED: Final = int(os.environ.get("CONTRACT_SEED") or random.randrange(2**32))
OTTO: Final = {
    "email": "otto@acme.test",
    "password": "no example has this one",
    "tenant": "acme",
}
"""The owner who asks; examples of the document sign in as Ana, and change her password."""
ANA: Final = {"email": "ana@example.org", "password": PASSWORD}
CONFIG: Final = PROJECT_ROOT / "blip0" / "tests" / "contract" / "schemathesis.toml"
DOCUMENT: Final = PROJECT_ROOT / "docs" / "openapi.yaml"


@pytest.mark.contract
@pytest.mark.timeout(SECONDS + 300)
def test_api__whatever_is_sent__answers_as_documented(write_through, acme, globex, tmp_path):
    otto = make_room(acme, globex)
    with gunicorn(tmp_path, BLIP0_TRUST_PROXY="true", LOG_LEVEL="ERROR") as server:
        access = call("POST", f"{server}/api/v1/login", OTTO).body["access"]
        token = {"Authorization": f"Bearer {access}"}
        archive = make_data(server, token, tmp_path)
        known = tmp_path / "known.json"
        known.write_text(json.dumps(known_cases(server, token, acme, otto)))
        status = subprocess.call(
            [
                sys.executable, "-m", "schemathesis.cli",
                "--config-file", str(CONFIG),
                "run", str(DOCUMENT),
                "--url", server,
                "--max-time", str(SECONDS),
                "--seed", str(SEED),
                "--report-ndjson-path", str(tmp_path / "events.ndjson"),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT_ROOT),
                "BLIP0_CONTRACT_URL": server,
                "BLIP0_CONTRACT_TOKEN": access,
                "BLIP0_CONTRACT_SIGN_IN": json.dumps(OTTO),
                "BLIP0_CONTRACT_OTTO": str(Membership.objects.get(user=otto, tenant=acme).pk),
                "BLIP0_CONTRACT_ARCHIVE": str(archive),
                "BLIP0_CONTRACT_KNOWN": str(known),
            },
        )  # fmt: skip

    never = operations() - set(succeeded(tmp_path / "events.ndjson"))
    sys.stdout.write(f"Operations without a success: {', '.join(sorted(never)) or 'none'}\n")
    assert status == 0, f"repeat: make test-contract SECONDS={SECONDS} SEED={SEED}"


def make_room(acme: Tenant, globex: Tenant) -> User:
    """People, a catalogue, a history, and limits that are never reached. Returns Otto."""
    system = Actor.system("test")
    load_catalog(actor=system)
    limits = (Limit.API_CALLS, Limit.MONITORS, Limit.TRIGGERS)
    overrides = [{"limit": limit, "value": 10_000_000, "reason": "a test"} for limit in limits]
    limit_overrides_set(tenant=acme, overrides=overrides, actor=system)
    setting_update(key="delivery_tests_per_hour", value=1000, actor=system)
    otto = User.objects.create_user(OTTO["email"], OTTO["password"], name="Otto")
    ana = User.objects.create_user(ANA["email"], ANA["password"], name="Ana")
    for tenant, user, role in (
        (acme, otto, Role.OWNER),
        (globex, otto, Role.VIEWER),
        (acme, ana, Role.VIEWER),
    ):
        Membership.objects.create(tenant=tenant, user=user, role=role)
    with in_tenant(acme.pk):
        for match in MatchFactory.create_batch(3):
            TriggerExecutionFactory(match=match)
    return otto


def make_data(server: str, token: Mapping[str, str], folder: Path) -> Path:
    """Through the API: what examples name. Returns an archive that can be imported."""
    ops = call("POST", f"{server}/api/v1/triggers", trigger_document("slack", name="Ops"), **token)
    monitor = make_monitor_document(name="Watched", triggers=["ops"])
    watched = call("POST", f"{server}/api/v1/monitors", monitor, **token)
    assert (ops.status, watched.status) == (201, 201), (ops.body, watched.body)
    archive = folder / "acme.zip"
    archive.write_bytes(call("GET", f"{server}/api/v1/export", **token).content)
    return archive


def operations() -> set[str]:
    """Every operation of the document: `GET /api/v1/monitors`."""
    paths = yaml.safe_load(DOCUMENT.read_text())["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def succeeded(events: Path) -> Iterator[str]:
    """The operations that were answered with a 2xx, of Schemathesis's report."""
    for line in events.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for name, interaction in recorder.get("interactions", {}).items():
            response = interaction.get("response")
            if response and is_success(response["status_code"]):
                case = recorder["cases"][name]["value"]
                yield f"{case['method']} {case['path']}"

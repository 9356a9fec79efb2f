"""The running server against its OpenAPI document: whatever is sent, it answers as documented."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from blip0.common.actors import Actor
from blip0.testing import PROJECT_ROOT
from blip0.testing.gunicorn import gunicorn
from blip0.testing.live import call
from monitors.tests.factories import make_monitor_document
from platform_catalog.services.loading import load_catalog
from tenants.choices import Limit, Role
from tenants.models import Membership, User
from tenants.services.settings import limit_overrides_set
from triggers.tests.factories import document as trigger_document

SECONDS = int(os.environ.get("SECONDS_OF_CONTRACT", "45"))
SEED = int(os.environ.get("SEED") or random.randrange(2**32))
OWNER = {"email": "otto@acme.test", "password": "no example has this one"}
CONFIG = PROJECT_ROOT / "blip0" / "tests" / "contract" / "schemathesis.toml"


@pytest.mark.contract
@pytest.mark.timeout(SECONDS + 600)
def test_api__whatever_is_sent__answers_as_documented(write_through, acme, tmp_path):
    load_catalog(actor=Actor.system("test"))
    overrides = [
        {"limit": limit, "value": 10_000_000, "reason": "as many as the test likes"}
        for limit in (Limit.API_CALLS, Limit.MONITORS, Limit.TRIGGERS)
    ]
    limit_overrides_set(tenant=acme, overrides=overrides, actor=Actor.system("test"))
    otto = User.objects.create_user(OWNER["email"], OWNER["password"], name="Otto")
    Membership.objects.create(tenant=acme, user=otto, role=Role.OWNER)
    with gunicorn(tmp_path, BLIP0_TRUST_PROXY="true", LOG_LEVEL="WARNING") as server:
        signed_in = call("POST", f"{server}/api/v1/login", OWNER)
        token = {"Authorization": f"Bearer {signed_in.body['access']}"}
        make_data(server, token)
        code = subprocess.call(
            [
                sys.executable, "-m", "schemathesis.cli",
                "--config-file", str(CONFIG),
                "run", str(PROJECT_ROOT / "docs" / "openapi.yaml"),
                "--url", server,
                "--max-time", str(SECONDS),
                "--seed", str(SEED),
                "--report=ndjson", "--report-ndjson-path=/tmp/contract/events.ndjson",
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT_ROOT),
                "BLIP0_CONTRACT_URL": server,
                "BLIP0_CONTRACT_TOKEN": signed_in.body["access"],
                "BLIP0_CONTRACT_SIGN_IN": json.dumps(OWNER),
            },
        )  # fmt: skip
        print((tmp_path / "web.log").read_text()[-3000:])
    assert code == 0, f"make test-contract SECONDS={SECONDS} SEED={SEED}"


def make_data(server, token):
    ops = call("POST", f"{server}/api/v1/triggers", trigger_document("slack", name="Ops"), **token)
    monitor = make_monitor_document(triggers=["ops"])
    watched = call("POST", f"{server}/api/v1/monitors", monitor, **token)
    assert (ops.status, watched.status) == (201, 201), (ops.body, watched.body)

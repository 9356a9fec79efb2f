"""`manage.py runtime_simulate` prints what a runtime would do, and leaves no trace behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from blip0.common.tenancy import in_tenant
from cachesync.keys import PLATFORM
from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, ROOT, make_monitor, make_trigger
from cachesync.tests.reader.support import forge, until
from monitors.services import monitor_pause

pytestmark = pytest.mark.usefixtures("committed")


def simulated(*options):
    output = io.StringIO()
    call_command("runtime_simulate", "--once", *options, stdout=output)
    return output.getvalue()


def test_simulate__once__networks_monitors_conditions_and_triggers(
    in_acme, store, projection_redis
):
    make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    reconcile(store=store)

    lines = simulated().splitlines()

    assert lines[0] == "monitors: 1, tenants: 2, networks: 5, filter scripts: 2"
    start = lines.index("ethereum_mainnet (EVM)")
    assert lines[start + 1 : start + 6] == [
        f"  Transfers [acme]  {monitor.pk}",
        "    at 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "    event Transfer(address,address,uint256) where value > 1000",
        "    if filters/even_blocks.sh",
        "    tells Ops [acme] (slack)",
    ]
    assert "base (EVM): nothing to watch" in lines
    assert projection_redis.keys("runtime:*") == []


def test_simulate__tenant_and_json__nothing_of_the_other_one(acme, globex, store):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant, f"{tenant.slug}-canary")
    reconcile(store=store)
    text = simulated("--tenant", "acme", "--json")
    event = json.loads(text)
    [monitor] = event["networks"]["ethereum_mainnet"]
    assert monitor["tenant_id"] == str(acme.pk)
    assert "globex" not in text.lower()


def test_simulate__script_signed_by_another_key__told(store, projection_redis, settings):
    reconcile(store=store)
    settings.SCRIPT_SIGNING_KEY = "another key"
    assert "filters/even_blocks.sh is not signed by this platform" in simulated()
    assert json.loads(simulated("--json"))["unsigned"] == [
        "filters/even_blocks.sh",
        "filters/large_only.py",
    ]


def test_simulate__refused_document__told(store, projection_redis):
    reconcile(store=store)
    forge(projection_redis, PLATFORM, {"networks:base": "[]"})
    assert "refuses networks:base (it is no object)" in simulated()


def test_simulate__nothing_projected__one_line_and_exit_1(projection_redis):
    with pytest.raises(CommandError, match="ready is missing"):
        simulated()


def test_simulate__no_redis__one_line_that_says_what_to_do(settings):
    settings.REDIS_PROJECTION_URL = ""
    with pytest.raises(CommandError, match="set REDIS_PROJECTION_URL"):
        simulated()


def test_simulate__unknown_tenant__refused(projection_redis):
    with pytest.raises(CommandError, match="There is no tenant 'nobody'"):
        simulated("--tenant", "nobody")


def test_simulate__follows_until_ctrl_c__acknowledges_and_leaves(
    write_through, in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runtime_simulate", "--instance", "sim"],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: projection_redis.hget("runtime:sim:ack", scope.id))
        monitor_pause(monitor=monitor, actor=ACTOR)
        rev = projection_redis.hget(scope.meta, "rev")
        until(lambda: projection_redis.hget("runtime:sim:ack", scope.id) == f"1:{rev}")
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    last = output.splitlines()[-1]
    assert last.endswith(f"{scope.id} at version 1:{rev}; no longer runs Transfers [acme]")
    assert not projection_redis.exists("runtime:instances", "runtime:sim:ack")

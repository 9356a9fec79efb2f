"""`manage.py revert`: the twin of the history's buttons."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.services import monitor_create, monitor_update
from monitors.tests.factories import MonitorFactory, make_monitor_document
from platform_catalog.models import Network
from platform_catalog.services.networks import network_update
from tenants.models import AuditRecord, Tenant
from tenants.services.settings import plan_update
from triggers.services import trigger_create, trigger_update
from triggers.tests.factories import SLACK_URL, document
from triggers.tests.support import opened

SAM = Actor("staff", "", "sam@blip0.test")


def _run(*arguments: Any) -> str:
    out = StringIO()
    call_command("revert", *map(str, arguments), stdout=out)
    return out.getvalue()


def _last() -> AuditRecord:
    return AuditRecord.objects.latest("pk")


def test_revert__network__is_undone_and_on_record(acme: Tenant) -> None:
    network = Network.objects.get(pk="base")
    before = network.block_time_ms
    network_update(network=network, data={"block_time_ms": 900}, actor=SAM)
    entry = _last().pk

    told = _run(entry, "--dry-run")
    network.refresh_from_db()
    assert told == f"block_time_ms: 900 -> {before}\n{network.name}  nothing is saved\n"
    assert network.block_time_ms == 900

    told = _run(entry, "--reason=Ticket 5")

    network.refresh_from_db()
    assert network.block_time_ms == before
    record = _last()
    assert told.endswith(f"undone, entry {record.pk}\n")
    assert record.reason == f"undo of entry {entry}: Ticket 5"
    assert record.actor_name == "manage.py revert"
    assert _run(entry) == f"{network.name} is like that already\n"


def test_revert__monitor__goes_back_in_its_tenant(acme: Tenant) -> None:
    with in_tenant(acme.pk):
        data = make_monitor_document(name="Watched", slug="watched")
        made = monitor_create(tenant=acme, data=data, actor=SAM)
        monitor_update(monitor=made, data={"name": "Spoilt"}, actor=SAM)

    _run(_last().pk)

    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=made.pk).name == "Watched"


def test_revert__trigger__takes_its_secret_from_a_file(acme: Tenant, tmp_path: Path) -> None:
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=document(), actor=SAM)
        other = {"slack_url": {"type": "Plain", "value": f"{SLACK_URL}other"}}
        other["message"] = document()["config"]["message"]
        trigger_update(trigger=trigger, data={"config": other}, actor=SAM)
    entry = _last().pk
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"slack_url": SLACK_URL}))

    with pytest.raises(CommandError, match="/secrets/slack_url: This change replaced"):
        _run(entry)
    told = _run(entry, f"--secrets={file}")

    with in_tenant(acme.pk):
        assert opened(trigger) == document()["config"]
    assert SLACK_URL not in told


def test_revert__plan_below_what_is_used__asks_for_lower_anyway(acme: Tenant) -> None:
    with in_tenant(acme.pk):
        MonitorFactory.create_batch(3)
    plan = acme.plan
    plan_update(plan=plan, data={"monitors": 2}, actor=SAM)
    plan_update(plan=plan, data={"monitors": 500}, actor=SAM)
    entry = _last().pk

    with pytest.raises(CommandError, match="1 of the plan's tenants would be over it: acme has 3"):
        _run(entry)
    _run(entry, "--lower-anyway")

    plan.refresh_from_db()
    assert plan.monitors == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "write a JSON object"),
        ("{", "line 1, column 2"),
        (None, "can't be read"),
    ],
)
def test_revert__no_file_of_secrets__refused_with_why(
    acme: Tenant, tmp_path: Path, content: str | None, message: str
) -> None:
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=document(), actor=SAM)
        trigger_update(trigger=trigger, data={"name": "Other"}, actor=SAM)
    file = tmp_path / "secrets.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(CommandError, match=message):
        _run(_last().pk, f"--secrets={file}")


def test_revert__what_it_has_no_use_for_or_cannot__refused_with_why(acme: Tenant) -> None:
    plan_update(plan=acme.plan, data={"monitors": 500}, actor=SAM)
    entry = _last().pk
    key = AuditRecord.objects.create(
        actor_kind="system",
        actor_name="tests",
        action="api_key.revoked",
        object_kind="api_key",
        before={"revoked": False},
        after={"revoked": True},
    )

    with pytest.raises(CommandError, match="A plan has no use for --secrets"):
        _run(entry, "--secrets=/dev/null")
    with pytest.raises(CommandError, match="Changes of a api_key can't be undone, but of: "):
        _run(key.pk)
    with pytest.raises(CommandError, match="The audit log has no entry 0"):
        _run(0)

"""The commands that do what the back office's buttons do."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from platform_catalog.models import Network
from platform_catalog.tests.factories import (
    FilterScriptFactory,
    FilterScriptVersionFactory,
    MonitorTemplateFactory,
    NetworkFactory,
)
from tenants.models import AuditRecord

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_catalog_network__disabled_and_enabled__audited_with_the_reason() -> None:
    network = NetworkFactory.create(slug="test_chain")

    said = run("catalog_network", "disable", "test_chain", "--reason", "Chain halted.")

    network.refresh_from_db()
    assert not network.enabled
    assert "0 monitors of 0 tenants" in said
    assert AuditRecord.objects.get(action="network.disabled").reason == "Chain halted."
    run("catalog_network", "enable", "test_chain")
    assert Network.objects.get(slug="test_chain").enabled


def test_catalog_script__versions_diff_and_rollback__as_on_the_pages() -> None:
    script = FilterScriptFactory.create(name="small", current_version=2)
    FilterScriptVersionFactory.create(script=script, version=2, content="echo true\n", note="Bad.")

    listed = run("catalog_script", "versions", "small").splitlines()
    diff = run("catalog_script", "diff", "small", "1", "2")
    said = run("catalog_script", "rollback", "small", "1", "--reason", "It dropped all.")

    assert [line[:6] for line in listed] == ["*    2", "     1"]
    assert listed[0].endswith("Bad.")
    assert "-echo false\n+echo true\n" in diff
    assert said == "small is at version 3, with the content of 1.\n"
    assert AuditRecord.objects.get(action="filter_script.rolled_back").reason == "It dropped all."


def test_catalog_template__good_and_broken__document_and_exit_status() -> None:
    template = MonitorTemplateFactory.create(slug="mine")
    NetworkFactory.create(slug="test_chain")
    place = ("--network", "test_chain", "--address", "0x" + "0" * 39 + "1")

    document = json.loads(run("catalog_template", "mine", *place).splitlines()[0])
    with pytest.raises(CommandError, match="nobody could save it") as broken:
        run("catalog_template", "mine", "--network", "test_chain", "--address", "0x12")

    assert document["name"] == template.name
    assert document["networks"] == ["test_chain"]
    assert broken.value.returncode == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("catalog_network", "disable", "nowhere"),
        ("catalog_script", "versions", "nowhere"),
        ("catalog_script", "rollback", "nowhere", "1"),
        ("catalog_template", "nowhere"),
    ],
)
def test_commands__nothing_of_that_name__one_line(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"There is no .* nowhere"):
        run(*arguments)

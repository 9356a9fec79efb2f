"""The commands: arguments, output, exit status."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory
from monitors.tests.openzeppelin.support import (
    SCRIPT,
    SLACK,
    SLACK_URL,
    configuration,
    reference,
    with_config,
    write,
)
from tenants.models import Tenant
from triggers.tests.factories import SlackTriggerFactory


def run(*arguments: str | Path) -> tuple[str, int]:
    """What a command prints, and its exit status."""
    out = io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


def test_import_openzeppelin__everything_imported__exits_0(acme: Tenant, tmp_path: Path) -> None:
    write(tmp_path, configuration())

    text, status = run("import_openzeppelin", tmp_path, "--tenant", "acme")

    assert status == 0
    assert "imported   config/monitors/large-transfers.json" in text
    assert "2 imported, 0 changed, 0 unchanged, 0 mapped, 0 ignored, 0 refused" in text


def test_import_openzeppelin__something_refused__exits_3(acme: Tenant, tmp_path: Path) -> None:
    write(tmp_path, configuration(triggers__run={"run": SCRIPT}))

    text, status = run("import_openzeppelin", tmp_path, "--tenant", "acme", "--dry-run")

    assert status == 3
    assert "/run/trigger_type" in text
    assert "Nothing was saved: this was a dry run." in text
    assert text.endswith("Refused: config/triggers/run.json#run.")
    with in_tenant(acme.pk):
        assert not Monitor.objects.exists()


def test_import_openzeppelin__strict__exits_3_and_saves_nothing(
    acme: Tenant, tmp_path: Path
) -> None:
    write(tmp_path, configuration(triggers__run={"run": SCRIPT}))

    text, status = run("import_openzeppelin", tmp_path, "--tenant", "acme", "--strict")

    assert status == 3
    assert "--strict stops at the first refusal" in text


def test_import_openzeppelin__json__is_the_report(acme: Tenant, tmp_path: Path) -> None:
    slack = with_config(SLACK, slack_url=reference("OPS_URL"))
    write(tmp_path, configuration(triggers__slack={"ops-slack": slack}))
    (tmp_path / "ops.env").write_text(f"OPS_URL='{SLACK_URL}'\n")

    text, status = run(
        "import_openzeppelin", tmp_path, "--tenant", "acme", "--json",
        "--env", tmp_path / "ops.env",
    )  # fmt: skip

    report = json.loads(text)
    assert status == 0
    assert (report["tenant"], report["saved"], report["counts"]["imported"]) == ("acme", True, 2)
    assert SLACK_URL not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--tenant", "acme"], "can't be read"),
        ([".", "--tenant", "nobody"], "no tenant 'nobody'"),
        ([".", "--tenant", "acme"], "no configuration here"),
        ([".", "--tenant", "acme", "--env", "nothing.env"], "nothing.env can't be read"),
    ],
)
def test_import_openzeppelin__nothing_to_try__exits_1(
    acme: Tenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--env" in arguments:
        write(tmp_path, configuration())

    text, status = run("import_openzeppelin", *arguments)

    assert status == 1
    assert message in text


def test_export_openzeppelin__with_secrets__round_trips_by_commands(
    acme: Tenant, globex: Tenant, tmp_path: Path
) -> None:
    write(tmp_path / "in", configuration())
    run("import_openzeppelin", tmp_path / "in", "--tenant", "acme")
    archive, env = tmp_path / "acme.zip", tmp_path / "acme.env"

    text, status = run(
        "export_openzeppelin", "--tenant", "acme", "--output", archive, "--with-secrets", env
    )

    assert (status, SLACK_URL in text) == (0, False)
    assert stat.S_IMODE(env.stat().st_mode) == stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert run("import_openzeppelin", archive, "--tenant", "globex", "--env", env)[1] == 0
    again = run("export_openzeppelin", "--tenant", "acme", "--output", archive)
    assert again[1] == 1
    assert "--force replaces it" in again[0]


def test_export_openzeppelin__some_monitors__these_and_what_they_use(
    acme: Tenant, tmp_path: Path
) -> None:
    with in_tenant(acme.pk):
        SlackTriggerFactory.create(slug="unused")
        for slug in ("one", "two", "three"):
            MonitorFactory.create(slug=slug, name=slug.title())

    told, status = run(
        "export_openzeppelin", "--tenant", "acme", "--output", tmp_path / "out",
        "--monitor", "one", "--monitor", "three",
    )  # fmt: skip

    assert status == 0, told
    files = sorted(file.name for file in (tmp_path / "out" / "config" / "monitors").iterdir())
    assert files == ["one.json", "three.json"]
    assert "unused.json" not in {file.name for file in (tmp_path / "out").rglob("*.json")}
    refused = run(
        "export_openzeppelin", "--tenant", "acme", "--output", tmp_path / "no", "--monitor", "lost"
    )
    assert refused == ("There is no monitor `lost`.", 1)

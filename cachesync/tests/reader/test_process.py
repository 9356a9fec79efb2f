"""`python -m cachesync.reader --follow`: a process of its own, without Django."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

from cachesync.services.reconcile import reconcile
from cachesync.tests.conftest import ACTOR, ROOT, make_monitor
from cachesync.tests.reader.support import until
from monitors.services import monitor_pause, monitor_resume

Reading = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def reading() -> Iterator[Reading]:
    """Starts readers, and ends what a test leaves running."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cachesync.reader", settings.REDIS_PROJECTION_URL]
        started.append(
            subprocess.Popen(
                [*command, "--follow", *arguments],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"]},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    read: dict[str, Any] = json.loads(process.stdout.readline())
    return read


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_reader_process__change_after_change__a_line_each_until_it_is_told_to_end(
    end, write_through, in_acme, scope, store, reading, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    process = reading("--instance", "one")
    assert line(process)["tenants"][scope.id]["active"] == [str(monitor.pk)]
    until(lambda: projection_redis.hget("runtime:one:ack", scope.id))

    monitor_pause(monitor=monitor, actor=ACTOR)
    assert line(process)["removed"] == [str(monitor.pk)]
    rev = projection_redis.hget(scope.meta, "rev")
    until(lambda: projection_redis.hget("runtime:one:ack", scope.id) == f"1:{rev}")
    monitor_resume(monitor=monitor, actor=ACTOR)
    assert line(process) == {
        "event": "change",
        "scope": scope.id,
        "epoch": 1,
        "rev": int(rev) + 1,
        "changed": [str(monitor.pk)],
        "removed": [],
        "refused": {},
    }

    process.send_signal(end)
    assert process.wait(timeout=60) == 0
    assert not projection_redis.exists("runtime:instances", "runtime:one:ack")


def test_reader_process__everything_flushed__says_so_and_goes_on(
    write_through, in_acme, scope, store, reading, projection_redis
):
    monitor = make_monitor(in_acme)
    reconcile(store=store)
    process = reading("--poll", "0.1", "0.2")
    line(process)
    projection_redis.flushall()
    assert line(process) == {
        "event": "status",
        "problem": "platform:projection:ready is missing",
    }
    reconcile(store=store)
    assert line(process) == {"event": "status", "problem": ""}
    monitor_pause(monitor=monitor, actor=ACTOR)
    assert line(process)["removed"] == [str(monitor.pk)]


def test_reader__imported__brings_nothing_of_django_or_of_the_writer():
    names = "django", "cachesync.store", "cachesync.contracts", "blip0", "celery"
    code = f"import sys, cachesync.reader; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

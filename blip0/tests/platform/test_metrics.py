"""Who may read metrics, and that one process tells of all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from blip0 import checks
from blip0.common import scraping
from blip0.common.scraping import may_scrape, serve_metrics
from blip0.testing import PROJECT_ROOT
from blip0.testing.ports import server_port

TOKEN = "a-token-of-the-tests"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture
def token(settings) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def networks(settings) -> None:
    settings.METRICS_NETWORKS = ["10.1.0.0/16", "fd00::/8"]


# Who may


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("203.0.113.9", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("unix:", False),
    ],
)
def test_may_scrape__nothing_is_set__only_this_machine(peer: str, allowed: bool) -> None:
    assert may_scrape(peer, []) is allowed


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("fd00::7", True), ("127.0.0.1", False)],
)
def test_may_scrape__networks_are_set__only_they_may(
    networks: None, peer: str, allowed: bool
) -> None:
    assert may_scrape(peer, []) is allowed


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (BEARER, True),
        (f"{BEARER} ", False),
        (f"bearer {TOKEN}", False),
        (TOKEN, False),
        ("Bearer ", False),
        ("Bearer é", False),
        ("", False),
    ],
)
def test_may_scrape__token_is_set__only_who_sends_it(
    token: None, given: str, allowed: bool
) -> None:
    assert may_scrape("203.0.113.9", [("Authorization", given)]) is allowed
    assert may_scrape("127.0.0.1", [("Authorization", given)]) is allowed


def test_may_scrape__no_token_is_set__an_empty_one_opens_nothing() -> None:
    assert not may_scrape("203.0.113.9", [("Authorization", "Bearer ")])


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "x-forwarded-proto", "Forwarded", "Via", "X-Real-IP"]
)
def test_may_scrape__through_a_proxy__needs_the_token(
    token: None, networks: None, header: str
) -> None:
    assert not may_scrape("10.1.2.3", [(header, "10.1.2.3")])
    assert may_scrape("10.1.2.3", [(header, "10.1.2.3"), ("Authorization", BEARER)])


def test_networks__malformed__are_found_at_start(settings) -> None:
    assert checks.metrics_are_readable() == []
    settings.METRICS_NETWORKS = ["10.1.0.0/16", "10.1.0.1/16"]

    (message,) = checks.metrics_are_readable()

    assert message.id == "blip0.E007"
    assert "BLIP0_METRICS_NETWORKS" in message.msg


@pytest.mark.parametrize("value", ["9464", ":9464", "0.0.0.0:", "0.0.0.0:http", "0.0.0.0:65536"])
def test_listen__malformed__is_found_at_start(settings, value: str) -> None:
    settings.METRICS_LISTEN = value

    (message,) = checks.metrics_are_readable()

    assert message.id == "blip0.E007"
    with pytest.raises(ImproperlyConfigured):
        serve_metrics()


# The web process


def test_metrics__from_this_machine__are_text_of_the_platform(client: Client, db: None) -> None:
    response = client.get("/metrics")

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert 'blip0_projection_applies_total{path="sweep",result="ok"}' in text
    assert "blip0_projection_postgres_up 1.0" in text


def test_metrics__from_elsewhere__are_refused_before_anything_is_read(client: Client) -> None:
    # No database mark: a query would fail this test.
    response = client.get("/metrics", REMOTE_ADDR="10.0.0.7")

    assert response.status_code == 403
    assert "blip0_" not in response.content.decode()


def test_metrics__unknown_host_over_http_in_production__answers_who_may(
    client: Client, db: None, settings, token: None
) -> None:
    settings.ALLOWED_HOSTS = ["blip0.example.org"]
    settings.SECURE_SSL_REDIRECT = True

    allowed = client.get("/metrics", headers={"host": "web:8000", "authorization": BEARER})
    denied = client.get("/metrics", headers={"host": "web:8000"}, REMOTE_ADDR="10.0.0.7")

    assert (allowed.status_code, denied.status_code) == (200, 403)


def test_metrics__signed_in_staff_from_elsewhere__need_the_token_as_well(
    admin_client: Client,
) -> None:
    assert admin_client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403


def test_metrics__post__is_refused(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


def test_metrics__a_path_below__is_nobody_s(client: Client, db: None) -> None:
    assert client.get("/metrics/").status_code == 404


# The other processes


@pytest.fixture
def served(settings) -> Iterator[str]:
    """The URL of a process' own port."""
    settings.METRICS_LISTEN = f"127.0.0.1:{server_port()}"
    server = serve_metrics()
    assert server is not None
    yield f"http://{settings.METRICS_LISTEN}"
    server.shutdown()
    server.server_close()


def _get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=5
        ) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_serve_metrics__not_set__serves_nothing() -> None:
    assert serve_metrics() is None


def test_serve_metrics__asked__tells_counts_and_no_state(served: str) -> None:
    status, text = _get(f"{served}/metrics")

    assert status == 200
    assert 'blip0_projection_run_failures_total{path="reconcile"}' in text
    assert "blip0_projection_postgres_up" not in text


def test_serve_metrics__other_paths_and_who_may_not__get_nothing(served: str, token: None) -> None:
    assert _get(f"{served}/")[0] == 404
    assert _get(f"{served}/metrics") == (403, scraping.REFUSED)
    assert _get(f"{served}/metrics", Authorization=BEARER)[0] == 200


def test_serve_metrics__port_is_taken__the_process_goes_on(served: str, caplog) -> None:
    assert serve_metrics() is None
    assert "metrics.not_served" in caplog.text


# Many processes and one folder

PROCESSES = """
import os, signal, sys, time
import django
django.setup()
from blip0.common.metrics import exposition
from cachesync import metrics

children = []
for number in range(3):
    child = os.fork()
    if not child:
        for _ in range(10):
            metrics.conflicted()
        sys.stdout.write("counted\\n")
        sys.stdout.flush()
        time.sleep(60)
    children.append(child)
for line in sys.stdin:
    if line.startswith("kill"):
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            metrics.conflicted()
            os._exit(0)
        os.waitpid(child, 0)
    sys.stdout.write(exposition(with_state=False).decode() + "END\\n")
    sys.stdout.flush()
"""
ALONE = """
import sys
import django
django.setup()
from blip0.common.metrics import exposition
from cachesync import metrics
metrics.conflicted()
sys.stdout.write(exposition(with_state=False).decode())
"""
CONFLICTS = re.compile(r'^blip0_projection_applies_total\{path="command",result="conflict"\} (.*)$')


class Parent:
    """A process with three children, each of which has counted to ten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROCESSES],
            cwd=PROJECT_ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "blip0.settings",
                "PROMETHEUS_MULTIPROC_DIR": str(folder),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_counted(self) -> None:
        assert self.process.stdout is not None
        for _ in range(3):
            assert self.process.stdout.readline() == "counted\n"

    def conflicts(self, word: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        found = -1.0
        for line in self.process.stdout:
            if match := CONFLICTS.match(line):
                found = float(match[1])
            if line == "END\n":
                break
        return found

    def files(self) -> set[str]:
        return {file.name for file in self.folder.iterdir()}


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    parent = Parent(tmp_path / "made when needed")
    yield parent
    parent.conflicts("kill")
    parent.process.send_signal(signal.SIGKILL)
    parent.process.communicate()


def test_folder__many_processes__one_tells_of_all_and_the_dead_leave_room(parent: Parent) -> None:
    parent.wait_until_counted()
    assert parent.conflicts("tell") == 30
    files = parent.files()

    # Killed, they stay counted; the next process takes over the files of one of them.
    assert parent.conflicts("kill") == 31
    assert parent.files() == files
    assert {"0.lock", "1.lock", "2.lock", "3.lock"} <= files
    assert parent.folder.stat().st_mode & 0o777 == 0o700


def test_folder__cannot_be_made__the_process_starts_and_tells_of_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ALONE,
        ],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "blip0.settings",
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "file" / "below"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert 'applies_total{path="command",result="conflict"} 1.0' in done.stdout
    assert "metrics.folder_unusable" in done.stderr

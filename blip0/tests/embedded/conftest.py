"""A project folder with servers of its own, stopped after each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blip0.embedded.services import Services

SOURCE = Path(__file__).resolve().parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder whose path needs quoting everywhere."""
    folder = tmp_path / "a \"project\" with 'blanks'"
    folder.mkdir()
    return folder


@pytest.fixture
def services(root: Path) -> Iterator[Services]:
    """Services of `root` that the surrounding environment doesn't replace."""
    services = Services(root, environ={})
    yield services
    services.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Services that run and that a test only looks at."""
    services = Services(tmp_path_factory.mktemp("running services"), environ={})
    services.start(durable=True)
    yield services
    services.stop()


@pytest.fixture
def valkeys(root: Path) -> Iterator[Services]:
    """The same without PostgreSQL, whose first start takes most of a second."""
    services = Services(root, environ={"DATABASE_URL": "postgres://somebody@else/db"})
    yield services
    services.stop()


def python(code: str, *arguments: object, user: int | None = None) -> subprocess.Popen[str]:
    """Run `code` in a Python of its own that finds the project; output is piped."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=SOURCE,
        user=user,
    )

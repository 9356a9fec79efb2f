"""Real servers for a test run: one PostgreSQL, and two Valkey instances for each worker.

pub/sub and FLUSHALL know no database numbers, so workers that ran in parallel on one Valkey would
disturb each other. Everything is tied to the process that started it and lies in a folder that
the run removes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from blip0.embedded.process import ProcessId
from blip0.embedded.services import Services
from blip0.embedded.valkey import start_valkey
from blip0.testing import PROJECT_ROOT

RUNS = PROJECT_ROOT / ".blip0" / "tests"
_RUN = "BLIP0_TEST_RUN"


class TestServers:
    """The servers of this process; in the controlling process also those of the whole run."""

    __test__ = False

    def __init__(self) -> None:
        self.is_controller = "PYTEST_XDIST_WORKER" not in os.environ
        self.worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        if self.is_controller:
            _remove_leftovers()
            run = RUNS / str(os.getpid())
            run.mkdir(parents=True)
            os.environ[_RUN] = str(run)
        self.run = Path(os.environ[_RUN])

    def start(self) -> None:
        """Start what this process needs and lead the settings to it."""
        os.environ["BLIP0_ENV"] = "test"
        if self.is_controller and not os.environ.get("DATABASE_URL"):
            elsewhere = dict.fromkeys(
                ("REDIS_PROJECTION_URL", "REDIS_CACHE_URL", "CELERY_BROKER_URL"), "elsewhere"
            )
            endpoints = Services(self.run, {**os.environ, **elsewhere}).start(
                tied=True, durable=False
            )
            os.environ["DATABASE_URL"] = endpoints.database_url
        projection = start_valkey(self.run / f"projection-{self.worker}", environ=os.environ)
        cache = start_valkey(
            self.run / f"cache-{self.worker}", environ=os.environ, policy="volatile-lru"
        )
        os.environ["REDIS_PROJECTION_URL"] = projection.url
        os.environ["REDIS_CACHE_URL"] = cache.url
        os.environ["CELERY_BROKER_URL"] = cache.url.removesuffix("/0") + "/1"
        self._valkeys = [projection, cache]

    def stop(self) -> None:
        for valkey in self._valkeys:
            valkey.stop()
        if self.is_controller:
            Services(self.run).stop(only_mine=True)
            shutil.rmtree(self.run, ignore_errors=True)


def _remove_leftovers() -> None:
    """Folders of runs that were killed; their servers died with them."""
    for folder in RUNS.glob("*"):
        if not (folder.name.isdigit() and ProcessId.of(int(folder.name))):
            shutil.rmtree(folder, ignore_errors=True)

"""What the platform counts, and one text of it for all processes of this machine or container.

With `METRICS_FOLDER` every process keeps its numbers in files there, and whoever is asked adds up
all of them: the multiprocess mode of the client library. Without it a process tells of itself.

Gauges of a state that all processes share are no process' own: an app above registers a collector
that reads them when somebody asks (`STATE`, filled by `AppConfig.ready()`).
"""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import structlog
from django.conf import settings
from prometheus_client import (
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from blip0.common.registry import Registry

logger = structlog.get_logger(__name__)

P = ParamSpec("P")

STATE: Registry[Collector] = Registry("collector of a state")


class Slot:
    """The number that tells this process' files from those of the others; safe across forks.

    The library would take the process id, and each worker that dies would leave its files behind.
    A number whose process is gone is given out again, and its counts go on: the folder holds as
    many files as processes ran at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = self._pid = 0

    def __call__(self) -> int:
        if self._pid != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in itertools.count():
            lock = os.open(self._folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            # Open until the process ends. After a fork our parent's stays open beside it: whoever
            # closed files on the way may have given that descriptor to somebody else.
            self._number, self._pid = number, os.getpid()
            return


def _keep_values(folder: str) -> bool:
    """Choose where values are kept, before the first one is made; whether that is the folder."""
    if folder:
        try:
            slot = Slot(Path(folder))
            values.ValueClass = values.MultiProcessValue(slot)  # type: ignore[no-untyped-call]  # theirs
        except OSError as error:
            # Nobody may be kept from work by what only looks at it.
            logger.error("metrics.folder_unusable", folder=folder, error=repr(error))
        else:
            return True
    values.ValueClass = values.MutexValue
    return False


_shared = _keep_values(settings.METRICS_FOLDER)

# The folder keeps none, and nobody reads them: both ways tell the same.
disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs

METRICS = CollectorRegistry()
"""Where every counter, gauge and histogram of the platform is made: `Counter(…, registry=)`."""


def harmless(measure: Callable[P, None]) -> Callable[P, None]:
    """A measurement that fails is logged, and never in the way of what it measures."""

    @wraps(measure)
    def measured(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            measure(*args, **kwargs)
        except Exception as error:
            logger.warning("metrics.not_measured", what=measure.__name__, error=repr(error))

    return measured


def exposition(*, with_state: bool) -> bytes:
    """All metrics as Prometheus reads them. `with_state` asks the registered collectors, too."""
    registry = CollectorRegistry()
    if _shared:
        MultiProcessCollector(registry, settings.METRICS_FOLDER)  # type: ignore[no-untyped-call]  # theirs
    else:
        registry.register(METRICS)
    if with_state:
        for collector in STATE.values():
            registry.register(collector)
    return generate_latest(registry)

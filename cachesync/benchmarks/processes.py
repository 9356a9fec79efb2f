"""Processes of their own: what one of them measures, the others' memory and locks don't touch."""

from __future__ import annotations

import logging
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import django


@contextmanager
def apart(processes: int = 1) -> Iterator[ProcessPoolExecutor]:
    """New processes with Django, not forked from this one. What they run must be importable."""
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin
    ) as pool:
        yield pool


def _begin() -> None:
    django.setup()
    logging.disable(logging.INFO)  # a thousand writes would hide what is said to people


def greatest_memory_mib() -> float:
    """The most that this process has held at once so far."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        # macOS counts bytes here. Linux would count whatever ran in this process before.
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (2**20 if sys.platform == "darwin" else 2**10)
    [kibibytes] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(kibibytes) / 1024

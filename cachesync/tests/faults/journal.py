"""What the writers tell the checker, in files: what a transaction makes, and whether it committed.

A line is one `write` to a file that only its process appends to, so that SIGKILL leaves whole
lines. Times are those of `time.monotonic`, which all processes of a machine share. Nothing here
knows Django: the checker must not.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Stage(StrEnum):
    """What a line says."""

    COMMITTING = "committing"
    """All is written and COMMIT comes next: from here on it may be seen."""
    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    BASELINE = "baseline"
    """What was committed before anybody wrote."""
    FAULT = "fault"
    """Somebody damages Redis, or takes it away."""
    FAULT_OVER = "fault_over"


class ObjectState(StrEnum):
    """What readers must be able to see of an object."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"
    TOLD = "told"
    """Of a trigger: it is part of documents."""


@dataclass(frozen=True)
class Fact:
    """A monitor or trigger as a transaction leaves it. `marker` grows with each of its changes."""

    scope: str
    object_id: str
    marker: int
    state: ObjectState


@dataclass(frozen=True)
class Line:
    stage: Stage
    at: float
    data: dict[str, Any]

    def facts(self) -> Iterator[Fact]:
        for fact in self.data["facts"]:
            yield Fact(**{**fact, "state": ObjectState(fact["state"])})


class Journal:
    """A file of one process."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(
            folder / f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )

    def write(self, stage: Stage, **data: Any) -> None:
        line = json.dumps({"stage": stage, "at": time.monotonic(), **data})
        os.write(self._file, f"{line}\n".encode())

    def committing(self, transaction: str, facts: Iterable[Fact]) -> None:
        self.write(Stage.COMMITTING, tx=transaction, facts=[asdict(fact) for fact in facts])

    def close(self) -> None:
        os.close(self._file)


class JournalReader:
    """Follows every file of a folder, also those that come later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def new_lines(self) -> Iterator[Line]:
        """What was written since the last call, file by file."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole, end, _ = file.read().rpartition(b"\n")
            self._read[path] = self._read.get(path, 0) + len(whole + end)
            for text in whole.splitlines():
                data = json.loads(text)
                yield Line(Stage(data.pop("stage")), data.pop("at"), data)

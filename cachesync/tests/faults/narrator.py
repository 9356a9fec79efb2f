"""The ground's own lines in the journal: what was there before, faults, and who died how."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cachesync.tests.faults.database import Database
from cachesync.tests.faults.history import LIMIT_S
from cachesync.tests.faults.journal import Journal, JournalReader, Stage


class Narrator:
    """Tells what no writer can tell."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._journal = Journal(folder, "narrator")
        self._reader = JournalReader(folder)
        self._open: dict[str, float] = {}
        self._faults = 0
        self._counter = JournalReader(folder)
        self._committed = 0

    def baseline(self) -> None:
        """What Postgres holds now is committed."""
        facts = [vars(fact) for fact in self._database.facts()]
        self._journal.write(Stage.BASELINE, facts=facts)

    @contextmanager
    def fault(
        self,
        *excuses: str,
        within_s: float = LIMIT_S,
        stops_clock: bool = True,
        other_history: Collection[str] = (),
    ) -> Iterator[None]:
        """Tell the checker of damage, before and after, and what readers see of it by itself,
        `within_s` after it at most. With `stops_clock`, what was committed meanwhile or before
        is late only that long after it.
        """
        self._faults += 1
        told = {"name": f"fault {self._faults}", "stops_clock": stops_clock}
        self._journal.write(Stage.FAULT, **told, excuses=excuses, within_s=within_s)
        try:
            yield
        finally:
            self._journal.write(Stage.FAULT_OVER, **told, other_history=list(other_history))

    def resolve(self) -> None:
        """Ask Postgres what became of transactions whose writers are dead and can't say."""
        lines = list(self._reader.new_lines())
        self._open |= {line.data["tx"]: line.at for line in lines if line.stage is Stage.COMMITTING}
        for line in lines:
            if line.stage in {Stage.COMMITTED, Stage.ROLLED_BACK}:
                self._open.pop(line.data["tx"], None)
        for name, at in self._open.items():
            came = self._database.has_committed(name)
            stage = Stage.COMMITTED if came else Stage.ROLLED_BACK
            self._journal.write(stage, tx=name, at=at)
        self._open.clear()

    def committed(self) -> int:
        """How many transactions said so by now."""
        new = (line.stage is Stage.COMMITTED for line in self._counter.new_lines())
        self._committed += sum(new)
        return self._committed

    def close(self) -> None:
        self._journal.close()

"""What writers told: transactions, what each makes of which object, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from cachesync.tests.faults.journal import Fact, Line, ObjectState, Stage


@dataclass
class Transaction:
    """One, as far as it was told. `at` is when its outcome was."""

    name: str
    facts: tuple[Fact, ...] = ()
    stage: Stage = Stage.COMMITTING
    at: float = 0.0
    is_baseline: bool = False
    shown: bool = False
    """It was seen in Redis before we knew that it committed."""


class Ledger:
    """Fed with lines of the journal, in whatever order their files are read."""

    def __init__(self) -> None:
        self.committed = 0
        """Transactions of writers."""
        self._transactions: dict[str, Transaction] = {}
        self._objects: dict[tuple[str, str], dict[int, Transaction]] = defaultdict(dict)
        """Scope and object → marker → who made it."""

    def take(self, line: Line) -> Transaction:
        """Enter a line; the transaction that it tells of."""
        name = line.data.get("tx", f"baseline at {line.at}")
        transaction = self._transactions.setdefault(name, Transaction(name))
        if line.stage in {Stage.COMMITTING, Stage.BASELINE}:
            transaction.facts = tuple(line.facts())
            for fact in transaction.facts:
                self._objects[fact.scope, fact.object_id][fact.marker] = transaction
        if line.stage is Stage.BASELINE:
            transaction.stage, transaction.is_baseline = Stage.COMMITTED, True
            transaction.at = line.at
        elif line.stage is not Stage.COMMITTING and transaction.stage is Stage.COMMITTING:
            transaction.stage, transaction.at = line.stage, line.at
            self.committed += line.stage is Stage.COMMITTED
        return transaction

    def maker(self, scope: str, object_id: str, marker: int) -> Transaction | None:
        """Who made the object what it is at that marker; None if nobody told."""
        return self._objects[scope, object_id].get(marker)

    def state(self, scope: str, object_id: str, marker: int) -> ObjectState | None:
        return next(
            (fact.state for fact in self._facts(scope, object_id) if fact.marker == marker), None
        )

    def deletion(self, scope: str, object_id: str) -> Transaction | None:
        """Who deletes the object, unless that was rolled back."""
        for fact in self._facts(scope, object_id):
            transaction = self._objects[scope, object_id][fact.marker]
            if fact.state is ObjectState.DELETED and transaction.stage is not Stage.ROLLED_BACK:
                return transaction
        return None

    def is_trigger(self, scope: str, object_id: str) -> bool:
        return any(fact.state is ObjectState.TOLD for fact in self._facts(scope, object_id))

    def _facts(self, scope: str, object_id: str) -> Iterator[Fact]:
        for marker, transaction in self._objects[scope, object_id].items():
            yield from (
                fact
                for fact in transaction.facts
                if (fact.scope, fact.object_id, fact.marker) == (scope, object_id, marker)
            )

"""What the journal says was committed, held against what Redis showed, look by look."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cachesync.tests.faults.journal import Fact, Line, ObjectState, Stage
from cachesync.tests.faults.ledger import Ledger, Transaction
from cachesync.tests.faults.views import Kind, View, Violation

LIMIT_S = 30.0
"""What the architecture promises for a committed change."""
PATIENCE = 200
"""Transactions of several objects that are looked at again, a scope."""


@dataclass
class _Awaited:
    """A committed fact that nobody has seen yet."""

    fact: Fact
    since: float
    counts: bool
    """Its time tells of the product; that of what was there before tells of nothing."""
    reported: bool = False


@dataclass
class _Scope:
    version: tuple[int, int] = (0, 0)
    seen: dict[str, int] = field(default_factory=dict)
    """The newest marker that was seen of each object, gone ones included."""
    gone: set[str] = field(default_factory=set)
    awaited: list[_Awaited] = field(default_factory=list)
    together: deque[Transaction] = field(default_factory=lambda: deque(maxlen=PATIENCE))
    """Transactions that touched several objects of this scope."""


class History:
    """Everything that was told and seen. Fed with journal lines after each look, then asked."""

    def __init__(self) -> None:
        self.staleness: list[float] = []
        """Seconds from commit to sight, for each object of each transaction, ascending."""
        self.ledger = Ledger()
        self._scopes: dict[str, _Scope] = defaultdict(_Scope)
        self._awaited: set[str] = set()
        """Transactions whose facts are awaited, or were."""

    @property
    def scopes(self) -> list[str]:
        return list(self._scopes)

    def told(self, line: Line) -> Iterator[Violation]:
        """Take in what a writer says; a transaction that was seen must not be rolled back."""
        transaction = self.ledger.take(line)
        if line.stage is Stage.COMMITTING:
            touched = Counter(fact.scope for fact in transaction.facts)
            for scope, count in touched.items():
                if count > 1:
                    self._scopes[scope].together.append(transaction)
        if transaction.stage is Stage.ROLLED_BACK and transaction.shown:
            transaction.shown = False
            yield Violation(Kind.UNCOMMITTED, f"{transaction.facts}: seen, then rolled back")
        if transaction.stage is Stage.COMMITTED and transaction.facts:
            self._await(transaction)

    def judge(self, view: View, *, patience_since: float) -> Iterator[Violation]:
        """What a look shows against all that was told. Staleness counts from `patience_since` on
        at the earliest: until then Redis was away.
        """
        scope = self._scopes[view.scope]
        if not view.meta:
            if scope.version != (0, 0):
                yield Violation(Kind.VANISHED, f"{view.scope}: it has no meta any more")
            return
        if view.version is not None:
            if view.version < scope.version:
                yield Violation(Kind.WENT_BACK, f"{view.scope}: {scope.version} to {view.version}")
            scope.version = max(scope.version, view.version)
        markers = {name: document.marker for name, document in view.documents.items()}
        for document in view.documents.values():
            for trigger, marker in document.triggers.items():
                if markers.setdefault(trigger, marker) != marker:
                    yield Violation(Kind.HALF, f"{view.scope}: trigger {trigger} has two forms")
        for name, marker in markers.items():
            yield from self._judge_object(scope, view, name, marker)
        yield from self._judge_absent(scope, view)
        yield from self._judge_together(scope, view, markers)
        self._measure(scope, view, markers, patience_since)

    def late(self, now: float, *, patience_since: float) -> Iterator[Violation]:
        """What was committed more than the limit ago and nobody has seen."""
        for name, scope in self._scopes.items():
            for awaited in scope.awaited:
                waited = now - max(awaited.since, patience_since)
                if waited > LIMIT_S and not awaited.reported:
                    awaited.reported = True
                    yield Violation(Kind.LATE, f"{name}: {awaited.fact} after {waited:.1f} s")

    def unseen(self) -> list[Fact]:
        """Committed facts that never showed."""
        return [awaited.fact for scope in self._scopes.values() for awaited in scope.awaited]

    def forget(self, scopes: Iterable[str]) -> None:
        """The database was put back to another history: what was seen before counts no more."""
        for name in scopes:
            self._scopes[name] = _Scope(self._scopes[name].version)

    def _await(self, transaction: Transaction) -> None:
        if transaction.name not in self._awaited:
            self._awaited.add(transaction.name)
            for fact in transaction.facts:
                awaited = _Awaited(fact, transaction.at, counts=not transaction.is_baseline)
                self._scopes[fact.scope].awaited.append(awaited)

    def _judge_object(
        self, scope: _Scope, view: View, name: str, marker: int
    ) -> Iterator[Violation]:
        where = f"{view.scope}: {name} at {marker}"
        transaction = self.ledger.maker(view.scope, name, marker)
        if transaction is None:
            yield Violation(Kind.UNCOMMITTED, f"{where}: nobody was about to commit that")
        elif transaction.stage is Stage.ROLLED_BACK:
            yield Violation(Kind.UNCOMMITTED, f"{where}: it was rolled back")
        else:
            transaction.shown |= transaction.stage is Stage.COMMITTING
            state = self.ledger.state(view.scope, name, marker)
            paused = name in view.documents and view.documents[name].paused
            if state is not ObjectState.DELETED and paused != (state is ObjectState.PAUSED):
                yield Violation(Kind.HALF, f"{where}: {state}, and paused is {paused}")
        if name in scope.gone:
            yield Violation(Kind.CAME_BACK, where)
        elif marker < scope.seen.get(name, marker):
            yield Violation(Kind.WENT_BACK, f"{where} after {scope.seen[name]}")
        scope.seen[name] = max(marker, scope.seen.get(name, marker))

    def _judge_absent(self, scope: _Scope, view: View) -> Iterator[Violation]:
        for name in scope.seen.keys() - scope.gone - view.index.keys():
            deletion = self.ledger.deletion(view.scope, name)
            if deletion is not None:
                scope.gone.add(name)
                deletion.shown |= deletion.stage is Stage.COMMITTING
            elif not self.ledger.is_trigger(view.scope, name):
                yield Violation(Kind.VANISHED, f"{view.scope}: {name}")

    def _judge_together(
        self, scope: _Scope, view: View, markers: dict[str, int]
    ) -> Iterator[Violation]:
        for transaction in scope.together:
            if transaction.stage is Stage.ROLLED_BACK:
                continue
            reached = {
                fact: self._reached(scope, view, markers, fact)
                for fact in transaction.facts
                if fact.scope == view.scope
            }
            if {True, False} <= set(reached.values()):
                yield Violation(Kind.HALF, f"{view.scope}: {reached}")

    def _measure(
        self, scope: _Scope, view: View, markers: dict[str, int], patience_since: float
    ) -> None:
        """How long it took what shows now for the first time; the rest goes on being awaited."""
        left = []
        for awaited in scope.awaited:
            reached = self._reached(scope, view, markers, awaited.fact)
            if reached:
                waited = view.at - max(awaited.since, patience_since)
                if awaited.counts:
                    bisect.insort(self.staleness, max(waited, 0.0))
            elif reached is False or awaited.fact.object_id in view.index:
                left.append(awaited)
        scope.awaited = left

    def _reached(
        self, scope: _Scope, view: View, markers: dict[str, int], fact: Fact
    ) -> bool | None:
        """Whether a look shows this fact or a later one; None where it can't tell."""
        if fact.object_id in markers:
            if fact.state is ObjectState.DELETED:
                return False
            return markers[fact.object_id] >= fact.marker
        if fact.state is ObjectState.TOLD or fact.object_id in view.index:
            return None
        if fact.object_id in scope.gone or fact.state is ObjectState.DELETED:
            return True
        # Never seen: not made yet, or made and deleted between two looks.
        return None if self.ledger.deletion(view.scope, fact.object_id) else False

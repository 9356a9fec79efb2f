"""What the journal says was committed, held against what Redis showed, look by look."""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cachesync.tests.faults.journal import Fact, Line, ObjectState, Stage
from cachesync.tests.faults.views import Kind, View, Violation

LIMIT_S = 30.0
"""What the architecture promises for a committed change."""
PATIENCE = 200
"""Transactions of several objects that are looked at again, a scope."""


@dataclass
class _Transaction:
    facts: list[Fact]
    stage: Stage = Stage.COMMITTING


@dataclass
class _Awaited:
    """A committed fact that nobody has seen yet."""

    fact: Fact
    since: float
    counts: bool = True
    """Its time tells of the product; that of what was there before tells of nothing."""
    reported: bool = False


@dataclass
class _ScopeHistory:
    version: tuple[int, int] = (0, 0)
    facts: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """Object → marker → transaction."""
    seen: dict[str, int] = field(default_factory=dict)
    """The newest marker that was seen of each object, gone ones included."""
    gone: set[str] = field(default_factory=set)
    awaited: list[_Awaited] = field(default_factory=list)
    together: deque[str] = field(default_factory=lambda: deque(maxlen=PATIENCE))
    """Transactions that touched several objects of this scope."""


class History:
    """Everything that was told and seen. Fed with journal lines after each look, then asked."""

    def __init__(self) -> None:
        self.staleness: list[float] = []
        """Seconds from commit to sight, for each object of each transaction, ascending."""
        self.committed = 0
        """Transactions."""
        self._scopes: dict[str, _ScopeHistory] = defaultdict(_ScopeHistory)
        self._transactions: dict[str, _Transaction] = {}
        self._shown: set[str] = set()
        """Transactions that were seen before we knew that they committed."""

    @property
    def scopes(self) -> list[str]:
        return list(self._scopes)

    def told(self, line: Line) -> Iterator[Violation]:
        """Take in what a writer says; a transaction that was seen must not be rolled back."""
        if line.stage is Stage.BASELINE:
            self._baseline(line)
            return
        name = line.data["tx"]
        if line.stage is Stage.COMMITTING:
            transaction = self._transactions.setdefault(name, _Transaction([]))
            transaction.facts = list(line.facts())
            self._enter(name, transaction)
            return
        transaction = self._transactions.setdefault(name, _Transaction([]))
        if transaction.stage is line.stage:
            return
        transaction.stage = line.stage
        if line.stage is Stage.COMMITTED:
            self.committed += 1
            for fact in transaction.facts:
                self._scopes[fact.scope].awaited.append(_Awaited(fact, line.at))
        elif name in self._shown:
            yield Violation(Kind.UNCOMMITTED, f"{transaction.facts}: seen, then rolled back")

    def judge(self, view: View, *, patience_since: float) -> Iterator[Violation]:
        """What a look shows against all that was told. Nothing older than `patience_since`
        is late: until then Redis was away.
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
        self._await(scope, view, markers, patience_since)

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
            scope = self._scopes[name]
            scope.seen.clear()
            scope.gone.clear()
            scope.together.clear()
            scope.awaited.clear()

    def _baseline(self, line: Line) -> None:
        name = f"baseline at {line.at}"
        transaction = _Transaction(list(line.facts()), Stage.COMMITTED)
        self._transactions[name] = transaction
        for fact in transaction.facts:
            scope = self._scopes[fact.scope]
            scope.facts[fact.object_id][fact.marker] = name
            scope.awaited.append(_Awaited(fact, line.at, counts=False))

    def _enter(self, name: str, transaction: _Transaction) -> None:
        touched: dict[str, int] = defaultdict(int)
        for fact in transaction.facts:
            self._scopes[fact.scope].facts[fact.object_id][fact.marker] = name
            touched[fact.scope] += 1
        for scope, count in touched.items():
            if count > 1:
                self._scopes[scope].together.append(name)

    def _judge_object(
        self, scope: _ScopeHistory, view: View, name: str, marker: int
    ) -> Iterator[Violation]:
        where = f"{view.scope}: {name} at {marker}"
        transaction = scope.facts[name].get(marker)
        if transaction is None:
            yield Violation(Kind.UNCOMMITTED, f"{where}: nobody was about to commit that")
        else:
            stage = self._transactions[transaction].stage
            if stage is Stage.ROLLED_BACK:
                yield Violation(Kind.UNCOMMITTED, f"{where}: it was rolled back")
            elif stage is Stage.COMMITTING:
                self._shown.add(transaction)
            yield from self._judge_state(view, transaction, name, marker)
        if name in scope.gone:
            yield Violation(Kind.CAME_BACK, where)
        elif marker < scope.seen.get(name, marker):
            yield Violation(Kind.WENT_BACK, f"{where} after {scope.seen[name]}")
        scope.seen[name] = max(marker, scope.seen.get(name, marker))

    def _judge_state(
        self, view: View, transaction: str, name: str, marker: int
    ) -> Iterator[Violation]:
        if name not in view.documents:
            return
        state = next(
            fact.state
            for fact in self._transactions[transaction].facts
            if (fact.object_id, fact.marker) == (name, marker)
        )
        paused = view.documents[name].paused
        if paused != (state is ObjectState.PAUSED) and state is not ObjectState.DELETED:
            yield Violation(Kind.HALF, f"{view.scope}: {name} is {state} and paused is {paused}")

    def _judge_absent(self, scope: _ScopeHistory, view: View) -> Iterator[Violation]:
        for name in scope.seen.keys() - scope.gone - view.index.keys():
            deletion = self._deletion(scope, name)
            if deletion is not None:
                scope.gone.add(name)
                if self._transactions[scope.facts[name][deletion]].stage is Stage.COMMITTING:
                    self._shown.add(scope.facts[name][deletion])
            elif not self._is_trigger(scope, name):
                yield Violation(Kind.VANISHED, f"{view.scope}: {name}")

    def _judge_together(
        self, scope: _ScopeHistory, view: View, markers: dict[str, int]
    ) -> Iterator[Violation]:
        for name in scope.together:
            transaction = self._transactions[name]
            if transaction.stage is Stage.ROLLED_BACK:
                continue
            reached = {
                fact: self._reached(scope, view, markers, fact)
                for fact in transaction.facts
                if fact.scope == view.scope
            }
            if {True, False} <= set(reached.values()):
                yield Violation(Kind.HALF, f"{view.scope}: {reached}")

    def _reached(
        self, scope: _ScopeHistory, view: View, markers: dict[str, int], fact: Fact
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
        return None if self._deletion(scope, fact.object_id) is not None else False

    def _await(
        self, scope: _ScopeHistory, view: View, markers: dict[str, int], patience_since: float
    ) -> None:
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

    def _deletion(self, scope: _ScopeHistory, name: str) -> int | None:
        """The marker of an object's deletion, unless that was rolled back."""
        for marker, transaction in scope.facts.get(name, {}).items():
            known = self._transactions[transaction]
            if known.stage is not Stage.ROLLED_BACK and any(
                fact.object_id == name and fact.state is ObjectState.DELETED
                for fact in known.facts
                if fact.marker == marker
            ):
                return marker
        return None

    def _is_trigger(self, scope: _ScopeHistory, name: str) -> bool:
        return any(
            fact.state is ObjectState.TOLD
            for transaction in scope.facts[name].values()
            for fact in self._transactions[transaction].facts
            if fact.object_id == name
        )

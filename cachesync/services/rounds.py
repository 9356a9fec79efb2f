"""One pass over scopes: each by itself, so that none holds up or breaks the others."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

import redis
import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from cachesync.contracts import Look, Result, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope
from cachesync.services.conditions import (
    ISOLATED_AFTER,
    durations_remember,
    postponed,
    scope_failed,
    scopes_settled,
)
from cachesync.services.project import scope_project
from cachesync.store import Store

logger = structlog.get_logger(__name__)

OTHER_HISTORY = frozenset({Result.AHEAD, Result.DIVERGED})
UNSETTLED = OTHER_HISTORY | {Result.CONFLICT, Result.STALE}

Task: TypeAlias = tuple[Scope, Version, Look]
"""A scope, the version that it should have, and how closely to look."""

WORKERS = 2
"""Threads of a large round: while one waits for Postgres or Redis, another one renders."""
FEW = 50
"""Up to so many scopes are projected one after the other, on the caller's connection."""
SESSION_SCOPES = 100
"""After so many a worker takes a new connection. A session of Postgres keeps what it has learnt
of every schema, half a megabyte each, until it ends."""


@dataclass
class Round:
    """What one sweep or reconciliation did. `results` counts scopes by result; NOOP is none.

    `known` is what was remembered of the scopes when it began. After `deadline` (of
    `time.monotonic`) nothing new is begun: the next round goes on, since what is done is done.
    """

    store: Store
    known: Mapping[Scope, ProjectedScope] = field(default_factory=dict)
    deadline: float | None = None
    impatient: bool = False
    """Also try what failed a moment ago: somebody stands there and waits."""
    scopes: int = 0
    results: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    left: int = 0
    """Scopes that wait for the next round, because of the deadline."""
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    _counting: Lock = field(default_factory=Lock)
    _durations: dict[Scope, float] = field(default_factory=dict)
    _fine: set[Scope] = field(default_factory=set)
    _unsettled: set[Scope] = field(default_factory=set)
    _other_history: set[Scope] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Every scope is as Postgres has it, or was when we looked."""
        return not (
            self.failed or self.postponed or self.left or any(self.results[r] for r in UNSETTLED)
        )

    @property
    def complete_enough(self) -> bool:
        """The same, without the tenants that nobody waits for.

        They failed again and again, or Redis has another history of theirs, which runs on until an
        operator decides.
        """
        troubled = {*self._unsettled, *map(Scope, self.postponed)}
        return not self.left and all(map(self._is_excused, troubled))

    def _is_excused(self, scope: Scope) -> bool:
        row = self.known.get(scope)
        return scope in self._other_history or (row is not None and row.failures >= ISOLATED_AFTER)

    @property
    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    @property
    def counted(self) -> dict[str, int]:
        """The results as a log shows them."""
        return {str(result): number for result, number in self.results.items()}

    def is_troubled(self, scope: Scope) -> bool:
        """Whether something is wrong with it that this round couldn't, or wouldn't, mend."""
        return scope in self._unsettled or scope.id in self.postponed

    def project_all(self, tasks: Iterable[Task]) -> dict[Scope, Result | None]:
        """Project many, as `project` does; several at a time where they are really many."""
        todo = deque(tasks)
        results: dict[Scope, Result | None] = {}

        def work(limit: int) -> None:
            for scope, wanted, look in _taken(todo, limit):
                results[scope] = self.project(scope, wanted, look=look)

        def work_apart() -> None:
            try:
                while todo:
                    work(SESSION_SCOPES)
                    connection.close()  # this thread's
            except BaseException:
                todo.clear()  # it concerns all
                connection.close()
                raise

        if len(todo) <= FEW:
            work(len(todo))
            return results
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="projection") as pool:
            workers = [pool.submit(copy_context().run, work_apart) for _ in range(WORKERS)]
        for worker in workers:
            worker.result()
        return results

    def project(
        self,
        scope: Scope,
        wanted: Version,
        *,
        look: Look = Look.INDEX,
        release: frozenset[str] = frozenset(),
    ) -> Result | None:
        """Project a scope, unless it has just failed or the time is over. None: it isn't done."""
        if self.is_over:
            with self._counting:
                self.left += 1
            return None
        if not self.impatient and postponed(self.known.get(scope), wanted, timezone.now()):
            self.postponed.append(scope.id)
            return None
        result = None
        with self.isolated(scope, wanted):
            began = time.monotonic()
            result = scope_project(scope=scope, store=self.store, look=look, release=release)
            if result is Result.OK:
                self._durations[scope] = time.monotonic() - began
            if result is not Result.NOOP:
                with self._counting:
                    self.results[result] += 1
            (self._unsettled if result in UNSETTLED else self._fine).add(scope)
            if result in OTHER_HISTORY and not scope.is_platform:
                self._other_history.add(scope)
        return result

    @contextmanager
    def isolated(self, scope: Scope, wanted: Version) -> Iterator[None]:
        """One scope's poison is remembered, and keeps nobody else from being projected.

        Raises what concerns all scopes: Redis or PostgreSQL doesn't answer.
        """
        try:
            yield
        except Exception as error:
            if self._concerns_all(error):
                raise
            logger.exception("projection.scope_failed", scope=scope.id)
            self.failed.append(scope.id)
            self._unsettled.add(scope)
            scope_failed(scope=scope, version=wanted, error=error, now=timezone.now())

    def _concerns_all(self, error: Exception) -> bool:
        if isinstance(error, OperationalError | InterfaceError):
            return not connection.is_usable()  # else a lock or a statement took too long
        if isinstance(error, redis.TimeoutError):
            self.store.ping()  # raises, if it isn't this scope alone that takes too long
            return False
        return isinstance(error, redis.ConnectionError | redis.ReadOnlyError)

    def finish(self, seen_fine: Iterable[Scope] = ()) -> None:
        """Remember how it went. `seen_fine`: scopes that were found as they should be."""
        self.seconds = time.monotonic() - self.started
        if self._durations:
            durations_remember(self._durations)
            self._durations = {}
        self._fine.update(seen_fine)
        mended = [
            scope
            for scope in self._fine - self._unsettled
            if (row := self.known.get(scope)) and row.condition != row.Condition.SETTLED
        ]
        if mended:
            scopes_settled(mended)


def in_fresh_sessions(scopes: Iterable[Scope]) -> Iterator[Scope]:
    """One after the other, with a new connection to Postgres after `SESSION_SCOPES` of them."""
    for number, scope in enumerate(scopes):
        if number and number % SESSION_SCOPES == 0:
            connection.close()
        yield scope


def _taken(todo: deque[Task], limit: int) -> Iterator[Task]:
    """Up to `limit` tasks, each taken when its turn comes: others take from the same queue."""
    for _ in range(limit):
        try:
            task = todo.popleft()
        except IndexError:
            return
        yield task

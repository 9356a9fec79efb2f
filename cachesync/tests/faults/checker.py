"""The checker: a process that reads Redis all the while and knows every committed state.

It never writes to Redis, shares no code with what does, and knows Postgres only by the writers'
journal. `run` ends at SIGTERM and leaves a report.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import redis

from cachesync.tests.faults import runtime
from cachesync.tests.faults.history import History
from cachesync.tests.faults.journal import JournalReader, Line, Stage
from cachesync.tests.faults.views import (
    CANARY,
    PLATFORM,
    Kind,
    Unstable,
    Violation,
    judge,
    judge_catalogue,
    look,
    look_at_catalogue,
)

EXAMPLES = 5
READER_EVERY_S = 0.25
SCAN_EVERY_S = 1.0
REPORT_EVERY_S = 0.5
_READER = "reader"
"""Beside the scopes: what a whole configuration suffers."""


@dataclass
class Report:
    """What the checker saw. `excused` are violations that a fault itself is."""

    looks: int = 0
    readings: int = 0
    """Whole configurations, read as the contract says."""
    changes: int = 0
    """Entries of the change stream."""
    away: int = 0
    """Looks that Redis didn't answer."""
    committed: int = 0
    """Transactions."""
    seen: int = 0
    staleness_max: float = 0.0
    staleness_p99: float = 0.0
    staleness_p50: float = 0.0
    unseen: list[str] = field(default_factory=list)
    violations: dict[str, int] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.looks} looks, {self.changes} changes, {self.seen} committed facts seen, "
            f"at the latest after {self.staleness_max:.2f} s"
        )


@dataclass
class _Fault:
    """What a fault does to readers by itself, until a scope was seen whole again after it."""

    excuses: frozenset[str]
    within_s: float
    stops_clock: bool
    over_at: float | None = None
    healed: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    """Scopes whose chain of changes broke since it was over: once each, it has to."""

    def excuses_now(self, scope: str, kind: Kind, now: float) -> bool:
        if kind not in self.excuses:
            return False
        if self.over_at is None:
            return True
        if kind is Kind.TWO_WINNERS:
            again = scope in self.broken
            self.broken.add(scope)
            return not again
        return scope not in self.healed and now <= self.over_at + self.within_s


class Checker:
    def __init__(self, url: str, journal: Path) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        self._text = redis.Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=5, decode_responses=True
        )
        self._journal = JournalReader(journal)
        self._history = History()
        self._faults: dict[str, _Fault] = {}
        self._patience_since = 0.0
        self._cursor = "0"
        self._applied: dict[str, tuple[str, str]] = {}
        self._violations: dict[Kind, int] = defaultdict(int)
        self._excused: dict[Kind, int] = defaultdict(int)
        self._examples: dict[str, list[str]] = defaultdict(list)
        self._report = Report()
        self._was_ready = False
        self._read_at = self._scanned_at = 0.0

    def round(self) -> None:
        """Look at every scope once."""
        self._drain()
        for scope in self._history.scopes:
            try:
                self._look_at(scope)
            except (redis.RedisError, OSError):
                self._report.away += 1
                self._drain()
        self._occasionally()
        self._note("", self._history.late(time.monotonic(), patience_since=self._patience))

    def look_everywhere(self) -> None:
        """A round in which nothing is left for later."""
        self._read_at = self._scanned_at = 0.0
        self.round()

    def report(self) -> Report:
        report, staleness = self._report, self._history.staleness
        report.seen = len(staleness)
        report.committed = self._history.ledger.committed
        if staleness:
            report.staleness_max = staleness[-1]
            report.staleness_p99 = staleness[int(len(staleness) * 0.99)]
            report.staleness_p50 = staleness[len(staleness) // 2]
        report.unseen = [str(fact) for fact in self._history.unseen()]
        report.violations = {str(kind): count for kind, count in self._violations.items()}
        report.excused = {str(kind): count for kind, count in self._excused.items()}
        report.examples = dict(self._examples)
        return report

    @property
    def _patience(self) -> float:
        """While a fault stops the clock nothing is late; then it starts anew."""
        if any(fault.over_at is None and fault.stops_clock for fault in self._faults.values()):
            return time.monotonic()
        return self._patience_since

    def _look_at(self, scope: str) -> None:
        try:
            view = look(self._redis, scope)
        except Unstable:
            return
        # Only now: whatever this look shows was told before it was done.
        self._drain()
        self._report.looks += 1
        violations = list(judge(view))
        violations += self._history.judge(view, patience_since=self._patience_since)
        self._note(scope, violations)
        if not violations:
            self._heal(scope, view.asked_at)

    def _heal(self, scope: str, at: float) -> None:
        """It was whole at that time: after these faults, it must stay so."""
        for fault in self._faults.values():
            if fault.over_at is not None and fault.over_at < at:
                fault.healed.add(scope)

    def _drain(self) -> None:
        for line in self._journal.new_lines():
            if line.stage in {Stage.FAULT, Stage.FAULT_OVER}:
                self._hear_of_fault(line)
            else:
                self._note("", self._history.told(line))

    def _hear_of_fault(self, line: Line) -> None:
        if line.stage is Stage.FAULT:
            data = line.data
            self._faults[data["name"]] = _Fault(
                frozenset(data["excuses"]), data["within_s"], data["stops_clock"]
            )
            return
        fault = self._faults[line.data["name"]]
        fault.over_at = line.at
        if fault.stops_clock:
            self._patience_since = max(self._patience_since, line.at)
        self._history.forget(line.data.get("other_history", ()))

    def _note(self, scope: str, violations: Iterable[Violation]) -> None:
        now = time.monotonic()
        for kind, detail in violations:
            if any(fault.excuses_now(scope, kind, now) for fault in self._faults.values()):
                self._excused[kind] += 1
                continue
            self._violations[kind] += 1
            if len(self._examples[kind]) < EXAMPLES:
                self._examples[kind].append(f"{now:.3f} {detail}")

    def _occasionally(self) -> None:
        now = time.monotonic()
        found: list[tuple[str, Violation]] = []
        try:
            found += self._changes()
            if now - self._read_at > READER_EVERY_S:
                self._read_at = now
                found += self._read_as_runtime()
            if now - self._scanned_at > SCAN_EVERY_S:
                self._scanned_at = now
                found += self._scan()
        except (redis.RedisError, OSError):
            self._report.away += 1
        # Of a fault, too, it was told before it could be seen.
        self._drain()
        for scope, violation in found:
            self._note(scope, [violation])

    def _changes(self) -> Iterator[tuple[str, Violation]]:
        """Each change of a scope starts where the last one ended: else two writers won."""
        answer: Any = self._text.xread({"platform:projection:changes": self._cursor}, count=1000)
        for _, entries in answer:
            for self._cursor, entry in entries:
                self._report.changes += 1
                scope, epoch, rev = entry["scope"], entry["epoch"], entry["rev"]
                last_epoch, last = self._applied.get(scope, ("", ""))
                self._applied[scope] = (epoch, rev)
                if last_epoch == epoch and last != entry["prev_rev"]:
                    detail = f"{scope}: {entry['prev_rev']} to {rev}, it was at {last}"
                    yield scope, Violation(Kind.TWO_WINNERS, detail)

    def _read_as_runtime(self) -> Iterator[tuple[str, Violation]]:
        """A runtime that starts now must get a whole configuration."""
        started = time.monotonic()
        try:
            configuration = runtime.read(self._text)
        except runtime.NotReady as problem:
            if self._was_ready:
                yield _READER, Violation(Kind.UNREADABLE, f"not ready any more: {problem}")
            return
        except (runtime.Torn, ValueError, KeyError, TypeError, AttributeError) as problem:
            yield _READER, Violation(Kind.UNREADABLE, repr(problem))
            return
        self._was_ready = True
        self._report.readings += 1
        self._heal(_READER, started)
        for tenant_id, monitor in configuration.monitors():
            for network in set(monitor["networks"]) - configuration.networks:
                # As the contract has it: look again before rejecting.
                if not self._text.exists(f"platform:networks:{network}"):
                    detail = f"{tenant_id}: names {network}"
                    yield tenant_id, Violation(Kind.OPEN_REFERENCE, detail)
            if monitor["paused"]:
                yield tenant_id, Violation(Kind.RUNS, f"{tenant_id}: runs, and is paused")

    def _scan(self) -> Iterator[tuple[str, Violation]]:
        """Every key there is: nothing in plain text, nothing staged for ever."""
        for key in self._redis.scan_iter(count=1000):
            if b":projection:stage:" in key and self._redis.ttl(key) == -1:
                yield "", Violation(Kind.LEFTOVER, key.decode())
            if self._redis.type(key) == b"string" and CANARY.encode() in (
                self._redis.get(key) or b""
            ):
                yield "", Violation(Kind.PLAINTEXT, key.decode())
        started = time.monotonic()
        violations = list(judge_catalogue(look_at_catalogue(self._redis)))
        yield from ((PLATFORM, violation) for violation in violations)
        if not violations:
            self._heal(PLATFORM, started)


def _leave(report: Report, out: Path) -> None:
    """Whole or not at all: somebody may be reading it."""
    beside = out.with_suffix(".new")
    beside.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    beside.replace(out)


def run(url: str, journal: Path, out: Path, *, pause_s: float, seed: int) -> None:
    """Check until SIGTERM, then once more. The report is written again and again."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    checker, dice = Checker(url, journal), random.Random(seed)
    reported_at = 0.0
    while not stopping:
        checker.round()
        if time.monotonic() - reported_at > REPORT_EVERY_S:
            reported_at = time.monotonic()
            _leave(checker.report(), out)
        # Never in step with what it watches.
        time.sleep(dice.uniform(0, 2 * pause_s))
    checker.look_everywhere()
    _leave(checker.report(), out)

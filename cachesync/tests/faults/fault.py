"""What a fault is, and who is at work while it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cachesync.tests.faults.ground import Ground
from cachesync.tests.faults.history import LIMIT_S
from cachesync.tests.faults.processes import Writing
from cachesync.tests.faults.views import Kind

DAMAGED = (
    *(Kind.DANGLING, Kind.INCONSISTENT, Kind.OPEN_REFERENCE, Kind.UNREADABLE, Kind.MALFORMED),
    *(Kind.IDLE, Kind.RUNS, Kind.VANISHED, Kind.HALF, Kind.TWO_WINNERS),
)
"""What readers may see of keys that somebody else lost or altered, until they are repaired.

Never that something uncommitted, deleted, foreign or secret shows.
"""
OLD = (*DAMAGED, Kind.WENT_BACK, Kind.CAME_BACK)
"""What they may see of a Redis that was put back to older data."""

Step = Callable[[Ground], None]


def everybody(ground: Ground) -> None:
    """Two writers as in production, one of them on the catalogue too; projector and beat."""
    ground.writer(Writing(switches_network=True))
    ground.writer()
    loops(ground)


def loops(ground: Ground) -> None:
    ground.projector()
    ground.reconciler()


def sweeping(ground: Ground) -> None:
    """The projector alone: what it must find is not to be found by the beat."""
    ground.projector()


def nobody(ground: Ground) -> None:
    """The fault brings whom it needs."""


@dataclass(frozen=True)
class Fault:
    """A fault of the architecture's catalogue, by its words there.

    `crew` starts; at a random moment `inject` happens, at another one the writers are killed.
    Then Redis must hold what Postgres has, `within_s` seconds later at most, and `holds` must.
    """

    name: str
    inject: Step
    holds: Step = nobody
    crew: Step = everybody
    within_s: float = LIMIT_S
    deeply: bool = False
    """Nothing but a comparison of all bytes finds it: a deep cycle more."""

    def run(self, ground: Ground) -> float:
        """All of it; how long Redis took. Raises AssertionError."""
        ground.compares_bytes = self.deeply
        self.crew(ground)
        ground.random_moment()
        self.inject(ground)
        ground.random_moment()
        ground.rest()
        seconds = ground.settle(self.within_s + self.deeply * ground.pace.deep_s)
        self.holds(ground)
        return seconds

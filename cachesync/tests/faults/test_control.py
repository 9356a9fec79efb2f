"""The control: writers as people write them first. The checker must catch each of their flaws."""

from __future__ import annotations

import pytest

from cachesync.tests.faults import processes
from cachesync.tests.faults.conftest import OpenGround
from cachesync.tests.faults.naive import Flaw
from cachesync.tests.faults.views import Kind
from cachesync.tests.faults.workers import until

pytestmark = pytest.mark.faults

WRITERS = 3


@pytest.mark.parametrize(
    ("flaw", "caught"),
    [
        pytest.param(Flaw.NO_COMPARE, Kind.WENT_BACK, id="no_compare"),
        pytest.param(Flaw.PUSH_EARLY, Kind.UNCOMMITTED, id="push_early"),
        pytest.param(Flaw.LIST_FIRST, Kind.DANGLING, id="list_first"),
        pytest.param(Flaw.DELETE_FIRST, Kind.VANISHED, id="delete_first"),
    ],
)
def test_naive_writer__at_work__caught(flaw: Flaw, caught: Kind, open_ground: OpenGround) -> None:
    with open_ground(1) as ground:
        ground.watch(pause_s=0.001)
        writers = [ground.start(processes.naive, flaw) for _ in range(WRITERS)]

        def is_caught() -> bool:
            report = ground.seen_so_far()
            return report is not None and report.violations.get(caught, 0) > 0

        try:
            until(is_caught, 60, caught)
        except AssertionError:
            said = [worker.said() for worker in writers]
            raise AssertionError(f"{ground.seen_so_far()!r}: {said}") from None

"""Every fault of the catalogue, at random moments: nothing wrong is ever to be seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cachesync.tests.faults import damaged, interrupted, rewritten
from cachesync.tests.faults.conftest import SEEDS, OpenGround
from cachesync.tests.faults.fault import Fault

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

FAULTS = (*interrupted.FAULTS, *damaged.FAULTS, *rewritten.FAULTS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_projection__fault_at_a_random_moment__nothing_wrong_is_seen(
    fault: Fault, seed: int, open_ground: OpenGround, record_property: Callable[[str, object], None]
) -> None:
    with open_ground(seed) as ground:
        ground.watch()
        seconds = fault.run(ground)
        report = ground.finish()
    record_property("fault", f"{fault.name}, seed {seed}: equal {seconds:.2f} s after it; {report}")
    assert not report.violations, report.examples
    assert not report.unseen
    assert report.looks

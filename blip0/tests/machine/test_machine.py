"""Two tenants against two truths, over the real API, Postgres and Redis.

A few histories a run; `make test-machine` plays many, longer ones and is never in a hurry.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from blip0.tests.machine.machine import TwoTenants

LONG = os.environ.get("MACHINE") == "long"
PACE = settings(
    max_examples=200 if LONG else 8,
    stateful_step_count=40 if LONG else 25,
    derandomize=not LONG,
    # Looking for a shorter history takes minutes: the long run's are worth that.
    phases=[phase for phase in Phase if LONG or phase is not Phase.shrink],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Thousands of requests: their lines would fill the report, and take a quarter of the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.timeout(0 if LONG else 600)
@pytest.mark.usefixtures("write_through", "quiet")
def test_two_tenants__any_history__each_is_its_truth_and_nothing_of_the_other(
    baseline: Any,
) -> None:
    class Machine(TwoTenants):
        restore = baseline.restore

    run_state_machine_as_test(Machine, settings=PACE)

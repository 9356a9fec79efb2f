"""Test deliveries: one real message through a trigger, as the runtime would send it."""

from triggers.services.deliveries.testing import TESTS_PER_HOUR, trigger_test

__all__ = ["TESTS_PER_HOUR", "trigger_test"]

"""Free slugs and names: within their length, and as the constraints compare them."""

import pytest

from blip0.common.naming import derived_slug, free_name, free_slug
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory


@pytest.mark.parametrize(
    ("taken", "base", "free"),
    [
        ([], "ops", "ops"),
        (["ops-2"], "ops", "ops"),
        (["ops", "ops-2", "ops-4"], "ops", "ops-3"),
        (["a" * 63], "a" * 63, "a" * 61 + "-2"),
        (["a" * 63, "a" * 61 + "-2"], "a" * 63, "a" * 61 + "-3"),
    ],
)
def test_free_slug__some_are_taken__is_the_next(in_acme, taken, base, free):
    for slug in taken:
        MonitorFactory.create(slug=slug)
    MonitorFactory.create(slug=free, deleted_at="2026-01-01T00:00:00Z")

    assert free_slug(base, Monitor.objects) == free


@pytest.mark.parametrize(
    ("taken", "base", "free"),
    [
        (["Ops"], "ops ", "ops (2)"),
        ([" OPS", "ops (2)"], "Ops", "Ops (3)"),
        (["100%"], "100_", "100_"),
        (["a" * 200], "A" * 200, "A" * 196 + " (2)"),
    ],
)
def test_free_name__some_are_taken__is_the_next(in_acme, taken, base, free):
    for name in taken:
        MonitorFactory.create(name=name)

    assert free_name(base, Monitor.objects) == free


def test_derived_slug__name_without_letters__is_the_noun(in_acme):
    MonitorFactory.create(slug="monitor")

    assert derived_slug("→ 警报", "monitor", Monitor.objects) == "monitor-2"

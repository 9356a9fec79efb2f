"""pytest plugin: starts real servers before the settings are read, then brings the fixtures.

`pytest.ini` loads it with `-p`. The fixtures import models, so they come once Django is set up.
"""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from blip0.testing.servers import TestServers

# One run decides: the same examples each time, however slow the machine is. To look for new ones:
# `--hypothesis-profile=default`.
hypothesis.settings.register_profile(
    "tests",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tests")

servers_key = pytest.StashKey[TestServers]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Wraps pytest-django's hook of the same name, which reads the settings."""
    servers = TestServers()
    early_config.stash[servers_key] = servers
    early_config.add_cleanup(servers.stop)
    servers.start()
    return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-golden",
        action="store_true",
        help="Record the golden documents of the runtime contract instead of comparing them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("blip0.testing.fixtures")

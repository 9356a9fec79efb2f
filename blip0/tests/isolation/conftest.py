"""The world of this package, with real commits and the projection written through.

It is made once a module. What a request may change is taken back after it, what it may not is
compared, so that all tests of a module find the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import override_settings

from blip0.testing.database import real_transactions
from blip0.tests.isolation.truth import Watcher
from blip0.tests.isolation.world import World, create_world
from triggers.tests.receivers import web


@pytest.fixture(scope="module")
def committed(baseline: Any, django_db_blocker: Any) -> Iterator[None]:
    """The fixture of that name for a whole module."""
    with redis.Redis.from_url(django_settings.REDIS_PROJECTION_URL) as client:
        client.flushall()
    with real_transactions(baseline, django_db_blocker):
        yield


@pytest.fixture(scope="module")
def received() -> Iterator[tuple[str, list[Any]]]:
    """Where webhooks lead, and what arrived there."""
    with web() as server:
        yield f"http://127.0.0.1:{server.server_port}", server.seen


@pytest.fixture(scope="module")
def world(committed: None, received: tuple[str, list[Any]]) -> World:
    with override_settings(PROJECTION_RECEIVERS=True):
        return create_world(received[0])


@pytest.fixture
def watcher(
    world: World, write_through: None, received: tuple[str, list[Any]]
) -> Iterator[Watcher]:
    found = Watcher((world.acme.tenant_id, world.globex.tenant_id), received[1])
    # A quarter of the time goes into lines that nobody reads.
    logging.disable(logging.WARNING)
    yield found
    logging.disable(logging.NOTSET)
    found.close()

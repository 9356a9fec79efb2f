from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from cachesync.reader import Follower, connect
from cachesync.services.reconcile import reconcile

Follow = Callable[..., Follower]


@pytest.fixture
def follower(store) -> Iterator[Follow]:
    """Makes followers that have started, on a Redis that holds what Postgres has."""
    clients = []

    def start(**options):
        reconcile(store=store)
        client = connect(settings.REDIS_PROJECTION_URL)
        clients.append(client)
        made = Follower(client, **options)
        made.start()
        return made

    yield start
    for client in clients:
        client.close()

"""What a reader in Python takes for one document, and for a tenant when it starts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from django.conf import settings

from cachesync.benchmarks.measures import Measure, percentiles
from cachesync.keys import Scope
from cachesync.reader.reading import connect, list_scopes

ROUND_TRIPS = 5000
TENANTS = 300


class Torn(Exception):
    """A tenant could not be read, though nobody writes."""


def reading(documents: int, tenants: Sequence[str]) -> Iterator[Measure]:
    """With redis-py and hiredis, one connection, one question at a time."""
    client = connect(settings.REDIS_PROJECTION_URL)
    dice = random.Random(documents)  # noqa: S311 - which keys to read
    keys = [
        scope.document(field)
        for scope in map(Scope, dice.sample(tenants, min(len(tenants), 50)))
        for field in cast(list[str], client.hkeys(scope.index))
    ]

    def tenant_read() -> None:
        [listing] = list_scopes(client, [dice.choice(tenants)], {})
        if listing.problem:
            raise Torn(listing.problem)

    for name, question, times in (
        ("PING", client.ping, ROUND_TRIPS),
        ("GET of one document", lambda: client.get(dice.choice(keys)), ROUND_TRIPS),
        ("start-up read of a tenant", tenant_read, TENANTS),
    ):
        yield from percentiles(name, _timed(question, times), documents=documents)
    client.close()


def _timed(question: Callable[[], object], times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        question()
        seconds.append(time.perf_counter() - began)
    return seconds

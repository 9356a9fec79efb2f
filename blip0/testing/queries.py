"""Counting queries the way that matters here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_UNCOUNTED = ("SET search_path", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class QueryLog:
    """The counted statements, in order. Filled when the block ends."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries() -> Iterator[QueryLog]:
    """Collect the statements of the block, without those that switch schema or savepoint.

    One `SET search_path` a connection depends on what ran before: counting it makes a test that
    passes alone and fails in company.
    """
    log = QueryLog()
    with CaptureQueriesContext(connection) as captured:
        yield log
    log.statements = [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].startswith(_UNCOUNTED)
    ]

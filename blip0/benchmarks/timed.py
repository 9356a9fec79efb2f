"""The web process' application, whose answers tell what they cost: `Server-Timing`.

Only the benchmark serves it. A time runs from the server's call to the finished answer, all
middleware included; what a request waited for a thread before isn't in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import connection
from psycopg.sql import Composable

from blip0.wsgi import application as served

_UNCOUNTED: Final = ("SET ", "SAVEPOINT", "RELEASE ", "ROLLBACK ")
_TIMING: Final = re.compile(r"app;dur=([\d.]+), db;dur=([\d.]+);desc=(\d+)")


class Queries:
    """Counts what the connection executes, but for what switches schema or savepoint.

    `slowest`: the seconds of the slowest statement, and its text.
    """

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.slowest = (0.0, "")

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str | Composable,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            taken = time.perf_counter() - began
            text = sql if isinstance(sql, str) else sql.as_string(connection.connection)
            self.seconds += taken
            self.count += not text.startswith(_UNCOUNTED)
            self.slowest = max(self.slowest, (taken, text))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    queries = Queries()
    began = time.perf_counter()

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        milliseconds = (time.perf_counter() - began) * 1000
        timing = (
            f"app;dur={milliseconds:.3f}, db;dur={queries.seconds * 1000:.3f};desc={queries.count}"
        )
        return start_response(status, [*headers, ("Server-Timing", timing)], exc_info)

    with connection.execute_wrapper(queries):
        answer: Iterable[bytes] = served(environ, start)
    return answer


def read_timing(header: str) -> tuple[float, float, int] | None:
    """Milliseconds of the answer, those of its queries, and their number; None: not one of ours."""
    match = _TIMING.fullmatch(header)
    return (float(match[1]), float(match[2]), int(match[3])) if match else None

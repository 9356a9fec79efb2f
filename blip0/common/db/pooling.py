"""Refuses a pooler that hands the session to somebody else between two transactions.

The tenant is in the session's search path. Behind PgBouncer in transaction (or statement) mode the
next transaction runs in another session, and so in another tenant's schema: this must not start.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured

PROBES = 2
"""Transactions that others hold open beside us: a pooler that shares sessions gives them ours."""
TIMEOUT_S = 3.0
"""A pooler with no session left lets us wait."""


def require_own_session(connection: Any, parameters: dict[str, Any]) -> None:
    """Raises `ImproperlyConfigured` where two transactions of `connection` have two sessions.

    `connection` is psycopg's, outside a transaction; `parameters` open another one like it. With
    a session of our own the same process answers, whatever others do. A few milliseconds.
    """
    process = _ask(connection, "SELECT pg_backend_pid()")
    others: list[Any] = []
    try:
        for _ in range(PROBES):
            others.append(psycopg.connect(**{**parameters, "autocommit": True}))
            if _ask(others[-1], "BEGIN; SELECT 1") is None:
                return  # no session left for another one, so this one is ours
            if _ask(connection, "SELECT pg_backend_pid()") != process:
                raise ImproperlyConfigured(
                    "DATABASE_URL leads to a pooler in transaction mode (PgBouncer?): one tenant's "
                    "queries would run in another tenant's schema. Set pool_mode = session, or "
                    "connect to PostgreSQL itself."
                )
    finally:
        for other in others:
            other.close()


def _ask(connection: Any, question: str) -> int | None:
    """The number that answers; None where nothing does in time. The connection is over then."""
    alarm = threading.Timer(TIMEOUT_S, _hang_up, [connection.fileno()])
    alarm.start()
    try:
        cursor = connection.execute(question)
        while cursor.nextset():
            pass
        (number,) = cursor.fetchone()
    except psycopg.OperationalError:
        return None
    finally:
        alarm.cancel()
    return int(number)


def _hang_up(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)

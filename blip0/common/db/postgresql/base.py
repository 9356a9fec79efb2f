"""A kept connection is asked whether it lives only where there is reason to doubt it."""

from __future__ import annotations

import select
from typing import Any

from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantWrapper


class DatabaseWrapper(TenantWrapper):  # type: ignore[misc]  # django-tenants ships no types
    """django-tenants' connection."""

    def close_if_health_check_failed(self) -> None:
        """Django's hook, before the first statement of a request.

        Django asks `SELECT 1` each time. A server that is gone, has restarted or has ended this
        session has said so on its socket: while that is silent, there is nothing to ask about.
        """
        if self.connection is not None and is_silent(self.connection):
            self.health_check_done = True
        super().close_if_health_check_failed()


def is_silent(connection: Any) -> bool:
    """Whether nothing, not even an end, waits to be read from psycopg's idle connection."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)

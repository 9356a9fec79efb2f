"""django-tenants' connection with fewer round trips.

A kept connection is asked whether it lives only where there is reason to doubt it, and the search
path is sent only where the session has another one.
"""

from __future__ import annotations

import select
from typing import Any

from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantWrapper


class DatabaseWrapper(TenantWrapper):  # type: ignore[misc]  # django-tenants ships no types
    """django-tenants' connection."""

    _set_schemas: list[str] | None = None
    _session_path: list[str] | None = None
    """The search path that the session is known to have, whatever schema is wanted by now."""

    @property
    def search_path_set_schemas(self) -> list[str] | None:
        """django-tenants': the path that was sent, None where it has to be sent first."""
        return self._set_schemas

    @search_path_set_schemas.setter
    def search_path_set_schemas(self, path: list[str] | None) -> None:
        # Whatever makes django-tenants forget it (a rollback, a new session) is obeyed here, too.
        self._set_schemas = self._session_path = path

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """django-tenants forgets the path with each switch, also with one there and back."""
        has = self._session_path
        super().set_tenant(tenant, include_public)
        self._session_path = has
        if has == self._get_cursor_search_paths():
            self._set_schemas = has

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

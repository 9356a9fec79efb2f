"""Who is asking, as authentication leaves it in `request.auth`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from blip0.common.actors import Actor


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A caller in one tenant. `permissions` are codenames such as `monitors.write`."""

    tenant_id: UUID
    permissions: frozenset[str]
    actor: Actor

    @property
    def calls_per_hour(self) -> int:
        """How many calls the tenant may make in an hour. No query in the usual case."""
        raise NotImplementedError


def principal_of(request: Request) -> Principal:
    """The caller. Raises `NotAuthenticated` (401) where there is none."""
    if not isinstance(request.auth, Principal):
        raise NotAuthenticated
    return request.auth

"""What other apps may rely on: permissions of roles, and a tenant's limits."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.choices import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one tenant may use: its plan's limits, with staff's overrides. Bytes are bytes."""

    monitors: int
    triggers: int
    api_calls_per_hour: int
    contract_spec_bytes: int
    addresses_per_monitor: int
    conditions_per_monitor: int
    triggers_per_monitor: int


_VIEWER = frozenset(
    {
        "tenant.read",
        "members.read",
        "usage.read",
        "monitors.read",
        "triggers.read",
        "executions.read",
    }
)
_EDITOR = _VIEWER | {"monitors.write", "triggers.write", "executions.replay"}
_ADMIN = _EDITOR | {
    "tenant.write",
    "members.write",
    "api_keys.read",
    "api_keys.write",
    "audit.read",
}
_OWNER = _ADMIN | {"owners.write"}

ROLE_PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OWNER: _OWNER,
    Role.ADMIN: _ADMIN,
    Role.EDITOR: _EDITOR,
    Role.VIEWER: _VIEWER,
}
"""Each role may all that the one below it may. `owners.write`: make or remove an owner."""

PERMISSIONS = _OWNER
"""Every codename there is; an API key's scopes are some of them."""


def role_permissions(role: str) -> frozenset[str]:
    """The codenames that a role grants. Raises `ValueError` for an unknown role."""
    return ROLE_PERMISSIONS[Role(role)]

"""What other apps may rely on: permissions of roles, and a tenant's limits."""

from __future__ import annotations

import re
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


API_KEY_HEADER = "X-API-Key"
_API_KEY = re.compile(r"blp0_([a-z0-9]{8,16})_([0-9A-Za-z_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKeyText:
    """An API key as its owner has it: `blp0_<prefix>_<secret>`."""

    prefix: str
    secret: str

    def __str__(self) -> str:
        return f"blp0_{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        return f"<API key blp0_{self.prefix}_…>"

    @staticmethod
    def is_one(text: str) -> bool:
        """Whether it is meant as a key, well-formed or not."""
        return text.startswith("blp0_")

    @classmethod
    def parse(cls, text: str) -> ApiKeyText | None:
        match = _API_KEY.fullmatch(text)
        return cls(*match.groups()) if match else None

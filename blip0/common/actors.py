"""Who does something: every service takes an `Actor`, every audit record names one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "staff", "api_key", "system"]


@dataclass(frozen=True)
class Actor:
    """The one who acts. Holds id *and* name, so that records stay readable after a deletion."""

    kind: ActorKind
    id: str
    name: str

    @classmethod
    def system(cls, name: str) -> Actor:
        """A command, a beat task or a migration: `name` says which."""
        return cls(kind="system", id="", name=name)

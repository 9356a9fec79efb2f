"""Names of the environment variables that stand for a tenant's secrets in an export."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PREFIX = "BLIP0"


@dataclass
class Variables:
    """Each variable that an export names: what it is for, and its value where that is wanted."""

    purposes: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def named(self, slug: str, field: str, purpose: str) -> str:
        """A name that is valid and not taken yet, such as `BLIP0_OPS_SLACK_SLACK_URL`."""
        base = re.sub(r"[^A-Z0-9]+", "_", f"{PREFIX}_{slug}_{field}".upper())
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        self.purposes[name] = purpose
        return name

    def withdraw(self, name: str) -> None:
        """Leave out a name that isn't needed. It stays taken: others are called the same with
        secrets and without."""
        del self.purposes[name]

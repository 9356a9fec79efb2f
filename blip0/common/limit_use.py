"""How much of a plan's limits tenants use, asked of many at once: apps say where to count."""

from __future__ import annotations

from typing import Final

from blip0.common.registry import Registry

LIMIT_USE: Final[Registry[str]] = Registry("limit that is counted")
"""By limit: a SELECT for `blip0.common.db.schemas.select_in_each` with one row, the schema's name
and how much is used there; of a limit that each monitor has, by the one that uses most."""

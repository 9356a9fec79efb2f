"""Where an object stands in the projection: filled from above, shown by admin and API below.

`cachesync` registers the one provider in its `AppConfig.ready()`. Without it nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from blip0.common.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectionState:
    """What the projection last wrote of an object. `rev` is the scope's version at that time."""

    state: str
    reason: str
    rev: int
    sha256: str
    size: int
    updated_at: datetime


Provider: TypeAlias = Callable[[str, str, Collection[str]], dict[str, ProjectionState]]
"""Takes scope, kind and ids; gives the states of those that it knows. One query."""

PROJECTION_STATES: Registry[Provider] = Registry("provider of projection states")
PROVIDER = "cachesync"


def projection_states(
    scope: str, kind: str, object_ids: Collection[str]
) -> dict[str, ProjectionState]:
    """The states of objects by id. `scope` is a tenant's id as text, or `platform`."""
    if PROVIDER not in PROJECTION_STATES:
        return {}
    return PROJECTION_STATES.get(PROVIDER)(scope, kind, object_ids)

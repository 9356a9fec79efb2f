"""Where an object stands in the projection: filled from above, shown by admin and API below.

`cachesync` registers the one provider in its `AppConfig.ready()`. Without it nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from blip0.common.registry import Registry


class Progress(StrEnum):
    """How far the last change of an object has come."""

    UNKNOWN = "unknown"
    """Redis doesn't answer."""
    SAVED = "saved"
    """It is committed, and not in Redis yet."""
    APPLIED = "applied"
    """It is in Redis, and some reader hasn't said that it has it, or none is there."""
    REFUSED = "refused"
    """A reader can't use it, and goes on with what it had before."""
    ACKNOWLEDGED = "acknowledged"
    """Every reader has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What a reader has against an object. `reader` is its name: for staff only."""

    reader: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectionState:
    """An object's way from the database over Redis to its readers.

    `state`, `reason` and what follows up to `updated_at` are what was last written of it; `rev` is
    the scope's version at that time, and 0 before the first. `saved_rev` is the version of its last
    change, or of something in its document. `readers` counts those that are there.
    """

    state: str
    label: str
    reason: str = ""
    rev: int = 0
    sha256: str = ""
    size: int = 0
    updated_at: datetime | None = None
    saved_rev: int = 0
    applied: bool | None = None
    readers: int = 0
    acknowledged: int = 0
    refusals: tuple[Refusal, ...] = ()

    @property
    def progress(self) -> Progress:
        if self.applied is None:
            return Progress.UNKNOWN
        if not self.applied:
            return Progress.SAVED
        if self.refusals:
            return Progress.REFUSED
        complete = 0 < self.readers == self.acknowledged
        return Progress.ACKNOWLEDGED if complete else Progress.APPLIED


REASONS: Final[Mapping[str, str]] = {
    "disabled": "it is disabled",
    "name_missing": "it has no name",
    "network_disabled": "none of its networks is enabled",
    "no_network": "it names no network",
    "tenant_suspended": "its tenant is suspended",
}
"""Codes of reasons, in words. Others are words already, or told by the state's own name."""


def state_in_words(label: str, reason: str) -> str:
    """Such as "Inactive: its tenant is suspended", and "Paused" for what is paused as paused."""
    if not reason or reason == label.lower():
        return label
    return f"{label}: {REASONS.get(reason, reason)}"


UNWRITTEN = ProjectionState(state="waiting", label="Not written yet")

Provider: TypeAlias = Callable[[str, str, Collection[str]], dict[str, ProjectionState]]
"""Takes scope, kind and ids of objects that exist; gives their states. The number of queries and
of round trips doesn't depend on how many."""

PROJECTION_STATES: Registry[Provider] = Registry("provider of projection states")
PROVIDER = "cachesync"


def projection_states(
    scope: str, kind: str, object_ids: Collection[str]
) -> dict[str, ProjectionState]:
    """The states of objects by id. `scope` is a tenant's id as text, or `platform`.

    Never fails for want of Redis, and waits for it only briefly.
    """
    if PROVIDER not in PROJECTION_STATES:
        return {
            one: ProjectionState(state="waiting", label="Not written yet") for one in object_ids
        }
    return PROJECTION_STATES.get(PROVIDER)(scope, kind, object_ids)

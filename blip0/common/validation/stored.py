"""What was found about saved objects: kept by an app above, shown by the apps below.

`monitors` registers the one store in its `AppConfig.ready()`. Without it nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

from blip0.common.registry import Registry
from blip0.common.validation.findings import Finding

Subject: TypeAlias = Literal["monitor", "trigger"]


class FindingStore(Protocol):
    """Keeps findings of the current tenant's objects."""

    def replace(self, subject: Subject, findings: Mapping[UUID, Sequence[Finding]]) -> int:
        """Make these all that is kept of these objects; how many had others before."""

    def read(self, subject: Subject, ids: Collection[UUID]) -> dict[UUID, tuple[Finding, ...]]:
        """What is kept, for each of `ids`. One query."""


FINDING_STORES: Registry[FindingStore] = Registry("store of findings")
STORE = "monitors"


def findings_replace(subject: Subject, findings: Mapping[UUID, Sequence[Finding]]) -> int:
    """Keep these findings, in the caller's transaction; of how many objects they differ."""
    return FINDING_STORES.get(STORE).replace(subject, findings) if STORE in FINDING_STORES else 0


def stored_findings(subject: Subject, object_id: UUID) -> tuple[Finding, ...]:
    """What is kept of one object: errors first, then by place. One query."""
    if STORE not in FINDING_STORES:
        return ()
    return FINDING_STORES.get(STORE).read(subject, [object_id])[object_id]


def finding_representation(finding: Finding) -> dict[str, Any]:
    """A finding as API and commands show it."""
    return {
        "level": finding.level,
        "code": finding.code,
        "pointer": finding.pointer,
        "message": finding.message,
        "source": finding.source,
    }

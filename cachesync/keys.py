"""The names of everything in the projection's Redis: an API, see `docs/runtime-contract.md`."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.models.versions import PLATFORM_SCOPE

TENANTS = "platform:projection:tenants"
CHANGES = "platform:projection:changes"
READY = "platform:projection:ready"
HEARTBEAT = "platform:projection:heartbeat"

KIND_MONITOR = "monitor"
KIND_NETWORK = "network"
KIND_FILTER = "filter"

_INDEX_PREFIX = {KIND_NETWORK: "networks:", KIND_FILTER: "filters:"}
_KIND = {prefix: kind for kind, prefix in _INDEX_PREFIX.items()}


@dataclass(frozen=True)
class Scope:
    """A tenant's id as text, or `platform`: what has a version and is applied in one call."""

    id: str

    @property
    def is_platform(self) -> bool:
        return self.id == PLATFORM_SCOPE

    @property
    def prefix(self) -> str:
        return "platform" if self.is_platform else f"tenant:{self.id}"

    @property
    def meta(self) -> str:
        return f"{self.prefix}:projection:meta"

    @property
    def index(self) -> str:
        return f"{self.prefix}:projection:index"

    @property
    def active(self) -> str:
        """The set of ids that run. The platform has none: all of its documents count."""
        return "" if self.is_platform else f"{self.prefix}:monitors:active"

    @property
    def channel(self) -> str:
        return f"blip0:{self.prefix}:update"

    def field(self, kind: str, object_id: str) -> str:
        """The index field of a document."""
        return _INDEX_PREFIX.get(kind, "") + object_id

    def resource(self, field: str) -> tuple[str, str]:
        """Kind and id of the document with that index field: the way back from `field`."""
        prefix, colon, object_id = field.partition(":")
        kind = _KIND.get(prefix + colon)
        return (KIND_MONITOR, field) if kind is None else (kind, object_id)

    def document(self, field: str) -> str:
        """The key of the document with that index field."""
        return f"platform:{field}" if self.is_platform else f"{self.prefix}:monitor:{field}"

    def stage(self, rev: int, writer: str) -> str:
        """The prefix of bodies that wait until one call makes a whole large scope visible.

        Each writer has its own: during a deploy two of them render other bytes of one version.
        """
        return f"{self.prefix}:projection:stage:{rev}-{writer}:"


PLATFORM = Scope(PLATFORM_SCOPE)

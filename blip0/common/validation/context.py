"""What a check may know about the world around a document. Everything is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from blip0.common.net import Allowed


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The plan's limits of one document; `None` means that the limit is not checked."""

    spec_bytes: int | None = None
    addresses: int | None = None
    conditions: int | None = None
    triggers: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckContext:
    """Facts that the caller has looked up. What is `None` is unknown, and not checked.

    `author`        who wrote the document; a tenant may do less than staff
    `script_paths`  every `script_path` that exists
    `network_types` network slug → type, for every network that the document may name
    `trigger_keys`  every trigger (id or slug, as the document spells them) it may name
    `trigger_templates`  the text of their messages by these keys (`templates.template_of`)
    `allowed`       what staff allow as targets beside the public internet
    """

    author: Literal["tenant", "staff"] | None = None
    script_paths: frozenset[str] | None = None
    network_types: Mapping[str, str] | None = None
    trigger_keys: frozenset[str] | None = None
    trigger_templates: Mapping[str, str] | None = None
    allowed: Allowed = field(default_factory=Allowed)
    limits: Limits = Limits()


NOTHING_KNOWN = CheckContext()

"""How large the document is that a monitor becomes, and what is refused for it.

Redis holds no larger one than `MAX_DOCUMENT_BYTES`: a monitor that grew beyond would stay in the
runtime as it was before, and only its state would say so. What is measured is the most that the
document can have, with all its networks and triggers enabled: enabling one never makes it too
large. Two changes at once can, of a monitor and of its trigger; that is found by the next check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from blip0.common.canonical import NotCanonical, canonical_size
from blip0.common.sealing import sealed_size
from blip0.common.validation import Finding, InvalidDocument
from monitors.contracts import (
    AROUND_DOCUMENT,
    AROUND_TRIGGER,
    MAX_DOCUMENT_BYTES,
    RUNTIME_KEYS,
    map_viewing_keys,
)
from monitors.selectors import monitor_rows_sizes
from triggers.models import Trigger

_TRIM: Final = "Split the monitor."
_FIXES: Final = {
    **dict.fromkeys(RUNTIME_KEYS, _TRIM),
    "addresses": "Leave out of the specs what the conditions don't need, or split the monitor.",
    "triggers": "Name fewer triggers, or shorten their messages and headers.",
}


def document_parts(values: Mapping[str, Any], triggers: Mapping[str, int]) -> dict[str, int]:
    """Bytes of each part of a normal form's document. `triggers`: sizes by slug."""
    parts = {key: _size(values[key]) for key in RUNTIME_KEYS}
    parts["triggers"] = sum(triggers.get(slug, 0) + AROUND_TRIGGER for slug in values["triggers"])
    sealed: list[int] = []
    map_viewing_keys(
        values["chain_configurations"], lambda _, key: sealed.append(sealed_size(key["value"]))
    )
    parts["chain_configurations"] += sum(sealed)
    return parts


def document_size(values: Mapping[str, Any], triggers: Mapping[str, int]) -> int:
    return AROUND_DOCUMENT + sum(document_parts(values, triggers).values())


def size_findings(values: Mapping[str, Any], triggers: Mapping[str, int]) -> Iterator[Finding]:
    """That the document is too large, at its largest part. Pure."""
    parts = document_parts(values, triggers)
    size = AROUND_DOCUMENT + sum(parts.values())
    if size > MAX_DOCUMENT_BYTES:
        largest = max(parts, key=lambda key: parts[key])
        yield Finding(
            "error",
            "monitor.size",
            f"/{largest}",
            f"The document that the runtime reads would have {size} bytes, {parts[largest]} of "
            f"them for `{largest}`; {MAX_DOCUMENT_BYTES} are allowed. {_FIXES[largest]}",
            "policy",
            "policy",
        )


def require_fitting_documents(trigger: Trigger) -> None:
    """Raises `InvalidDocument` if a monitor that names the trigger becomes too large by it.

    Three queries, which load no spec.
    """
    sizes = monitor_rows_sizes(trigger)
    large = {slug: AROUND_DOCUMENT + size for slug, size in sizes.items()}
    large = {slug: size for slug, size in large.items() if size > MAX_DOCUMENT_BYTES}
    if large:
        slug = max(large, key=lambda slug: large[slug])
        more = f" So would {len(large) - 1} more." if len(large) > 1 else ""
        finding = Finding(
            "error",
            "trigger.monitor_size",
            "/config",
            f"With this the document of the monitor `{slug}` would have {large[slug]} bytes; "
            f"{MAX_DOCUMENT_BYTES} are allowed.{more} Shorten the trigger, or take it out of the "
            "monitor.",
            "policy",
            "policy",
        )
        raise InvalidDocument([finding])


def _size(value: object) -> int:
    try:
        return canonical_size(value)
    except NotCanonical:  # refused for that
        return 0

"""Keys that the platform writes, in documents that are read, changed and sent back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from blip0.common.validation.findings import Finding


def without_read_only(
    data: Mapping[str, Any], keys: Collection[str], *, current: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[Finding]]:
    """`data` without the read-only `keys`, and an error for each that isn't as it is read.

    `current` is how the object reads now; None where it is yet to be created, so that none of
    these keys may be there.
    """
    findings = [
        Finding(
            "error",
            "read_only",
            f"/{key}",
            f"`{key}` is written by the platform; leave it out.",
            "policy",
            "policy",
        )
        for key in data
        if key in keys and (current is None or data[key] != current[key])
    ]
    return {key: value for key, value in data.items() if key not in keys}, findings

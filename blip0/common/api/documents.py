"""What callers send as a document: an object, its read-only keys, and what PUT leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.request import Request

from blip0.common.validation import Finding, InvalidDocument


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object; an empty body is an empty one. Raises `InvalidDocument`."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidDocument([_finding("shape.type", "", "The body must be a JSON object.")])
    return data


def without_read_only(
    data: Mapping[str, Any], keys: Collection[str], *, current: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`data` without the read-only `keys`, which may be there as they are `current`ly read.

    So what was read can be changed and sent back. Raises `InvalidDocument` for any other value,
    and for any value of an object that is yet to be created (`current` is None).
    """
    findings = [
        _finding("read_only", f"/{key}", f"`{key}` is written by the platform; leave it out.")
        for key in data
        if key in keys and (current is None or data[key] != current[key])
    ]
    if findings:
        raise InvalidDocument(findings)
    return {key: value for key, value in data.items() if key not in keys}


def whole(
    data: Mapping[str, Any], *, required: Collection[str], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """A document that replaces another as a whole. Raises `InvalidDocument` where keys lack."""
    findings = [
        _finding(
            "shape.missing",
            f"/{key}",
            f"PUT replaces the whole document, and the field `{key}` is missing; add it, "
            "or send what changes with PATCH.",
        )
        for key in required
        if key not in data
    ]
    if findings:
        raise InvalidDocument(findings)
    return {**defaults, **data}


def _finding(code: str, pointer: str, message: str) -> Finding:
    return Finding("error", code, pointer, message, "policy", "policy")

"""What callers send as a document: an object, and what PUT leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from blip0.common.validation import Finding, InvalidDocument


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object; an empty body is an empty one. Raises `InvalidDocument`."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidDocument([_finding("shape.type", "", "The body must be a JSON object.")])
    return data


def checked(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body as this serializer takes it. Raises `InvalidDocument` and `ValidationError`."""
    serializer = form(data=body_of(request))
    serializer.is_valid(raise_exception=True)
    given: dict[str, Any] = serializer.validated_data
    return given


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

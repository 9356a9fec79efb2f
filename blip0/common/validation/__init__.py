"""Checks of documents: what the runtime refuses, and what policy refuses or advises.

`check(kind, value)` is the one entry for services, forms, serializers, import and commands; see
`docs/validation.md`.
"""

from blip0.common.validation.context import CheckContext, Limits
from blip0.common.validation.findings import Finding, InvalidDocument, Report
from blip0.common.validation.read_only import without_read_only
from blip0.common.validation.registry import (
    Check,
    check,
    check_text,
    known_kinds,
    register_kind,
    register_kinds,
)

__all__ = [
    "Check",
    "CheckContext",
    "Finding",
    "InvalidDocument",
    "Limits",
    "Report",
    "check",
    "check_text",
    "known_kinds",
    "register_kind",
    "register_kinds",
    "without_read_only",
]

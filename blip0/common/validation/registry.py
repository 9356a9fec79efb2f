"""The kinds of documents that can be checked, and the one way to check one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from blip0.common.registry import Registry
from blip0.common.strict_json import NotStrictJSON, loads
from blip0.common.validation.context import NOTHING_KNOWN, CheckContext
from blip0.common.validation.findings import Findings, Path, Report
from blip0.common.validation.scan import MAX_TEXT, scan
from blip0.common.validation.secrets import check_secret
from blip0.common.validation.text import check_slug

Check: TypeAlias = Callable[[object, Path, Findings, CheckContext], None]
"""Reports all that is wrong with a value at a place of a document."""

_kinds: Registry[Check] = Registry("document kind")


def register_kind(kind: str, check: Check) -> None:
    """Make a kind known. Raises `AlreadyRegistered` if another check has its name."""
    _kinds.register(kind, check)


def register_kinds(checks: Mapping[str, Check]) -> None:
    """Register an app's `CHECKS`; called by its `AppConfig.ready()`."""
    for kind, check in checks.items():
        register_kind(kind, check)


def known_kinds() -> tuple[str, ...]:
    return tuple(_kinds)


def check(kind: str, value: object, *, context: CheckContext | None = None) -> Report:
    """Check a document that is already parsed.

    Secrets are plain (`{"type", "value"}`): the caller opens sealed ones beforehand. Pure: no
    database, no network, no clock. Raises `KeyError` for an unknown kind and nothing else,
    whatever the value.
    """
    examine = _kinds.get(kind)
    out = Findings()
    if scan(value, out):
        examine(value, None, out, context or NOTHING_KNOWN)
    return out.report(kind)


def check_text(kind: str, text: str, *, context: CheckContext | None = None) -> Report:
    """Check a document as JSON text, repeated keys and all. Raises only as `check` does."""
    out = Findings()
    if len(text) > MAX_TEXT:
        _kinds.get(kind)
        out.policy("limits.text", None, f"The text is longer than {MAX_TEXT} characters; split it.")
        return out.report(kind)
    try:
        value = loads(text)
    except NotStrictJSON as error:
        _kinds.get(kind)
        out.parse_error(error.code, None, error.message)
        return out.report(kind)
    return check(kind, value, context=context)


def _check_object_slug(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    check_slug(value, at, out)


def _check_catalogue_slug(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    check_slug(value, at, out, catalogue=True)


register_kinds(
    {
        "secret": check_secret,
        "slug": _check_object_slug,
        "catalogue_slug": _check_catalogue_slug,
    }
)

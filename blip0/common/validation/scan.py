"""The first look at any document: is it JSON at all, of a size that we examine, free of seals?

Everything after it may rely on that: bounded depth, text that UTF-8 can hold, no foreign types.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from blip0.common.sealing import PREFIX as SEALED_PREFIX
from blip0.common.strict_json import MAX_DEPTH, is_encodable
from blip0.common.validation.findings import Findings, Path, label

MAX_TEXT = 4 * 1024 * 1024
"""Characters of JSON text that we read. A rendered document is at most 1 MiB."""
MAX_NODES = 500_000
MAX_POLICY_DEPTH = 64
_NUMBERS = frozenset({int, bool, type(None)})


def scan(value: object, out: Findings) -> bool:
    """Walk the document once. False if it can't be examined any further."""
    if not isinstance(value, dict | list):
        return _scalar_is_fine(value, None, out)
    nodes, deepest = 1, 0
    deepest_at: Path = None
    stack: list[tuple[dict[Any, object] | list[object], Path, int]] = [(value, None, 1)]
    while stack:
        container, at, depth = stack.pop()
        if depth > MAX_DEPTH:
            return out.parse_error(
                "json.depth", at, f"The document is nested deeper than {MAX_DEPTH} levels."
            )
        if depth > deepest:
            deepest, deepest_at = depth, at
        nodes += len(container)
        if nodes > MAX_NODES:
            out.policy(
                "limits.nodes", None, f"The document has more than {MAX_NODES} values; split it."
            )
            return False
        if isinstance(container, dict) and not all(
            _is_plain(key) or _key_is_fine(key, at, out) for key in container
        ):
            return False
        for key, entry in _entries(container):
            # Nearly all of a document: no place is made for these.
            if type(entry) in _NUMBERS or _is_plain(entry):
                continue
            if isinstance(entry, dict | list):
                stack.append((entry, (at, key), depth + 1))
            elif not _scalar_is_fine(entry, (at, key), out):
                return False
    if deepest > MAX_POLICY_DEPTH:
        out.policy(
            "limits.depth",
            deepest_at,
            f"The document is nested {deepest} levels deep; {MAX_POLICY_DEPTH} are allowed.",
        )
    return True


def _entries(container: dict[Any, object] | list[object]) -> Iterable[tuple[Any, object]]:
    return container.items() if isinstance(container, dict) else enumerate(container)


def _is_plain(item: object) -> bool:
    """Whether this is text that needs no second look, as nearly all is."""
    return isinstance(item, str) and item.isascii() and not item.startswith(SEALED_PREFIX)


def _key_is_fine(key: object, at: Path, out: Findings) -> bool:
    if not isinstance(key, str):
        return out.parse_error("json.type", at, "The keys of an object must be text.")
    return _text_is_fine(key, at, out)


def _scalar_is_fine(item: object, at: Path, out: Findings) -> bool:
    if isinstance(item, str):
        return _text_is_fine(item, at, out)
    if item is None or isinstance(item, bool | int):
        return True
    if isinstance(item, float) and math.isfinite(item):
        return True
    return out.parse_error(
        "json.type", at, f"{label(at)} is not a JSON value; write text or a number."
    )


def _text_is_fine(text: str, at: Path, out: Findings) -> bool:
    if text.startswith(SEALED_PREFIX):
        out.policy(
            "secret.sealed_input",
            at,
            f"{label(at)} begins with `{SEALED_PREFIX}`, which is reserved for encrypted secrets. "
            "Write the plain text.",
        )
    if is_encodable(text):
        return True
    return out.parse_error("json.text", at, f"{label(at)} holds half of a \\u surrogate pair.")

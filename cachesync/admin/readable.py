"""A document as people may read it: indented, and without its secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from blip0.common.audit import redact

KINDS_OF_SECRETS: Final = ("Plain", "Environment", "HashicorpCloudVault")
"""What an OpenZeppelin Monitor secret says of itself: no secret."""


@dataclass(frozen=True)
class Readable:
    """A document as text for people. `problem` says why there is none, or what is odd about it."""

    text: str = ""
    problem: str = ""


def readable(body: bytes | None, mark: Callable[[str], str]) -> Readable:
    """Indented, keys in order, each secret replaced by its `mark`.

    What is no JSON isn't shown: nobody could tell what in it is secret.
    """
    if body is None:
        return Readable()

    def hidden(secret: Any) -> Any:
        if isinstance(secret, Mapping):
            return {
                key: item if key == "type" and item in KINDS_OF_SECRETS else hidden(item)
                for key, item in secret.items()
            }
        if isinstance(secret, list):
            return [hidden(item) for item in secret]
        return mark(json.dumps(secret))

    try:
        shown = redact(json.loads(body), hidden)
        text = json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        return Readable(problem=f"{len(body)} bytes that are no JSON ({error}): not shown.")
    # Half a character is allowed in JSON, and in no answer of ours.
    return Readable(text.encode(errors="replace").decode())


def secret_marker() -> Callable[[str], str]:
    """What stands for a secret: equal ones have equal marks, on this one page and nowhere else."""
    key = secrets.token_bytes(16)

    def mark(secret: str) -> str:
        return f"[secret #{hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()[:6]}]"

    return mark

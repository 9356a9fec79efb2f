"""How long the parts of a trigger may be.

The runtime sets no limit, and each document that names a trigger holds all of it: without these, a
few triggers would fill what all tenants share. Lengths are bytes of UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.findings import Findings, Path

MAX_BODY = 64 * 1024
MAX_TEXT = 4 * 1024
"""Titles, URLs, tokens, passwords and header values."""
MAX_HEADER_NAME = 128
MAX_ITEMS = 50
"""Recipients of an email, and headers of a webhook."""


def check_sizes(config: Mapping[str, object], at: Path, out: Findings) -> None:
    """Refuse what is longer or more than any receiver takes."""
    for key, value in config.items():
        place: Path = (at, key)
        if key == "message" and isinstance(value, Mapping):
            _check_text(value.get("body"), MAX_BODY, (place, "body"), out)
            _check_text(value.get("title"), MAX_TEXT, (place, "title"), out)
        elif key == "headers" and isinstance(value, Mapping):
            _check_count(value, place, out)
            for name, text in list(value.items())[:MAX_ITEMS]:
                _check_text(name, MAX_HEADER_NAME, (place, name[:MAX_HEADER_NAME]), out)
                _check_text(text, MAX_TEXT, (place, name[:MAX_HEADER_NAME]), out)
        elif key == "recipients" and isinstance(value, list):
            _check_count(value, place, out)
        elif isinstance(value, Mapping):  # a secret
            _check_text(value.get("value"), MAX_TEXT, (place, "value"), out)
        else:
            _check_text(value, MAX_TEXT, place, out)


def _check_text(text: object, limit: int, at: Path, out: Findings) -> None:
    if isinstance(text, str) and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
        out.policy(
            "trigger.too_long",
            at,
            f"This has {size} bytes; at most {limit} are allowed. Shorten it.",
        )


def _check_count(items: Mapping[str, object] | list[object], at: Path, out: Findings) -> None:
    if len(items) > MAX_ITEMS:
        out.policy(
            "trigger.too_many",
            at,
            f"There are {len(items)} entries; at most {MAX_ITEMS} are allowed. Leave some out.",
        )

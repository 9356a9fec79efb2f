"""Rules about text, by the runtime's notion of blank, control character and length."""

from __future__ import annotations

import re

from blip0.common.slugs import CATALOGUE_SLUG, OBJECT_SLUG
from blip0.common.validation.findings import Findings, Path, label, shorten

MAX_NAME = 200

WHITESPACE = "".join(
    map(chr, [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)])
) + "".join(map(chr, [0x2028, 0x2029, 0x202F, 0x205F, 0x3000]))
"""Unicode's White_Space. Python's own list has U+001C to U+001F as well; the runtime's has not."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def is_blank(text: str) -> bool:
    return not text.strip(WHITESPACE)


def control_characters(text: str, allowed: str = "") -> bool:
    """Whether `text` holds a control character that `allowed` does not name."""
    return any(match not in allowed for match in _CONTROL.findall(text))


def byte_length(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def check_name(value: object, at: Path, out: Findings) -> None:
    """Policy for the name of a network, monitor, trigger or script; not text is another's error."""
    if not isinstance(value, str):
        return
    if value and is_blank(value):
        out.policy("name.blank", at, f"{label(at)} is blank; write a name.")
    elif len(value) > MAX_NAME:
        out.policy(
            "name.length",
            at,
            f"{label(at)} has {len(value)} characters; {MAX_NAME} are allowed. Shorten it.",
        )
    if control_characters(value):
        out.policy(
            "name.control", at, f"{label(at)} holds a line break or control character; remove it."
        )


def check_slug(value: object, at: Path, out: Findings, *, catalogue: bool = False) -> None:
    """Policy for slugs: of the catalogue (networks, scripts), or of tenants' own objects."""
    if not isinstance(value, str):
        out.policy("slug.format", at, f"{label(at)} must be text.")
        return
    if re.fullmatch(CATALOGUE_SLUG if catalogue else OBJECT_SLUG, value) and "\n" not in value:
        return
    rule = (
        "lower-case letters, digits and `_`, with a letter first, at most 63 characters"
        if catalogue
        else "lower-case letters, digits, `_` and `-`, with a letter or digit first, "
        "at most 63 characters"
    )
    out.policy("slug.format", at, f"{label(at)} `{shorten(value)}` must consist of {rule}.")

"""E-mail addresses by the rules of the runtime's library, which is wider than most mail servers.

It takes `local@domain` and `Name <local@domain>`, letters beyond ASCII in both parts, a quoted
local part and an address literal in brackets. Lengths count in bytes of UTF-8.

Beyond ASCII only letters and numbers count, and inside quotes or brackets not even these: the
library looks for UTF-8 in code points, and finds it in a part of Hangul alone.
"""

from __future__ import annotations

import re
import unicodedata

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import refuse
from blip0.common.validation.text import WHITESPACE, byte_length

MAX_LOCAL = 64
MAX_LABEL = 63
MAX_DOMAIN = 254

_HANGUL = "".join(f"\\u{high:02x}80-\\u{high:02x}bf" for high in range(0xC2, 0xD8))
_ATOM = re.compile(rf"[0-9A-Za-z!#$%&'*+/=?^_`{{|}}~{_HANGUL}-]+")
_QUOTED = re.compile(rf"(?:[\t !#-\[\]-~{_HANGUL}]|\\[!-~])+")
_LITERAL = re.compile(rf"[!-Z^-~{_HANGUL}]*")
_CIRCLED = re.compile(
    "[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
_JOINERS = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VOWEL_SIGNS = frozenset({0, *range(10, 37), 84, 103, 118, 129, 130, 132})
"""Combining classes of marks that are vowels."""


def problem_with(address: str) -> str | None:
    """What is wrong with an address, as half a sentence; None if the runtime takes it."""
    _, separator, rest = address.rpartition(" <")
    if separator:
        rest = rest.strip(WHITESPACE)
        if not rest.endswith(">"):
            return "the `>` that closes the address is missing"
        address = rest[:-1]
    local, at_sign, domain = address.rpartition("@")
    if not at_sign:
        return "it has no `@`"
    return _problem_with_local(local) or _problem_with_domain(domain)


def _problem_with_local(local: str) -> str | None:
    if not local or local == '""':
        return "nothing stands before the `@`"
    if byte_length(local) > MAX_LOCAL:
        return f"the part before the `@` is longer than {MAX_LOCAL} bytes"
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        fine = _QUOTED.fullmatch(local[1:-1]) is not None
    else:
        fine = all(map(_is_atom, local.split(".")))
    return None if fine else "the part before the `@` has a character or dot that can't stand there"


def _problem_with_domain(domain: str) -> str | None:
    if not domain:
        return "nothing stands after the `@`"
    if byte_length(domain) > MAX_DOMAIN:
        return f"the domain is longer than {MAX_DOMAIN} bytes"
    if len(domain) > 1 and domain.startswith("[") and domain.endswith("]"):
        return None if _LITERAL.fullmatch(domain[1:-1]) else "the address in brackets is malformed"
    for part in domain.split("."):
        if not part:
            return "the domain has a dot too many"
        if not (_is_alphanumeric(part[0]) and _is_alphanumeric(part[-1])):
            return "each part of the domain must begin and end with a letter or digit"
        if byte_length(part) > MAX_LABEL:
            return f"a part of the domain is longer than {MAX_LABEL} bytes"
        if not _is_atom(part):
            return "the domain has a character that can't stand there"
    return None


def _is_atom(text: str) -> bool:
    if _ATOM.fullmatch(text):
        return True
    return bool(text) and all(_ATOM.match(one) or _is_alphanumeric(one) for one in text)


def _is_alphanumeric(character: str) -> bool:
    """Letters, numbers, and the vowel signs that many scripts write as marks.

    The library's own list is longer by marks that stand in no name.
    """
    category = unicodedata.category(character)
    if category == "Mn":
        return unicodedata.combining(character) in _VOWEL_SIGNS and not _JOINERS.match(character)
    return category[0] in "LN" or category == "Mc" or _CIRCLED.match(character) is not None


class EmailAddress:
    """A shape: the runtime refuses a document with a malformed address when it parses it."""

    noun = "an e-mail address"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, str):
            return refuse(self.noun, value, at, out)
        problem = problem_with(value)
        if problem is None:
            return True
        return out.parse_error(
            "email.address", at, f"{label(at)} is not an e-mail address: {problem}."
        )


def check_email(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `email`: a single address."""
    if not isinstance(value, str):
        refuse(EmailAddress.noun, value, at, out)
    elif problem := problem_with(value):
        out.invalid("email.address", at, f"{label(at)} is not an e-mail address: {problem}.")

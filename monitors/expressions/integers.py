"""Integers in texts, as the runtime's number types read them.

`rust_integer` is what Stellar's and Solana's values and literals go through, `alloy_integer` what
EVM's do. Both take time in proportion to the text and raise nothing but `NotAnInteger`.
"""

from __future__ import annotations

import re

BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What the runtime's language takes for blanks; Python's own list is a little longer."""

_BASES = {"0x": 16, "0o": 8, "0b": 2}
_LONGEST = 80
"""More decimal digits than an integer of 256 bits has."""
_TOO_LARGE: int = 10**_LONGEST
_NO_DIGITS = "it has no digits"
_NOT_ONLY_DIGITS = "only digits may stand in it"


class NotAnInteger(ValueError):
    """The runtime can't read the text as such an integer. The message says why: "it …"."""


def integer_range(*, signed: bool, bits: int) -> tuple[int, int]:
    """The least and the greatest integer."""
    half = 1 << (bits - 1)
    return (-half, half - 1) if signed else (0, 2 * half - 1)


def rust_integer(text: str, *, signed: bool, bits: int) -> int:
    """Decimal digits, after a plus or, if `signed`, a minus."""
    sign, digits = _sign_and_rest(text, "+-" if signed else "+")
    if not digits:
        raise NotAnInteger(_NO_DIGITS)
    return _fitting(_signed(sign, _magnitude(digits, 10)), signed, bits)


def alloy_integer(text: str, *, signed: bool, bits: int) -> int:
    """Decimal or hexadecimal digits between blanks; a sign only if `signed`.

    [inferred] from the number types: underscores are skipped, `0o` and `0b` lead octal and binary
    digits, and a sign or prefix with nothing but underscores after it is zero.
    """
    text = text.strip(BLANKS)
    if not text or text in {"0x", "0X"}:
        raise NotAnInteger(_NO_DIGITS)
    if not signed:
        return _fitting(_prefixed(text), signed, bits)
    if text.startswith(("0x", "0X")):
        # The raw bits: 0xff…ff is minus one.
        raw = _fitting(_prefixed(text), False, bits)
        return raw - (1 << bits) if raw >> (bits - 1) else raw
    # After a sign, hexadecimal digits too are an absolute value.
    sign, rest = _sign_and_rest(text, "+-")
    return _fitting(_signed(sign, _prefixed(rest)), signed, bits)


def _prefixed(text: str) -> int:
    base = _BASES.get(text[:2].lower(), 10)
    return _magnitude((text if base == 10 else text[2:]).replace("_", ""), base)


def _sign_and_rest(text: str, signs: str) -> tuple[str, str]:
    return (text[0], text[1:]) if text and text[0] in signs else ("", text)


def _signed(sign: str, magnitude: int) -> int:
    return -magnitude if sign == "-" else magnitude


def _magnitude(digits: str, base: int) -> int:
    significant = digits.lstrip("0")
    if not re.fullmatch(r"[0-9A-Za-z]*", significant):
        raise NotAnInteger(_NOT_ONLY_DIGITS)
    if base == 10 and len(significant) > _LONGEST and significant.isdecimal():
        # Python reads long decimal texts in quadratic time, or refuses. This fits no type either.
        return _TOO_LARGE
    try:
        return int(significant or "0", base)
    except ValueError:
        raise NotAnInteger(_NOT_ONLY_DIGITS) from None


def _fitting(number: int, signed: bool, bits: int) -> int:
    low, high = integer_range(signed=signed, bits=bits)
    if not low <= number <= high:
        raise NotAnInteger(f"it doesn't fit into {bits} bits")
    return number

"""Contract addresses, by the type of the network that they are watched on."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection
from functools import lru_cache

from blip0.common.keccak import keccak_256
from blip0.common.validation.findings import Findings, Path, shorten

_EVM = re.compile(r"0x[0-9a-fA-F]{40}")
_MIDNIGHT = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{2}){32,35}")
_BASE58 = {
    character: value
    for value, character in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
STRKEY_ACCOUNT, STRKEY_CONTRACT, STRKEY_MUXED = 6 << 3, 2 << 3, 12 << 3
"""Version bytes of `G…`, `C…` and `M…`."""
_STRKEY_LENGTHS = {STRKEY_ACCOUNT: 35, STRKEY_CONTRACT: 35, STRKEY_MUXED: 43}


def is_evm(address: str) -> bool:
    return _EVM.fullmatch(address) is not None


def is_solana(address: str) -> bool:
    """Base58 of exactly 32 bytes."""
    if not 32 <= len(address) <= 44 or any(character not in _BASE58 for character in address):
        return False
    number = 0
    for character in address:
        number = number * 58 + _BASE58[character]
    zeros = len(address) - len(address.lstrip("1"))
    return zeros + (number.bit_length() + 7) // 8 == 32


def is_stellar(address: str) -> bool:
    """A StrKey of a contract or an account: base32 of version, payload and CRC-16."""
    try:
        raw = base64.b32decode(address + "=" * (-len(address) % 8))
    except (binascii.Error, ValueError):
        return False
    if base64.b32encode(raw).decode().rstrip("=") != address:
        return False
    return (
        bool(raw)
        and _STRKEY_LENGTHS.get(raw[0]) == len(raw)
        and _crc16(raw[:-2]) == int.from_bytes(raw[-2:], "little")
    )


def is_midnight(address: str) -> bool:
    return _MIDNIGHT.fullmatch(address) is not None


FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "EVM": (is_evm, "0x and 40 hexadecimal digits"),
    "Stellar": (is_stellar, "a contract `C…` or account `G…` with 56 characters"),
    "Midnight": (is_midnight, "64 to 70 hexadecimal digits"),
    "Solana": (is_solana, "the base58 text of a program id"),
}
"""Network type → test, and the form in words."""


@lru_cache(maxsize=1024)
def with_checksum(address: str) -> str:
    """The spelling of an EVM address whose capitals are its checksum (EIP-55)."""
    digits = address[2:].lower()
    digest = keccak_256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(digits, digest, strict=False)
    )


def compared(address: str) -> str:
    """The form in which the runtime compares addresses: none of them by its capitals."""
    return address.removeprefix("0x").replace(" ", "").lower()


def check_address(
    address: str,
    network_types: Collection[str],
    at: Path,
    out: Findings,
    *,
    with_capitals: bool = True,
) -> None:
    """Policy: the address must have the form of one of the networks it is watched on.

    `with_capitals`: whether these are held against the checksum, which takes a third of a
    millisecond.
    """
    known = [kind for kind in FORMS if kind in network_types]
    if known and not any(FORMS[kind][0](address) for kind in known):
        forms = " or ".join(f"{FORMS[kind][1]} ({kind})" for kind in known)
        out.policy(
            "address.form",
            at,
            f"`{shorten(address)}` is not an address on the monitor's networks; write {forms}.",
        )
    digits = address[2:]
    mixed = digits != digits.lower() and digits != digits.upper()
    if not (with_capitals and mixed and "EVM" in known and is_evm(address)):
        return
    if address != with_checksum(address):
        out.advise(
            "address.checksum",
            at,
            f"The capitals of `{address}` don't match its checksum: a digit may be wrong. "
            f"If all digits are right, write `{with_checksum(address)}`.",
        )


def _crc16(data: bytes) -> int:
    """CRC-16/XMODEM."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc

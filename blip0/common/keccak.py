"""Keccak-256, the digest of Ethereum's addresses and selectors.

`hashlib` has SHA3-256 only, which pads differently. This is the plain permutation: a third of a
millisecond for a short text, which is all that we hash.
"""

from __future__ import annotations

_RATE = 136
_MASK = 2**64 - 1


def _round_constants() -> list[int]:
    constants, state = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if state & 1:
                constant |= 1 << ((1 << power) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        constants.append(constant)
    return constants


_CONSTANTS = _round_constants()


def keccak_256(data: bytes) -> bytes:
    """The 32-byte digest of `data`."""
    padding = bytearray(_RATE - len(data) % _RATE)
    padding[0] |= 0x01
    padding[-1] |= 0x80
    padded = data + padding
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            offset = start + 8 * lane
            lanes[lane] ^= int.from_bytes(padded[offset : offset + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK if by else value


def _permute(lanes: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        parity = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        mixed = [parity[x - 1] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ mixed[index % 5] for index, lane in enumerate(lanes)]
        x, y, current = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            place = x + 5 * y
            current, lanes[place] = (
                lanes[place],
                _rotate(current, (step + 1) * (step + 2) // 2 % 64),
            )
        lanes = [
            lanes[row + x] ^ (~lanes[row + (x + 1) % 5] & lanes[row + (x + 2) % 5])
            for row in range(0, 25, 5)
            for x in range(5)
        ]
        lanes[0] ^= constant
    return lanes

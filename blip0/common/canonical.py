"""Canonical JSON: equal content gives equal bytes, on every machine and after every rebuild."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

_SCALARS = frozenset({str, int, bool, type(None)})
_CONTAINERS = (dict, list, tuple)


class NotCanonical(ValueError):
    """The value holds something that canonical JSON cannot: a float, a huge integer, a set…"""


def canonical_bytes(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no insignificant blanks.

    Takes None, bool, str, int within ±2^63..2^64, list, tuple and dict with str keys.
    Raises `NotCanonical` for anything else, floats included: their text differs between writers.
    """
    _refuse_floats(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise NotCanonical(str(error)) from error


def canonical_size(value: Any) -> int:
    """How many bytes `canonical_bytes(value)` has, in a fraction of its time: floats pass.

    Raises `NotCanonical`.
    """
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError as error:
        raise NotCanonical(str(error)) from error


def sha256_hex(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _refuse_floats(value: Any) -> None:
    containers: list[Any] = [[value]]
    for container in containers:  # grows meanwhile
        for item in container.values() if isinstance(container, dict) else container:
            if type(item) in _SCALARS:
                continue
            if isinstance(item, float):
                raise NotCanonical(f"{item!r} is a float: canonical JSON holds integers only")
            if isinstance(item, _CONTAINERS):
                containers.append(item)

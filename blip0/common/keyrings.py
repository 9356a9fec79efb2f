"""Keys by id, as variables hold them: `id:base64 of 32 bytes`, separated by commas.

The first key is the one in use; the others still open or verify what was made with them.
"""

from __future__ import annotations

import base64
import binascii
import re

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def parse_keyring(text: str, variable: str) -> dict[str, bytes]:
    """The keys in their order. Raises `ImproperlyConfigured`, which names the variable, no key."""
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not _KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"{variable}: each entry is `id:base64 of {KEY_BYTES} bytes`; make one with "
                f"`python -c 'import os,base64;print(base64.b64encode(os.urandom({KEY_BYTES})))'`."
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"{variable} names the key {key_id!r} twice.")
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured(f"{variable} holds no key.")
    return keys

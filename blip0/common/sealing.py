"""Sealed secrets: `sealed:v1:<key id>:<base64 of nonce and ciphertext>`.

AES-256-GCM with a random 96-bit nonce. The associated data binds a ciphertext to its place:
`<tenant id>|<object id>|<field>`, so that one tenant's secret cannot be moved into another's
document, nor a password into a URL. The runtime opens the same strings by the same rule, which
`docs/sealing.md` states for its authors.

A secret is sealed once, when it is saved: sealing again would change the bytes of every document
that holds it. `keep_or_seal` therefore keeps the stored text when the plain text is unchanged.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from blip0.common.keyrings import parse_keyring

PREFIX = "sealed:"
_FORM = re.compile(r"sealed:v1:([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/]+={0,2})")
_NONCE_BYTES = 12
_TAG_BYTES = 16
_MAX_KEY_ID = 32


class CannotOpen(Exception):
    """A sealed text is malformed, under an unknown key, or not meant for this place."""


@dataclass(frozen=True)
class Place:
    """Where a secret stands. `field` is its key in the document, `headers.<name>` for a header."""

    tenant_id: UUID
    object_id: UUID
    field: str

    def associated_data(self) -> bytes:
        return f"{self.tenant_id}|{self.object_id}|{self.field}".encode()


class Keyring:
    """Keys by id; the first one seals, each of them opens.

    Raises `ImproperlyConfigured` for text that isn't `id:base64 of 32 bytes[,…]`.
    """

    def __init__(self, text: str) -> None:
        keys = parse_keyring(text, "BLIP0_SEALING_KEYS")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.primary = next(iter(keys))

    def seal(self, plain: str, place: Place) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self.primary].encrypt(nonce, plain.encode(), place.associated_data())
        return f"sealed:v1:{self.primary}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, place: Place) -> str:
        """The plain text. Raises `CannotOpen`; its message never holds any part of the secret."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise CannotOpen(f"{place.field}: not of the form sealed:v1:<key id>:<base64>")
        key_id, encoded = match.groups()
        if key_id not in self._keys:
            raise CannotOpen(f"{place.field}: sealed under the key {key_id!r}, which is not known")
        try:
            blob = base64.b64decode(encoded, validate=True)
            plain = self._keys[key_id].decrypt(
                blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], place.associated_data()
            )
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise CannotOpen(f"{place.field}: altered, or sealed for another place") from error
        return plain.decode()

    def keep_or_seal(self, plain: str, place: Place, stored: str | None) -> str:
        """`stored` if it already holds `plain` under the primary key, else `plain` sealed anew."""
        if stored is not None and key_id_of(stored) == self.primary:
            try:
                same = hmac.compare_digest(self.open(stored, place).encode(), plain.encode())
            except CannotOpen:
                same = False
            if same:
                return stored
        return self.seal(plain, place)

    def reseal(self, text: str, place: Place) -> str:
        """The same secret under the primary key; `text` itself where it already is."""
        return self.keep_or_seal(self.open(text, place), place, text)


def is_sealed(value: object) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def key_id_of(text: str) -> str | None:
    match = _FORM.fullmatch(text)
    return match.group(1) if match else None


def sealed_size(plain: str) -> int:
    """The most characters that `plain` has when it is sealed, under whatever key."""
    blob = _NONCE_BYTES + len(plain.encode()) + _TAG_BYTES
    return len("sealed:v1::") + _MAX_KEY_ID + 4 * -(-blob // 3)


def hint(plain: str) -> str:
    """What a reader may see: the last four characters, or nothing of a short secret."""
    return f"…{plain[-4:]}" if len(plain) >= 12 else "…"


def keyring() -> Keyring:
    """The ring of the settings; follows `override_settings`."""
    return _keyring_of(settings.SEALING_KEYS)


@lru_cache(maxsize=4)
def _keyring_of(text: str) -> Keyring:
    return Keyring(text)

"""Sealed secrets: `sealed:v1:<key id>:<base64 of nonce and ciphertext>`, AES-256-GCM."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "sealed:"


def sealing_keys(text: str) -> dict[str, bytes]:
    """The keyring `id:base64 of 32 bytes[,…]` as keys by id. Raises ValueError."""
    entries = [entry.strip().partition(":") for entry in text.split(",") if entry.strip()]
    return {key_id: base64.b64decode(encoded, validate=True) for key_id, _, encoded in entries}


def open_sealed(document: dict[str, Any], keys: Mapping[str, bytes]) -> dict[str, Any]:
    """The monitor's document with every sealed string opened, wherever it stands.

    `keys` maps key ids to 32 bytes. The associated data is `tenant|object|field`: the object is
    the trigger, or the monitor outside `triggers`; the field is the key that holds the secret,
    with `headers.` before a header's name. Raises `cryptography.exceptions.InvalidTag` for a text
    that was altered or is from another place, `KeyError` for an unknown key, else `ValueError`.
    """
    tenant_id = document["tenant_id"]
    opened = dict(document)
    opened["monitor"] = _opened(document["monitor"], (tenant_id, document["id"]), "", keys)
    opened["triggers"] = {
        trigger_id: _opened(trigger, (tenant_id, trigger_id), "", keys)
        for trigger_id, trigger in document["triggers"].items()
    }
    return opened


def _opened(value: Any, owner: tuple[str, str], name: str, keys: Mapping[str, bytes]) -> Any:
    if isinstance(value, dict):
        return {key: _opened(item, owner, _field(name, key), keys) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, owner, name, keys) for item in value]
    if isinstance(value, str) and value.startswith(PREFIX):
        version, key_id, encoded = value.removeprefix(PREFIX).split(":")
        if version != "v1":
            raise ValueError(f"{version} is no version that we know")
        blob = base64.b64decode(encoded, validate=True)
        data = "|".join((*owner, name)).encode()
        return AESGCM(keys[key_id]).decrypt(blob[:12], blob[12:], data).decode()
    return value


def _field(name: str, key: str) -> str:
    """`{"type", "value"}` is one secret under its own key; a header's name follows `headers.`."""
    if name == "headers":
        return f"headers.{key}"
    return name if key in {"type", "value"} and name else key

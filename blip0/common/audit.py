"""What an audit record may hold: the fields that differ, with every secret blanked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from blip0.common.sealing import is_sealed

REDACTED = "[redacted]"
SECRET_KEYS = frozenset(
    {
        "password", "secret", "token", "username", "slack_url", "discord_url", "url",
        "viewing_keys", "secret_hash", "token_hash", "headers", "key",
    }
)  # fmt: skip
"""Keys whose value is blanked wherever it stands. Too much is blanked rather than too little."""
SECRET_ENDINGS = frozenset({"password", "secret", "token", "key", "keys", "url"})
"""The same for keys that end so, such as `api_key`."""
MASK_KEYS = frozenset({"set", "hint", "fingerprint"})
"""Members of what stands for a secret: it may be read, and so recorded."""


def blanked(_secret: Any) -> Any:
    """What stands in an audit record for a secret."""
    return REDACTED


def redact(value: Any, blank: Callable[[Any], Any] = blanked) -> Any:
    """A JSON-able copy without secrets: sealed texts, OZM secret values and `SECRET_KEYS`.

    Masks, `{"set": true, …}`, stay. `blank` gives what stands for each secret; its argument may be
    an object or a list.
    """
    if is_sealed(value):
        return blank(value)
    if isinstance(value, Mapping):
        return {
            str(key): blank(item) if _is_secret(str(key), item, value) else redact(item, blank)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, blank) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _is_secret(key: str, item: Any, owner: Mapping[Any, Any]) -> bool:
    if not item or isinstance(item, bool) or _is_masked(item):
        return False
    name = key.lower()
    return (
        name in SECRET_KEYS
        or name.rpartition("_")[2] in SECRET_ENDINGS
        or (name == "value" and owner.keys() == {"type", "value"})
    )


def _is_masked(item: Any) -> bool:
    masks = item if isinstance(item, list) else [item]
    return all(
        isinstance(mask, Mapping) and mask.get("set") is True and mask.keys() <= MASK_KEYS
        for mask in masks
    )


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The top-level fields that differ, redacted, as they were and as they are.

    Compared before redaction, so that a changed secret shows as a change without showing itself.
    """
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return (
        {key: redact({key: before[key]})[key] for key in keys if key in before},
        {key: redact({key: after[key]})[key] for key in keys if key in after},
    )

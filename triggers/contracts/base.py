"""How a type's document and its table correspond. Pure: no database, no keys.

`config` is the runtime's object, `values` the columns of the type's table by name. Whether the
texts inside are plain, sealed or masked is the caller's affair: `replace_secrets` visits exactly
the places where a secret stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from triggers.choices import TriggerKind

Config: TypeAlias = Mapping[str, Any]
Replace: TypeAlias = Callable[[str, Any], Any]
"""Gets a secret's field (its part of the `Place`) and what stands there; gives what shall."""

_RETRY_KEYS = ("max_retries", "base_for_backoff", "initial_backoff", "max_backoff", "jitter")


@dataclass(frozen=True)
class TriggerContract:
    """One type of trigger.

    `secrets` are keys whose value is the runtime's secret object, `options` keys whose value is
    stored as it is. Each is a column of the same name; null or blank means that the document
    leaves the key out. `message` and `retry_policy` every type has.
    """

    kind: TriggerKind
    secrets: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        """The accessor of the configuration's row on a trigger, after its model's name."""
        return f"{self.kind}config"

    @property
    def keys(self) -> frozenset[str]:
        """Every key that a document of this type may have."""
        return frozenset({*self.secrets, *self.options, "message", "retry_policy"})

    @property
    def kept_keys(self) -> tuple[str, ...]:
        """Keys that an update keeps where it leaves them out: those that hold secrets."""
        return self.secrets

    def replace_secrets(self, config: Config, replace: Replace) -> dict[str, Any]:
        """A copy in which each secret is what `replace` makes of it. A null stays null."""
        return {
            key: replace(key, value) if key in self.secrets and value is not None else value
            for key, value in config.items()
        }

    def values(self, config: Config) -> dict[str, Any]:
        """The columns of a checked document whose secrets are sealed."""
        message = config.get("message") or {}
        retry = config.get("retry_policy")
        return {
            **{key: secret_text(config.get(key)) for key in self.secrets},
            **{key: config.get(key) for key in self.options},
            "message_title": message.get("title", ""),
            "message_body": message.get("body", ""),
            # The runtime ignores other keys; whatever they hold shall not reach it.
            "retry_policy": retry and {key: retry[key] for key in _RETRY_KEYS if key in retry},
        }

    def config(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The runtime's document, made of the columns. Sealed texts stand in it verbatim."""
        config = {key: values[key] for key in self.options if values[key] not in (None, "")}
        for key in self.secrets:
            if values[key] is not None:
                config[key] = plain_secret(values[key])
        config["message"] = {"title": values["message_title"], "body": values["message_body"]}
        if values["retry_policy"] is not None:
            config["retry_policy"] = values["retry_policy"]
        return config


def plain_secret(text: str) -> dict[str, str]:
    """The runtime's secret object: tenants write plain ones, sealed on their way."""
    return {"type": "Plain", "value": text}


def secret_text(secret: object) -> str | None:
    """The text of a secret, be it the runtime's object or a header's value; None if malformed."""
    text = secret.get("value") if isinstance(secret, Mapping) else secret
    return text if isinstance(text, str) else None


def with_text(secret: object, text: str) -> object:
    """A secret of the same form that holds `text`."""
    return plain_secret(text) if isinstance(secret, Mapping) else text

"""Webhook: the one type with secrets inside a map, and with a message that may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triggers.choices import TriggerKind
from triggers.contracts.base import Config, Replace, TriggerContract

OPEN_HEADERS = frozenset({"content-type", "accept", "user-agent"})
"""Headers that hold no secret, in lower case. The value of every other one is sealed."""


class WebhookContract(TriggerContract):
    @property
    def keys(self) -> frozenset[str]:
        return super().keys | {"headers"}

    @property
    def kept_keys(self) -> tuple[str, ...]:
        return (*self.secrets, "headers")

    def replace_secrets(self, config: Config, replace: Replace) -> dict[str, Any]:
        replaced = super().replace_secrets(config, replace)
        headers = replaced.get("headers")
        if isinstance(headers, Mapping):
            replaced["headers"] = {
                name: value if name.lower() in OPEN_HEADERS else replace(f"headers.{name}", value)
                for name, value in headers.items()
            }
        return replaced

    def values(self, config: Config) -> dict[str, Any]:
        values = super().values(config)
        return {
            **values,
            "method": values["method"] or "",
            "payload_mode": values["payload_mode"] or "",
            "headers": config.get("headers"),
            "has_message": "message" in config,
        }

    def config(self, values: Mapping[str, Any]) -> dict[str, Any]:
        config = super().config(values)
        if values["headers"] is not None:
            config["headers"] = values["headers"]
        if not values["has_message"]:
            del config["message"]
        return config


WEBHOOK = WebhookContract(
    TriggerKind.WEBHOOK, secrets=("url", "secret"), options=("method", "payload_mode")
)

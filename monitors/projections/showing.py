"""Documents for people: as the runtime gets them, but for their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blip0.common.audit import REDACTED
from monitors.contracts import map_viewing_keys
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import with_text


def body_without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """A rendered document in which each secret, sealed or plain, reads `[redacted]`."""
    triggers = {
        trigger_id: {
            **trigger,
            "config": TRIGGER_TYPES.get(trigger["trigger_type"]).replace_secrets(
                trigger["config"], _hidden
            ),
        }
        for trigger_id, trigger in body["triggers"].items()
    }
    monitor = dict(body["monitor"])
    if "chain_configurations" in monitor:
        monitor["chain_configurations"] = map_viewing_keys(monitor["chain_configurations"], _hidden)
    return {**body, "monitor": monitor, "triggers": triggers}


def _hidden(_place: str, secret: object) -> object:
    return with_text(secret, REDACTED)

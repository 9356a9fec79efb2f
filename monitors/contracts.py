"""The tenant's form of a monitor: its keys, its normal form, and the secrets inside.

It is the runtime's Monitor object with slugs for triggers, plus `slug`, `description` and
`alerting`, and what only the platform writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from blip0.common.validation.text import WHITESPACE

RUNTIME_KEYS: Final = (
    "name",
    "networks",
    "paused",
    "addresses",
    "match_conditions",
    "trigger_conditions",
    "triggers",
    "chain_configurations",
)
SETTINGS_KEYS: Final = ("slug", "description", "alerting")
READ_ONLY_KEYS: Final = ("id", "version", "snoozed_until", "created_at", "updated_at")
CONDITION_LISTS: Final = ("functions", "events", "transactions")
DEFAULTS: Final[Mapping[str, Any]] = {
    "description": "",
    "paused": False,
    "chain_configurations": [],
    "alerting": {},
}
"""What may be left out of a new monitor."""
MAX_DOCUMENT_BYTES: Final = 1024 * 1024
"""A monitor that would render to more is not projected, so none is saved."""
AROUND_DOCUMENT: Final = 1024
"""Bytes for what rendering adds: ids, slugs, and alerting with the tenant's defaults."""
AROUND_TRIGGER: Final = 256
"""Bytes for a trigger's id, twice, and the tenant's slug in its name."""

_CHAINS: Final = ("midnight", "evm", "stellar", "solana")


def normal_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """A checked document as a read would show it, with secrets plain.

    Optional members that are null are left out, and so is what the runtime ignores. Equal
    monitors have equal normal forms, whoever wrote them.
    """
    conditions = document["match_conditions"]
    return {
        "slug": document["slug"],
        "name": document["name"].strip(WHITESPACE),
        "description": document["description"],
        "paused": document["paused"],
        "networks": list(document["networks"]),
        "addresses": [_without_nulls(entry) for entry in document["addresses"]],
        "match_conditions": {
            name: [_without_nulls(entry) for entry in conditions[name]] for name in CONDITION_LISTS
        },
        "trigger_conditions": [_without_nulls(entry) for entry in document["trigger_conditions"]],
        "triggers": list(document["triggers"]),
        "chain_configurations": [
            _runtime_configuration(entry) for entry in document["chain_configurations"]
        ],
        "alerting": _without_nulls(document["alerting"]),
    }


def map_viewing_keys(configurations: Any, change: Callable[[str, Any], Any]) -> Any:
    """`chain_configurations` with each viewing key replaced by `change(pointer, key)`.

    Whatever has another shape stays as it is: a check finds it later.
    """
    if not isinstance(configurations, list):
        return configurations
    return [
        _with_changed_keys(configuration, f"/chain_configurations/{index}", change)
        for index, configuration in enumerate(configurations)
    ]


def catalogue_script_paths(conditions: Any) -> Any:
    """`trigger_conditions` with each script where the catalogue has it: `filters/<file name>`.

    Authors may give any directory. Whatever has another shape stays as it is.
    """
    if not isinstance(conditions, list):
        return conditions
    return [
        {**entry, "script_path": f"filters/{PurePosixPath(entry['script_path']).name}"}
        if isinstance(entry, dict) and isinstance(entry.get("script_path"), str)
        else entry
        for entry in conditions
    ]


def _with_changed_keys(configuration: Any, pointer: str, change: Callable[[str, Any], Any]) -> Any:
    midnight = configuration.get("midnight") if isinstance(configuration, dict) else None
    if not isinstance(midnight, dict) or not isinstance(midnight.get("viewing_keys"), list):
        return configuration
    changed = [
        change(f"{pointer}/midnight/viewing_keys/{index}", key)
        for index, key in enumerate(midnight["viewing_keys"])
    ]
    return {**configuration, "midnight": {**midnight, "viewing_keys": changed}}


def _runtime_configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {chain: {} for chain in _CHAINS if configuration.get(chain) is not None}
    if "midnight" in known:
        keys: Sequence[Mapping[str, str]] = configuration["midnight"].get("viewing_keys", [])
        known["midnight"] = {
            "viewing_keys": [{"type": "Plain", "value": key["value"]} for key in keys]
        }
    return known


def _without_nulls(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}

"""A document that differs in one place from a golden one is refused, wherever that is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cachesync.services.contract.files import golden_names
from cachesync.tests.contract.checking import goldens, schema_name, validator

OPEN = {
    ("monitor", "contract_spec"): "its chain's tools decide",
    ("event-match", "details"): "a runtime's own",
}
"""Members whose inside is not ours to describe."""
MAPS = {"index", "ack"}
"""Schemas whose keys are data."""


OTHERS: tuple[Any, ...] = (None, True, 7, 1.5, "", [], [7], {})


def places(name: str, value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a document that its schema describes."""
    yield path
    if path and (schema_name(name), path[-1]) in OPEN:
        return
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in entries:
        yield from places(name, item, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.deepcopy(document)
    at(result, path[:-1])[path[-1]] = value
    return result


def is_map(name: str, path: tuple[Any, ...]) -> bool:
    """Whether the object there maps names that are data."""
    return (schema_name(name) in MAPS and not path) or (
        bool(path) and path[-1] in {"triggers", "headers"}
    )


OPTIONAL = {
    "network": {
        "chain_id", "network_passphrase", "max_past_blocks", "store_blocks", "recovery_config",
    },
    "monitor": {
        "severity", "threshold", "min_interval_s", "expression", "arguments", "contract_spec",
        "chain_configurations", "viewing_keys", "midnight", "port", "method", "secret", "headers",
        "payload_mode", "retry_policy", "max_retries", "initial_backoff", "disable_web_preview",
    },
    "event-match": {"details"},
    "event-trigger-execution": {"attempt", "error", "duration_ms"},
    "event-block-progress": {"instance"},
}  # fmt: skip
"""Keys that are there only when set."""


@pytest.mark.parametrize("name", golden_names())
def test_schema__required_key_taken_away__refused(name):
    document, check = goldens()[name], validator(schema_name(name))
    tried = 0
    for path in places(name, document):
        value = at(document, path)
        if not isinstance(value, dict) or is_map(name, path):
            continue
        if path and (schema_name(name), path[-1]) in OPEN:
            continue
        for key in value:
            optional = key in OPTIONAL.get(schema_name(name), ())
            # A webhook may have no message, and only a webhook.
            webhook = key == "message" and "url" in value
            lacking = changed(document, path, {k: v for k, v in value.items() if k != key})
            assert check.is_valid(lacking) is (optional or webhook), (path, key)
            tried += 1
    assert tried or schema_name(name) in MAPS


@pytest.mark.parametrize("name", golden_names())
def test_schema__unknown_key_added__refused(name):
    document, check = goldens()[name], validator(schema_name(name))
    for path in places(name, document):
        value = at(document, path)
        if path and (schema_name(name), path[-1]) in OPEN:
            continue
        if isinstance(value, dict) and not (path and path[-1] == "headers"):
            assert not check.is_valid(changed(document, path, value | {"unknown": "x"})), path


@pytest.mark.parametrize("name", golden_names())
def test_schema__other_type__refused(name):
    document, check = goldens()[name], validator(schema_name(name))
    for path in places(name, document):
        value = at(document, path)
        for other in OTHERS:
            if type(other) is not type(value) and not _allowed(name, path, other):
                assert not check.is_valid(changed(document, path, other)), (path, other)


def _allowed(name: str, path: tuple[Any, ...], other: Any) -> bool:
    """Values of another kind that a place takes all the same."""
    last = path[-1] if path else ""
    if last == "contract_spec":
        return other in ([], {})
    # The hint about the platform names no tenant; blocks are a number or "unlimited".
    return (name, last, other) in [
        ("hint.tenant", "tenant_id", None),
        ("network.solana", "max_past_blocks", 7),
    ]


@pytest.mark.parametrize(
    ("name", "path", "bad"),
    [
        ("monitor.evm", ("schema",), 2),
        ("monitor.evm", ("schema",), "1"),
        ("monitor.evm", ("id",), "7D0E9A52-3C41-4F7B-9D6E-1A2B3C4D5E6F"),
        ("monitor.evm", ("slug",), "Not A Slug"),
        ("monitor.evm", ("alerting", "threshold", "amount"), 0),
        ("monitor.evm", ("alerting", "severity"), "urgent"),
        ("monitor.evm", ("monitor", "name"), "Without the tenant's slug"),
        ("monitor.evm", ("monitor", "networks"), []),
        ("monitor.evm", ("monitor", "networks"), ["base", "base"]),
        ("monitor.evm", ("monitor", "triggers", 0), "slack"),
        ("monitor.evm", ("monitor", "trigger_conditions", 0, "script_path"), "config/x.sh"),
        ("monitor.evm", ("monitor", "trigger_conditions", 0, "timeout_ms"), 0),
        ("monitor.evm", ("monitor", "match_conditions", "transactions", 0, "status"), "success"),
        ("network.evm", ("slug",), "base-sepolia"),
        ("network.evm", ("block_time_ms",), 99),
        ("network.evm", ("confirmation_blocks",), 0),
        ("network.evm", ("rpc_urls", 0, "weight"), 101),
        ("network.evm", ("rpc_urls", 0, "type_"), "ws_rpc"),
        ("network.midnight", ("rpc_urls", 0, "type_"), "rpc"),
        ("network.evm", ("rpc_urls", 0, "url", "type"), "plain"),
        ("network.solana", ("max_past_blocks",), "Unlimited"),
        ("filter.python", ("script_path",), "filters/../x.py"),
        ("filter.python", ("language",), "Ruby"),
        ("meta.tenant", ("rev",), "07"),
        ("meta.tenant", ("status",), "gone"),
        ("meta.tenant", ("digest",), "0"),
        ("meta.tenant", ("written_at",), "yesterday"),
        ("change.tenant", ("scope",), "acme"),
        ("change.tenant", ("ids",), "[1]"),
        ("change.tenant", ("ids",), json.dumps(["networks:base"] * 11)),
        ("hint.tenant", ("event_type",), "changed"),
        ("ack", ("platform",), "NACK 1:3"),
        ("ack", ("platform",), "1:3 fine"),
        ("event-trigger-execution", ("status",), "lost"),
        ("event-match", ("block_number",), -1),
    ],
)
def test_schema__value_beyond_its_rule__refused(name, path, bad):
    document, check = goldens()[name], validator(schema_name(name))
    assert check.is_valid(document)
    assert not check.is_valid(changed(document, path, bad))


def test_schema__trigger_with_a_platforms_reference__refused():
    document, check = goldens()["monitor.evm"], validator("monitor")
    for trigger_id, trigger in document["triggers"].items():
        for key, value in trigger["config"].items():
            if isinstance(value, dict) and "type" in value:
                path = ("triggers", trigger_id, "config", key, "type")
                assert not check.is_valid(changed(document, path, "Environment")), path

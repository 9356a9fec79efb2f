"""Whole documents without findings, into which the examples of the finding codes are put."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from blip0.common.strict_json import NotStrictJSON, loads

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PLAIN = {"type": "Plain", "value": "something"}
MESSAGE = {"title": "Alert", "body": "See ${transaction.hash}"}


def _parameter(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


ABI: list[dict[str, Any]] = [
    {
        "type": "event",
        "name": "Transfer",
        "anonymous": False,
        "inputs": [
            _parameter("from", "address", indexed=True),
            _parameter("to", "address", indexed=True),
            _parameter("value", "uint256", indexed=False),
        ],
    },
    {
        "type": "function",
        "name": "transfer",
        "stateMutability": "nonpayable",
        "inputs": [_parameter("to", "address"), _parameter("value", "uint256")],
        "outputs": [_parameter("", "bool")],
    },
    {
        "type": "function",
        "name": "submit",
        "stateMutability": "nonpayable",
        "inputs": [
            _parameter("fee", "uint24"),
            _parameter("ids", "uint256[]"),
            _parameter("order", "tuple", components=[_parameter("maker", "address")]),
            _parameter("", "bool"),
        ],
        "outputs": [],
    },
]
MONITOR: dict[str, Any] = {
    "name": "Large transfers",
    "networks": ["ethereum_mainnet"],
    "paused": False,
    "addresses": [{"address": USDC, "contract_spec": ABI}],
    "match_conditions": {
        "functions": [],
        "events": [{"signature": "Transfer(address,address,uint256)", "expression": "value > 1"}],
        "transactions": [{"status": "Success"}],
    },
    "trigger_conditions": [],
    "triggers": ["ops"],
}
NETWORK: dict[str, Any] = {
    "network_type": "EVM",
    "slug": "ethereum_mainnet",
    "name": "Ethereum",
    "rpc_urls": [
        {
            "type_": "rpc",
            "url": {"type": "Plain", "value": "https://rpc.example.org"},
            "weight": 100,
        }
    ],
    "block_time_ms": 12000,
    "confirmation_blocks": 12,
    "cron_schedule": "0 */1 * * * *",
}
CONFIGS: dict[str, dict[str, Any]] = {
    "webhook": {
        "url": {"type": "Plain", "value": "https://hooks.example.org/alerts"},
        "headers": {"X-API-Key": "something"},
        "message": MESSAGE,
    },
    "slack": {
        "slack_url": {"type": "Plain", "value": "https://hooks.slack.com/services/x"},
        "message": MESSAGE,
    },
    "discord": {
        "discord_url": {"type": "Plain", "value": "https://discord.com/api/webhooks/1/x"},
        "message": MESSAGE,
    },
    "telegram": {
        "token": {"type": "Plain", "value": "12345678:" + "a" * 35},
        "chat_id": "-100",
        "message": MESSAGE,
    },
    "email": {
        "host": "smtp.example.org",
        "username": PLAIN,
        "password": PLAIN,
        "message": {"title": "Alert", "body": "See ${transaction.hash}"},
        "sender": "alerts@example.org",
        "recipients": ["ops@example.org"],
    },
    "script": {},
}
CONTENT = "echo false"
FILTER_SCRIPT: dict[str, Any] = {
    "schema": 1,
    "name": "keep_all",
    "version": 1,
    "language": "Bash",
    "script_path": "filters/keep_all.sh",
    "content": CONTENT,
    "sha256": hashlib.sha256(CONTENT.encode()).hexdigest(),
    "arguments": [],
    "timeout_ms": 1000,
    "signature": "signed",
}
SAMPLES = {"monitor": MONITOR, "network": NETWORK, "filter_script": FILTER_SCRIPT}


def complete(kind: str, example: str) -> str:
    """The JSON text of a whole document that holds what the example shows of it."""
    try:
        members: Any = loads(example)
    except NotStrictJSON:
        return example
    if kind == "trigger":
        trigger_type = members.get("trigger_type", "webhook")
        config = CONFIGS[trigger_type]
        if trigger_type == "slack" and "discord_url" in members.get("config", {}):
            config = {}
        sample = {"name": "Operations", "trigger_type": trigger_type, "config": config}
        return json.dumps(_merged(sample, members))
    if kind in SAMPLES:
        return json.dumps(_merged(SAMPLES[kind], members))
    return example


def _merged(whole: Any, part: Any) -> Any:
    if not (isinstance(whole, dict) and isinstance(part, dict)):
        return part
    return {**whole, **{key: _merged(whole.get(key), value) for key, value in part.items()}}

"""Bodies that work as they stand, for the OpenAPI document; a test sends each of them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_USDC: Final = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
_TRANSFER: Final[dict[str, Any]] = {
    "type": "event",
    "name": "Transfer",
    "anonymous": False,
    "inputs": [
        {"name": "from", "type": "address", "indexed": True},
        {"name": "to", "type": "address", "indexed": True},
        {"name": "value", "type": "uint256", "indexed": False},
    ],
}

MONITOR_EXAMPLE: Final = OpenApiExample(
    "Large transfers of USDC",
    request_only=True,
    value={
        "name": "Large USDC transfers",
        "networks": ["ethereum_mainnet"],
        "addresses": [{"address": _USDC, "contract_spec": [_TRANSFER]}],
        "match_conditions": {
            "functions": [],
            "events": [
                {
                    "signature": "Transfer(address,address,uint256)",
                    "expression": "value > 1000000000000",
                }
            ],
            "transactions": [{"status": "Success"}],
        },
        "trigger_conditions": [],
        "triggers": ["ops"],
        "alerting": {"severity": "high"},
    },
)
SNOOZE_EXAMPLE: Final = OpenApiExample(
    "Over an upgrade",
    request_only=True,
    value={"until": "2035-01-01T06:00:00Z", "reason": "Upgrade of the bridge"},
)
CLONE_EXAMPLE: Final = OpenApiExample(
    "Another name", request_only=True, value={"name": "Large USDC transfers, copy"}
)
FROM_TEMPLATE_EXAMPLE: Final = OpenApiExample(
    "Transfers of one token",
    request_only=True,
    value={
        "template": "large-transfer",
        "name": "Transfers of USDC",
        "networks": ["ethereum_mainnet"],
        "addresses": [{"address": _USDC}],
        "triggers": ["ops"],
    },
)

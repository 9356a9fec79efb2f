"""Monitors on chains of one's choice, checked alone."""

from typing import Any

from blip0.tests.validation.helpers import examine
from blip0.tests.validation.samples import ABI, MONITOR, USDC
from monitors.validators.monitor import check_monitor

SOROBAN = "CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC"
PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
MIDNIGHT = "a" * 64
STELLAR_SPEC: list[dict[str, Any]] = [
    {
        "function_v0": {
            "doc": "",
            "name": "transfer",
            "inputs": [
                {"doc": "", "name": "from", "type_": "address"},
                {"doc": "", "name": "amount", "type_": "i128"},
                {"doc": "", "name": "memo", "type_": {"option": {"value_type": "string"}}},
            ],
            "outputs": [],
        }
    }
]
NETWORKS = {
    "ethereum_mainnet": "EVM",
    "base": "EVM",
    "stellar_mainnet": "Stellar",
    "solana_mainnet": "Solana",
    "midnight_testnet": "Midnight",
}
ADDRESSES = {
    "EVM": {"address": USDC, "contract_spec": ABI},
    "Stellar": {"address": SOROBAN},
    "Solana": {"address": PROGRAM},
    "Midnight": {"address": MIDNIGHT},
}
SUBMIT = "submit(uint24,uint256[],(address),bool)"


def checked(*chains, functions=(), events=(), transactions=(), **more):
    """A monitor on one network of each of these chains; without addresses given, one of each."""
    facts = {key: more.pop(key) for key in ("trigger_templates",) if key in more}
    slugs = {kind: slug for slug, kind in reversed(NETWORKS.items())}
    document = {
        **MONITOR,
        "networks": [slugs[chain] for chain in chains],
        "addresses": [ADDRESSES[chain] for chain in chains],
        "match_conditions": {
            "functions": [_signed(one) for one in functions],
            "events": [_signed(one) for one in events],
            "transactions": [{"status": "Any", "expression": one} for one in transactions],
        },
        **more,
    }
    return examine(check_monitor, document, network_types=NETWORKS, **facts)


def _signed(condition):
    signature, expression = condition if isinstance(condition, tuple) else (condition, None)
    return {"signature": signature, "expression": expression}


def codes_of(report):
    assert all(f.level == "warning" for f in report.findings), report.findings
    return sorted(finding.code for finding in report.findings)

"""What the benchmark's tenants watch: documents as people write them, from a seed.

Pure. Every document passes the validator (a test says so), since the benchmark's writers change
them through the services.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

TRIGGERS_PER_TENANT: Final = 12

# Interfaces in the human-readable form; a spec is made of one event and some of the rest.
_CONTRACTS: Final[Mapping[str, str]] = {
    "token": """
        event Transfer(address indexed from, address indexed to, uint256 value)
        event Approval(address indexed owner, address indexed spender, uint256 value)
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)
        function transfer(address to, uint256 value) nonpayable (bool)
        function transferFrom(address from, address to, uint256 value) nonpayable (bool)
        function approve(address spender, uint256 value) nonpayable (bool)
        function mint(address to, uint256 amount) nonpayable ()
        function burn(uint256 amount) nonpayable ()
        function balanceOf(address account) view (uint256)
        function allowance(address owner, address spender) view (uint256)
        function totalSupply() view (uint256)
        function decimals() view (uint8)
        function symbol() view (string)
        function name() view (string)
        function owner() view (address)
    """,
    "vault": """
        event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)
        event Withdraw(address indexed sender, address indexed receiver, address indexed owner,
            uint256 assets, uint256 shares)
        function deposit(uint256 assets, address receiver) nonpayable (uint256)
        function mint(uint256 shares, address receiver) nonpayable (uint256)
        function withdraw(uint256 assets, address receiver, address owner) nonpayable (uint256)
        function redeem(uint256 shares, address receiver, address owner) nonpayable (uint256)
        function convertToShares(uint256 assets) view (uint256)
        function convertToAssets(uint256 shares) view (uint256)
        function maxDeposit(address receiver) view (uint256)
        function maxWithdraw(address owner) view (uint256)
        function previewDeposit(uint256 assets) view (uint256)
        function previewRedeem(uint256 shares) view (uint256)
        function totalAssets() view (uint256)
        function asset() view (address)
    """,
    "pool": """
        event Swap(address indexed sender, address indexed recipient, int256 amount0,
            int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)
        event Mint(address sender, address indexed owner, int24 indexed tickLower,
            int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)
        event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper,
            uint128 amount, uint256 amount0, uint256 amount1)
        event Flash(address indexed sender, address indexed recipient, uint256 amount0,
            uint256 amount1, uint256 paid0, uint256 paid1)
        function swap(address recipient, bool zeroForOne, int256 amountSpecified,
            uint160 sqrtPriceLimitX96, bytes data) nonpayable (int256, int256)
        function burn(int24 tickLower, int24 tickUpper, uint128 amount) nonpayable
            (uint256, uint256)
        function collect(address recipient, int24 tickLower, int24 tickUpper,
            uint128 amount0Requested, uint128 amount1Requested) nonpayable (uint128, uint128)
        function flash(address recipient, uint256 amount0, uint256 amount1, bytes data)
            nonpayable ()
        function slot0() view (uint160, int24, uint16, uint16, uint16, uint8, bool)
        function liquidity() view (uint128)
        function ticks(int24 tick) view (uint128, int128, uint256, uint256, bool)
        function token0() view (address)
        function token1() view (address)
        function fee() view (uint24)
    """,
    "timelock": """
        event CallScheduled(bytes32 indexed id, uint256 indexed index, address target,
            uint256 value, bytes data, bytes32 predecessor, uint256 delay)
        event CallExecuted(bytes32 indexed id, uint256 indexed index, address target,
            uint256 value, bytes data)
        event MinDelayChange(uint256 oldDuration, uint256 newDuration)
        function schedule(address target, uint256 value, bytes data, bytes32 predecessor,
            bytes32 salt, uint256 delay) nonpayable ()
        function execute(address target, uint256 value, bytes payload, bytes32 predecessor,
            bytes32 salt) payable ()
        function cancel(bytes32 id) nonpayable ()
        function grantRole(bytes32 role, address account) nonpayable ()
        function revokeRole(bytes32 role, address account) nonpayable ()
        function hasRole(bytes32 role, address account) view (bool)
        function getMinDelay() view (uint256)
        function isOperationReady(bytes32 id) view (bool)
    """,
}
_ENTRY = re.compile(r"(event|function) (\w+)\(([^)]*)\)(?:\s+(\w+)\s+\(([^)]*)\))?")
_SCRIPTS: Final = {
    "evm_filter_block_number.sh": ("Bash", None),
    "evm_min_value.py": ("Python", ["1000000000000000000"]),
    "evm_known_addresses.py": ("Python", ["spender=0x000000000022d473030f116ddee9f6b43ac78ba3"]),
    "evm_new_contracts.js": ("JavaScript", None),
}
_TEAMS: Final = ("Treasury", "Risk", "Security", "Ops", "Compliance", "Trading", "Protocol", "Desk")
_WATCHED: Final = ("outflow", "inflow", "whale activity", "admin call", "approval", "rebalancing")
_SEVERITIES: Final = ("low", "medium", "high", "critical")
_BODY: Final = (
    "**${monitor.name}** saw ${transaction.hash} from ${transaction.from}.\n\n"
    "Look at the runbook before you act: https://runbooks.example.com/onchain/{runbook}. "
    "Page the owner of the contract if the amount is above this week's limit."
)


@dataclass(frozen=True)
class Spec:
    """A contract's ABI, and its events and functions that a condition may name."""

    entries: list[dict[str, Any]]

    def named(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["type"] == kind and entry["inputs"]]


def tenant_triggers(seed: int) -> list[dict[str, Any]]:
    """Documents of triggers of several types, secrets in plain text; each has a slug."""
    dice = random.Random(f"triggers {seed}")  # noqa: S311 - made-up content, no secret
    return [_trigger(dice, number) for number in range(TRIGGERS_PER_TENANT)]


def tenant_monitors(
    seed: int, count: int, *, networks: Sequence[str], triggers: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Documents of monitors. `networks` are EVM slugs, `triggers` slugs of the same tenant."""
    dice = random.Random(f"monitors {seed}")  # noqa: S311 - made-up content, no secret
    # Contracts recur within a tenant, as USDC does: monitors share their specs.
    contracts = [_contract(dice) for _ in range(16)]
    for number in range(count):
        yield _monitor(dice, number, contracts, networks, triggers)


def _monitor(
    dice: random.Random,
    number: int,
    contracts: Sequence[tuple[str, Spec]],
    networks: Sequence[str],
    triggers: Sequence[str],
) -> dict[str, Any]:
    watched = dice.sample(contracts, k=dice.choices((1, 2), (3, 1))[0])
    title = f"{dice.choice(_TEAMS)} {dice.choice(_WATCHED)} {number:03}"
    conditions: dict[str, list[dict[str, Any]]] = {
        "functions": [],
        "events": [_condition(dice, watched[0][1], "event")],
        "transactions": [],
    }
    if dice.random() < 0.5:
        conditions["functions"].append(_condition(dice, watched[-1][1], "function"))
    if dice.random() < 0.3:
        expression = f"value > {dice.randrange(1, 500)}000000000000000000"
        conditions["transactions"].append({"status": "Success", "expression": expression})
    scripts = dice.sample(sorted(_SCRIPTS), k=dice.choices((0, 1), (7, 3))[0])
    return {
        "name": title,
        "slug": title.lower().replace(" ", "-"),
        "paused": dice.random() < 0.1,
        "networks": dice.sample(networks, k=dice.choices((1, 2, 3), (5, 3, 2))[0]),
        "addresses": [
            {"address": address, "contract_spec": spec.entries} for address, spec in watched
        ],
        "match_conditions": conditions,
        "trigger_conditions": [_script(name) for name in scripts],
        "triggers": dice.sample(triggers, k=dice.choices((1, 2, 3), (4, 4, 2))[0]),
        "alerting": {
            "severity": dice.choice(_SEVERITIES),
            "threshold": {"amount": dice.randrange(1, 20), "window_s": 600},
        },
    }


def _script(name: str) -> dict[str, Any]:
    language, arguments = _SCRIPTS[name]
    given = {} if arguments is None else {"arguments": arguments}
    return {"script_path": f"filters/{name}", "language": language, "timeout_ms": 1000, **given}


def _contract(dice: random.Random) -> tuple[str, Spec]:
    entries = _entries(_CONTRACTS[dice.choice(sorted(_CONTRACTS))])
    events = [entry for entry in entries if entry["type"] == "event"]
    calls = [entry for entry in entries if entry.get("stateMutability") == "nonpayable"]
    needed = [dice.choice(events), dice.choice(calls)]
    others = [entry for entry in entries if entry not in needed]
    more = dice.sample(others, k=dice.randrange(1, min(len(others), 10)))
    return _address(dice), Spec(needed + more)


def _entries(text: str) -> list[dict[str, Any]]:
    return [_entry(*match.groups()) for match in _ENTRY.finditer(text)]


def _entry(
    kind: str, name: str, inputs: str, mutability: str | None, outputs: str | None
) -> dict[str, Any]:
    parameters = [_parameter(text.split()) for text in inputs.split(",") if text.strip()]
    if kind == "event":
        return {"type": kind, "name": name, "anonymous": False, "inputs": parameters}
    for parameter in parameters:
        del parameter["indexed"]
    returned = [text.strip() for text in (outputs or "").split(",") if text.strip()]
    return {
        "type": kind,
        "name": name,
        "inputs": parameters,
        "outputs": [{"internalType": type_, "name": "", "type": type_} for type_ in returned],
        "stateMutability": mutability,
    }


def _parameter(words: list[str]) -> dict[str, Any]:
    type_, name = words[0], words[-1]
    return {"internalType": type_, "name": name, "type": type_, "indexed": "indexed" in words}


def _condition(dice: random.Random, spec: Spec, kind: str) -> dict[str, Any]:
    entry = dice.choice(spec.named(kind))
    types = [parameter["type"] for parameter in entry["inputs"]]
    terms = [
        _term(dice, parameter)
        for parameter in entry["inputs"]
        if parameter["type"].startswith(("uint", "int", "address"))
    ]
    condition = {"signature": f"{entry['name']}({','.join(types)})"}
    if terms:
        chosen = dice.sample(terms, k=min(len(terms), dice.randrange(1, 4)))
        condition["expression"] = f" {dice.choice(('and', 'or'))} ".join(chosen)
    return condition


def _term(dice: random.Random, parameter: Mapping[str, Any]) -> str:
    if parameter["type"] == "address":
        return f"{parameter['name']} == {_address(dice)}"
    return f"{parameter['name']} > {dice.randrange(1, 120)}"


def _address(dice: random.Random) -> str:
    return f"0x{dice.getrandbits(160):040x}"


def _trigger(dice: random.Random, number: int) -> dict[str, Any]:
    kind = ("slack", "webhook", "email", "telegram", "discord", "slack")[number % 6]
    secret = f"{dice.getrandbits(192):048x}"
    message = {
        "title": "${monitor.name}",
        "body": _BODY.replace("{runbook}", f"{dice.getrandbits(32):08x}"),
    }
    configs: dict[str, dict[str, Any]] = {
        "slack": {"slack_url": _plain(f"https://hooks.slack.com/services/T0/B{number}/{secret}")},
        "discord": {"discord_url": _plain(f"https://discord.com/api/webhooks/{number}/{secret}")},
        "telegram": {
            "token": _plain(f"123456789:{secret[:35]}"),
            "chat_id": "-100200300",
            "disable_web_preview": True,
        },
        "webhook": {
            "url": _plain(f"https://hooks.example.com/in/{secret}"),
            "method": "POST",
            "secret": _plain(secret),
            "headers": {"Content-Type": "application/json", "X-API-Key": secret},
            "payload_mode": "template",
        },
        "email": {
            "host": "smtp.example.com",
            "port": 465,
            "username": _plain("alerts@example.com"),
            "password": _plain(secret),
            "sender": "alerts@example.com",
            "recipients": [f"team-{number}@example.com", "on-call@example.com"],
        },
    }
    name = f"{_TEAMS[number % len(_TEAMS)]} {kind} {number}"
    return {
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "trigger_type": kind,
        "config": {**configs[kind], "message": message},
    }


def _plain(value: str) -> dict[str, str]:
    return {"type": "Plain", "value": value}

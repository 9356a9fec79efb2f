"""Fixed rows, from which the golden documents are rendered: ids, times and nonces never change."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blip0.common.canonical import sha256_hex
from monitors.choices import ConditionKind
from monitors.models import (
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from monitors.tests.factories import ERC20_ABI, USDC, ContractSpecFactory
from platform_catalog.models import FilterScript, FilterScriptVersion, Network, RpcEndpoint
from tenants.models import Tenant
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import Replace, secret_text, with_text
from triggers.models import Trigger
from triggers.store import config_model
from triggers.tests.factories import document as trigger_document

KEY = b"development-only-sealing-key-32b"
TENANT = UUID("7d0e9a52-3c41-4f7b-9d6e-1a2b3c4d5e6f")
TRIGGERS = {
    kind: UUID(f"00000000-0000-4000-8000-00000000{number:04}")
    for number, kind in enumerate(TRIGGER_TYPES, start=1)
}
MONITORS = {
    name: UUID(f"00000000-0000-4000-9000-00000000{number:04}")
    for number, name in enumerate(("evm", "stellar", "solana", "midnight", "paused"), start=1)
}
NETWORKS = {"EVM": "sepolia", "Stellar": "stellar_testnet", "Solana": "solana_devnet",
            "Midnight": "midnight_devnet"}  # fmt: skip

STELLAR_SPEC = [
    {
        "function_v0": {
            "doc": "",
            "name": "transfer",
            "inputs": [
                {"doc": "", "name": "from", "type_": "address"},
                {"doc": "", "name": "to", "type_": "address"},
                {"doc": "", "name": "amount", "type_": "i128"},
            ],
            "outputs": [],
        }
    }
]
SOLANA_IDL = {
    "version": "0.1.0",
    "name": "vault",
    "instructions": [
        {"name": "withdraw", "accounts": [], "args": [{"name": "amount", "type": "u64"}]}
    ],
}


def tenant() -> Tenant:
    """Not saved: all that rendering looks at."""
    return Tenant(
        pk=TENANT,
        slug="acme",
        status="active",
        alert_severity="medium",
        alert_min_interval_s=30,
    )


def sealed(plain: str, owner: UUID, field: str) -> str:
    """As `Keyring.seal`, with a nonce that follows from the place."""
    place = f"{TENANT}|{owner}|{field}".encode()
    nonce = hashlib.sha256(place).digest()[:12]
    blob = nonce + AESGCM(KEY).encrypt(nonce, plain.encode(), place)
    return f"sealed:v1:dev:{base64.b64encode(blob).decode()}"


def _sealing(owner: UUID) -> Replace:
    def replace(field: str, secret: Any) -> Any:
        return with_text(secret, sealed(secret_text(secret) or "", owner, field))

    return replace


def make_triggers() -> None:
    """One of each type, every optional key given."""
    for kind, pk in TRIGGERS.items():
        data = trigger_document(kind, name=f"Ops by {kind}")
        trigger = Trigger.objects.create(pk=pk, slug=kind, name=data["name"], trigger_type=kind)
        contract = TRIGGER_TYPES.get(kind)
        config = contract.replace_secrets(data["config"], _sealing(pk))
        config_model(kind).objects.create(trigger=trigger, **contract.values(config))  # type: ignore[attr-defined]  # an abstract model's


def make_monitors() -> None:
    """Inside a tenant's schema, with `make_triggers` done."""
    evm = _monitor(
        "evm", "ethereum_mainnet", "base",
        severity="high", threshold_amount=3, threshold_window_s=600, min_interval_s=60,
    )  # fmt: skip
    _address(evm, USDC, ERC20_ABI)
    _address(evm, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", None)
    _condition(evm, ConditionKind.FUNCTION, "transfer(address,uint256)", None)
    _condition(evm, ConditionKind.EVENT, "Transfer(address,address,uint256)", "value > 10000000000")
    MatchCondition.objects.create(
        monitor=evm, kind=ConditionKind.TRANSACTION, position=0, status="Success"
    )
    for position, (script, arguments) in enumerate(
        (("even_blocks", ["--verbose"]), ("large_only", None))
    ):
        ScriptCondition.objects.create(
            monitor=evm, position=position, script_id=script, arguments=arguments, timeout_ms=1000
        )
    for position, pk in enumerate(TRIGGERS.values()):
        MonitorTrigger.objects.create(monitor=evm, trigger_id=pk, position=position)

    stellar = _monitor("stellar", "stellar_mainnet")
    _address(stellar, "CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75", STELLAR_SPEC)
    _condition(stellar, ConditionKind.FUNCTION, "transfer(Address,Address,I128)", "2 > 1000")

    solana = _monitor("solana", "solana_mainnet")
    _address(solana, "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", SOLANA_IDL)
    _condition(solana, ConditionKind.FUNCTION, "withdraw(u64)", None)

    pk = MONITORS["midnight"]
    midnight = _monitor(
        "midnight",
        "midnight_testnet",
        chain_configurations=[
            {
                "midnight": {
                    "viewing_keys": [
                        {"type": "Plain", "value": sealed("mn_shield-esk_x", pk, "viewing_keys")}
                    ]
                }
            }
        ],
    )
    MatchCondition.objects.create(
        monitor=midnight, kind=ConditionKind.TRANSACTION, position=0, status="Any"
    )
    paused = _monitor("paused", "base", paused=True)
    MatchCondition.objects.create(
        monitor=paused, kind=ConditionKind.TRANSACTION, position=0, status="Failure"
    )


def make_catalogue() -> None:
    """A network of each type, and a script."""
    for kind, slug in NETWORKS.items():
        Network.objects.create(
            slug=slug,
            name=slug.replace("_", " ").title(),
            network_type=kind,
            block_time_ms=12_000,
            confirmation_blocks=12,
            cron_schedule="0 */1 * * * *",
            chain_id=11_155_111 if kind == "EVM" else None,
            network_passphrase="Test SDF Network ; September 2015" if kind == "Stellar" else "",
            max_past_blocks=50 if kind == "EVM" else None,
            max_past_blocks_unlimited=kind == "Solana",
            store_blocks=False if kind == "EVM" else None,
            recovery_config=RECOVERY if kind == "EVM" else None,
        )
        midnight = kind == "Midnight"
        RpcEndpoint.objects.create(
            network_id=slug,
            rpc_type="ws_rpc" if midnight else "rpc",
            url=f"{'wss' if midnight else 'https'}://{slug.replace('_', '-')}.example.org",
        )
    RpcEndpoint.objects.create(
        network_id=NETWORKS["EVM"],
        position=1,
        url_kind="Environment",
        url="SEPOLIA_RPC_URL",
        weight=50,
    )
    script = FilterScript.objects.create(
        name="small_values", language="Python", arguments=["--below"], timeout_ms=2000
    )
    content = "import json, sys\n\nprint(bool(json.load(sys.stdin)))\n"
    FilterScriptVersion.objects.create(
        script=script, version=1, content=content, sha256=sha256_hex(content.encode())
    )


RECOVERY = {
    "enabled": True,
    "cron_schedule": "0 */5 * * * *",
    "max_blocks_per_run": 10,
    "max_block_age": 1000,
    "max_retries": 3,
    "retry_delay_ms": 500,
}


def _monitor(name: str, *networks: str, **columns: Any) -> Monitor:
    monitor = Monitor.objects.create(
        pk=MONITORS[name], slug=f"watch-{name}", name=f"Watch {name}", **columns
    )
    for position, network in enumerate(networks):
        MonitorNetwork.objects.create(monitor=monitor, network_id=network, position=position)
    return monitor


def _address(monitor: Monitor, address: str, spec: Any) -> None:
    MonitorAddress.objects.create(
        monitor=monitor,
        position=monitor.addresses.count(),
        address=address,
        contract_spec=None if spec is None else ContractSpecFactory.create(value=spec),
    )


def _condition(monitor: Monitor, kind: str, signature: str, expression: str | None) -> None:
    MatchCondition.objects.create(
        monitor=monitor, kind=kind, position=0, signature=signature, expression=expression
    )

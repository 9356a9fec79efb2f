"""Rows of this app for tests, and a whole document as a tenant would send it.

Factories write rows directly, past the services: a test of a service uses its document. All of
them need the connection to be inside a tenant.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import factory
import orjson
from factory.django import DjangoModelFactory

from blip0.common.canonical import canonical_bytes, sha256_hex
from monitors import models
from monitors.choices import ConditionKind, ExecutionStatus, FindingLevel, SpecKind
from triggers.tests.factories import TriggerFactory

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


def _parameter(kind: str, name: str, *, indexed: bool | None = None) -> dict[str, Any]:
    parameter: dict[str, Any] = {"internalType": kind, "name": name, "type": kind}
    return parameter if indexed is None else {**parameter, "indexed": indexed}


def _function(name: str, inputs: list[tuple[str, str]], outputs: list[str], mutability: str) -> Any:
    return {
        "type": "function",
        "name": name,
        "inputs": [_parameter(kind, label) for kind, label in inputs],
        "outputs": [_parameter(kind, "") for kind in outputs],
        "stateMutability": mutability,
    }


def _event(name: str, inputs: list[tuple[str, str, bool]]) -> Any:
    return {
        "type": "event",
        "name": name,
        "anonymous": False,
        "inputs": [_parameter(kind, label, indexed=indexed) for kind, label, indexed in inputs],
    }


ERC20_ABI: list[Any] = [
    _function("transfer", [("address", "to"), ("uint256", "value")], ["bool"], "nonpayable"),
    _function("approve", [("address", "spender"), ("uint256", "value")], ["bool"], "nonpayable"),
    _function("balanceOf", [("address", "account")], ["uint256"], "view"),
    _event(
        "Transfer",
        [("address", "from", True), ("address", "to", True), ("uint256", "value", False)],
    ),
    _event(
        "Approval",
        [("address", "owner", True), ("address", "spender", True), ("uint256", "value", False)],
    ),
]


def make_monitor_document(**overrides: Any) -> dict[str, Any]:
    """A valid document: large transfers of USDC. Needs no trigger and none but the test world.

    Each call gives a new copy; `overrides` replace top-level keys.
    """
    document = {
        "name": "Large USDC transfers",
        "slug": "large-usdc-transfers",
        "description": "Ten thousand and more.\nAsk treasury.",
        "paused": False,
        "networks": ["ethereum_mainnet"],
        "addresses": [{"address": USDC, "contract_spec": ERC20_ABI}],
        "match_conditions": {
            "functions": [{"signature": "transfer(address,uint256)"}],
            "events": [
                {
                    "signature": "Transfer(address,address,uint256)",
                    "expression": "value > 10000000000",
                }
            ],
            "transactions": [{"status": "Success"}],
        },
        "trigger_conditions": [
            {
                "script_path": "filters/even_blocks.sh",
                "language": "Bash",
                "arguments": ["--verbose"],
                "timeout_ms": 1000,
            }
        ],
        "triggers": [],
        "chain_configurations": [],
        "alerting": {
            "severity": "high",
            "threshold": {"amount": 3, "window_s": 600},
            "min_interval_s": 60,
        },
    }
    return copy.deepcopy({**document, **overrides})


class MonitorFactory(DjangoModelFactory[models.Monitor]):
    class Meta:
        model = models.Monitor

    slug = factory.Sequence(lambda n: f"monitor-{n}")
    name = factory.Sequence(lambda n: f"Monitor {n}")


class MonitorNetworkFactory(DjangoModelFactory[models.MonitorNetwork]):
    class Meta:
        model = models.MonitorNetwork

    monitor = factory.SubFactory(MonitorFactory)
    network_id = "ethereum_mainnet"
    position = 0


class MonitorTriggerFactory(DjangoModelFactory[models.MonitorTrigger]):
    class Meta:
        model = models.MonitorTrigger

    monitor = factory.SubFactory(MonitorFactory)
    trigger = factory.SubFactory(TriggerFactory)
    position = 0


class ContractSpecFactory(DjangoModelFactory[models.ContractSpec]):
    class Meta:
        model = models.ContractSpec
        django_get_or_create = ("sha256",)
        exclude = ("value",)

    value: Any = ERC20_ABI
    kind = SpecKind.EVM
    content = factory.LazyAttribute(lambda o: canonical_bytes(o.value).decode())
    sha256 = factory.LazyAttribute(lambda o: sha256_hex(o.content.encode()))
    size = factory.LazyAttribute(lambda o: len(o.content.encode()))


class MonitorAddressFactory(DjangoModelFactory[models.MonitorAddress]):
    class Meta:
        model = models.MonitorAddress

    monitor = factory.SubFactory(MonitorFactory)
    position = 0
    address = USDC
    contract_spec = factory.SubFactory(ContractSpecFactory)


class MatchConditionFactory(DjangoModelFactory[models.MatchCondition]):
    class Meta:
        model = models.MatchCondition

    monitor = factory.SubFactory(MonitorFactory)
    kind = ConditionKind.EVENT
    position = 0
    signature = "Transfer(address,address,uint256)"


class ScriptConditionFactory(DjangoModelFactory[models.ScriptCondition]):
    class Meta:
        model = models.ScriptCondition

    monitor = factory.SubFactory(MonitorFactory)
    position = 0
    script_id = "even_blocks"
    timeout_ms = 1000


class FindingFactory(DjangoModelFactory[models.Finding]):
    class Meta:
        model = models.Finding

    subject = models.Finding.Subject.MONITOR
    subject_id = factory.Faker("uuid4")
    level = FindingLevel.WARNING
    code = "monitor.example"
    pointer = "/name"
    message = "An example."
    source = "policy"


class MatchFactory(DjangoModelFactory[models.Match]):
    class Meta:
        model = models.Match

    event_id = factory.Sequence(lambda n: f"event-{n}")
    monitor_id = factory.Faker("uuid4")
    monitor_name = "Large USDC transfers"
    network = "ethereum_mainnet"
    block_number = factory.Sequence(lambda n: 20_000_000 + n)
    transaction_id = factory.Sequence(lambda n: f"0x{n:064x}")
    matched_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class TriggerExecutionFactory(DjangoModelFactory[models.TriggerExecution]):
    class Meta:
        model = models.TriggerExecution

    match = factory.SubFactory(MatchFactory)
    trigger_id = factory.Faker("uuid4")
    trigger_name = "On call"
    status = ExecutionStatus.DELIVERED
    executed_at = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


def whole_monitor(**columns: Any) -> models.Monitor:
    """A monitor with one row in each child table."""
    monitor = MonitorFactory.create(**columns)
    for child in (
        MonitorNetworkFactory,
        MonitorTriggerFactory,
        MonitorAddressFactory,
        MatchConditionFactory,
        ScriptConditionFactory,
    ):
        child.create(monitor=monitor)
    return monitor


def spec_text(value: Any) -> str:
    """How a spec's value is stored."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

"""ABIs of contracts that are deployed: they validate, and their signatures are found."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from blip0.common.keccak import keccak_256
from blip0.common.validation import CheckContext, Limits, check, check_text
from blip0.testing.speed import cpu_seconds
from blip0.tests.validation.samples import MONITOR, USDC
from monitors.validators.items import evm_items

HALF_MIB = 512 * 1024
CONTEXT = CheckContext(author="tenant", network_types={"ethereum_mainnet": "EVM"})
KNOWN_SELECTORS = {
    "transfer(address,uint256)": "a9059cbb",
    "approve(address,uint256)": "095ea7b3",
    "transferFrom(address,address,uint256)": "23b872dd",
    "deposit()": "d0e30db0",
    "withdraw(uint256)": "2e1a7d4d",
}


@cache
def _abis() -> dict[str, list[dict[str, Any]]]:
    folder = files("zero_ex") / "contract_artifacts" / "artifacts"
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text())["compilerOutput"]["abi"]
        for file in folder.iterdir()
    }


def _monitor(abi, functions=(), events=()):
    conditions = {"functions": list(functions), "events": list(events), "transactions": []}
    return {
        **MONITOR,
        "addresses": [{"address": USDC, "contract_spec": abi}],
        "match_conditions": conditions,
        "triggers": [],
    }


def _spread(signature):
    """As a person might write it: with blanks and another case."""
    return signature.upper().replace(",", ", ").replace("(", "( ")


def test_abis__there_are__at_least_ten():
    assert len(_abis()) >= 10
    assert {"WETH9", "ZRXToken", "Exchange", "Staking"} <= set(_abis())


@pytest.mark.parametrize("name", sorted(_abis()))
def test_real_abi__validates_and_each_signature_is_found(name):
    abi = _abis()[name]
    items = list(evm_items(abi))
    assert check("abi", abi).findings == ()

    monitor = _monitor(
        abi,
        [{"signature": _spread(item.signature)} for item in items if item.group == "functions"],
        [{"signature": item.signature} for item in items if item.group == "events"],
    )
    report = check("monitor", monitor, context=CONTEXT)

    if not items:
        assert [finding.code for finding in report.findings] == ["monitor.matches_all"]
    else:
        assert report.findings == ()


@pytest.mark.parametrize("name", ["WETH9", "ZRXToken", "Exchange"])
def test_real_abi__an_expression_on_each_parameter__is_typed(name):
    items = [item for item in evm_items(_abis()[name]) if item.variables]
    by_name = {name: f"{name} == zzz" for item in items for name in item.variables}
    functions = [
        {
            "signature": item.signature,
            "expression": " and ".join(by_name[n] for n in item.variables),
        }
        for item in items
        if item.group == "functions"
    ]

    report = check("monitor", _monitor(_abis()[name], functions), context=CONTEXT)

    codes = {finding.code for finding in report.findings}
    assert codes <= {"expression.literal", "expression.constant", "expression.kind"}
    assert "expression.literal" in codes


def test_real_abi__signatures__hash_to_the_known_selectors():
    found = {
        item.signature
        for name in ("WETH9", "ZRXToken")
        for item in evm_items(_abis()[name])
        if item.group == "functions"
    }

    assert set(KNOWN_SELECTORS) <= found
    for signature, selector in KNOWN_SELECTORS.items():
        assert keccak_256(signature.encode()).hex()[:8] == selector


def _large_abi():
    """Real items under many names, just below half a mebibyte."""
    items: list[dict[str, Any]] = []
    size = 0
    for round_ in range(1000):
        for item in _abis()["Exchange"]:
            if item["type"] not in ("function", "event"):
                continue
            copy = {**item, "name": f"{item['name']}{round_ or ''}"}
            size += len(json.dumps(copy))
            if size > HALF_MIB:
                return items
            items.append(copy)
    raise AssertionError


@pytest.mark.parametrize("found", [True, False], ids=["found", "missing"])
def test_monitor__half_a_mebibyte_and_a_hundred_conditions__is_checked_in_time(found):
    abi = _large_abi()
    items = [item for item in evm_items(abi) if item.group == "functions" and item.variables][:100]
    functions = [
        {
            "signature": item.signature if found else f"{item.signature[:-1]},bool)",
            "expression": " and ".join(f"{name}x == 5 or {name} != 6" for name in item.variables),
        }
        for item in items
    ]
    text = json.dumps(_monitor(abi, functions))
    context = CheckContext(
        network_types=CONTEXT.network_types, limits=Limits(spec_bytes=2 * HALF_MIB)
    )

    def check():
        assert check_text("monitor", text, context=context).verdict == "ok"

    assert len(items) == 100
    assert cpu_seconds(check, enough=0.5) < 0.5

"""Every shipped script, run as the runtime runs it, on matches of the runtime's shape."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from platform_catalog.services.loading import CATALOGUE

INTERPRETERS = {"sh": ["sh", "-c"], "py": [sys.executable, "-c"], "js": ["node", "-e"]}
ALICE, BOB = "0x" + "Aa" * 20, "0x" + "bB" * 20


def evm(**changes: Any) -> dict[str, Any]:
    match = {
        "monitor": {"name": 'Odd \\"blockNumber\\": \\"0x1\\" name', "paused": False},
        "transaction": {
            "hash": "0x" + "1" * 64,
            "blockNumber": "0x12a4",
            "from": ALICE,
            "to": BOB,
            "value": "0xde0b6b3a7640000",
        },
        "receipt": {"status": "0x1", "blockNumber": "0x12a4"},
        "network_slug": "ethereum_mainnet",
        "matched_on_args": {
            "functions": [],
            "events": [
                {
                    "signature": "Approval(address,address,uint256)",
                    "args": [
                        {"name": "owner", "value": ALICE, "kind": "address", "indexed": True},
                        {"name": "spender", "value": BOB, "kind": "address", "indexed": True},
                        {"name": "value", "value": "5000", "kind": "uint256", "indexed": False},
                    ],
                }
            ],
        },
    }
    for key, item in changes.items():
        match[key] = {**match[key], **item}  # type: ignore[dict-item]  # two levels of a sample
    return {"EVM": match}


def at_block(number: str) -> dict[str, Any]:
    return evm(transaction={"blockNumber": number}, receipt={"blockNumber": number})


def stellar(sequence: int) -> dict[str, Any]:
    return {
        "Stellar": {
            "transaction": {"ledger": sequence + 1},
            "ledger": {"hash": "ab1", "sequence": sequence, "ledgerCloseTime": "1"},
        }
    }


DROPPED, KEPT = "true", "false"
CASES: list[tuple[str, dict[str, Any], list[str], str]] = [
    ("evm_filter_block_number.sh", at_block("0x12a4"), [], KEPT),
    ("evm_filter_block_number.sh", at_block("0x12aB"), [], DROPPED),
    ("evm_filter_block_number.sh", at_block("0x1"), [], DROPPED),
    ("evm_filter_block_number.sh", stellar(3), [], KEPT),
    ("stellar_filter_block_number.sh", stellar(1234), [], KEPT),
    ("stellar_filter_block_number.sh", stellar(1235), [], DROPPED),
    ("stellar_filter_block_number.sh", stellar(7), [], DROPPED),
    ("stellar_filter_block_number.sh", evm(), [], KEPT),
    ("evm_failed_only.sh", evm(), [], DROPPED),
    ("evm_failed_only.sh", evm(receipt={"status": "0x0"}), [], KEPT),
    ("evm_failed_only.sh", stellar(1), [], KEPT),
    ("evm_min_value.py", evm(), ["1000000000000000000"], KEPT),
    ("evm_min_value.py", evm(), ["1000000000000000001"], DROPPED),
    ("evm_min_value.py", evm(), [], KEPT),
    ("evm_min_value.py", evm(), ["a lot"], KEPT),
    ("evm_known_addresses.py", evm(), [f"spender={BOB.lower()}"], DROPPED),
    ("evm_known_addresses.py", evm(), [f"spender={ALICE}"], KEPT),
    ("evm_known_addresses.py", evm(), [BOB], KEPT),
    ("evm_known_addresses.py", evm(), [ALICE, BOB.upper()], DROPPED),
    ("evm_known_addresses.py", stellar(1), [BOB], KEPT),
    ("evm_argument_range.py", evm(), ["value", "5000", "5000"], KEPT),
    ("evm_argument_range.py", evm(), ["value", "5001"], DROPPED),
    ("evm_argument_range.py", evm(), ["value", "", "4999"], DROPPED),
    ("evm_argument_range.py", evm(), ["amount", "1"], KEPT),
    ("evm_argument_range.py", evm(), [], KEPT),
    ("evm_new_contracts.js", evm(), [], DROPPED),
    ("evm_new_contracts.js", evm(transaction={"to": None}), [], KEPT),
    ("evm_new_contracts.js", stellar(1), [], KEPT),
    ("evm_from_senders.js", evm(), [ALICE.lower()], KEPT),
    ("evm_from_senders.js", evm(), [BOB], DROPPED),
    ("evm_from_senders.js", stellar(1), [BOB], KEPT),
]


@pytest.mark.parametrize(("name", "match", "arguments", "outcome"), CASES)
@pytest.mark.parametrize("indent", [None, 2])
def test_filter__sample_match__last_line_says_dropped_or_kept(
    name: str, match: dict[str, Any], arguments: list[str], outcome: str, indent: int | None
) -> None:
    given = json.dumps({"monitor_match": match, "args": arguments}, indent=indent)

    assert run(name, given).splitlines()[-1] == outcome


@pytest.mark.parametrize("name", sorted({case[0] for case in CASES}))
@pytest.mark.parametrize("given", ["", "{", "[]", "null", '{"monitor_match": null, "args": null}'])
def test_filter__nonsense__kept(name: str, given: str) -> None:
    assert run(name, given).splitlines()[-1] == KEPT


def test_filters__files_and_list__agree_and_each_is_tested() -> None:
    listed = {entry["name"] for entry in json.loads((CATALOGUE / "filters.json").read_text())}
    files = {file.name for file in (CATALOGUE / "filters").iterdir() if file.is_file()}

    assert {file.rpartition(".")[0] for file in files} == listed
    assert files == {case[0] for case in CASES}
    for file in files:
        outcomes = {case[3] for case in CASES if case[0] == file}
        assert outcomes == {DROPPED, KEPT}


def run(name: str, given: str) -> str:
    interpreter = INTERPRETERS[name.rpartition(".")[2]]
    if shutil.which(interpreter[0]) is None:
        pytest.skip(f"no {interpreter[0]} here")
    done = subprocess.run(
        [*interpreter, (CATALOGUE / "filters" / name).read_text()],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout

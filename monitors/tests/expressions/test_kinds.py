"""The tables of kinds: what they hold beyond operators, which the evaluator's tests cover."""

from __future__ import annotations

import pytest

from monitors.expressions.kinds import (
    KINDS,
    allowed_operators,
    base_kind,
    declared_range,
    kind_of,
    literal_problem,
    transaction_variables,
)
from monitors.expressions.parsing import parse
from monitors.expressions.tree import Condition


def problem(chain, kind, text):
    condition = parse(text)
    assert isinstance(condition, Condition)
    return literal_problem(chain, kind, condition.operator, condition.value)


@pytest.mark.parametrize(
    ("chain", "kind", "text", "message"),
    [
        ("EVM", "uint256", "x > 5", None),
        ("EVM", "uint256", "x > '0xff'", None),
        ("EVM", "uint256", "x > -5", "-5 is not an integer for uint256: only digits"),
        ("EVM", "uint256", "x > 1.5", "1.5 is not an integer for uint256: only digits"),
        ("EVM", "uint8", "x > 300", None),
        ("EVM", "int8", "x > -5", None),
        ("EVM", "uint256", f"x > 1{'0' * 90}", "it doesn't fit into 256 bits"),
        ("EVM", "uint256", "x > true", "compared with a number or a text, not with true"),
        ("EVM", "address", "x == 0xAB", None),
        ("EVM", "address", "x == 5", "compared with a text, not with 5"),
        ("EVM", "string", "x == 5", "compared with a text, not with 5"),
        ("EVM", "bool", "x == true", None),
        ("EVM", "bool", "x == 'true'", "compared with true or false, not with 'true'"),
        ("EVM", "uint256[]", "x contains 5", None),
        ("EVM", "uint256[]", "x == 5", "compared with a text, not with 5"),
        ("EVM", "uint256[]", "x == '[5]'", None),
        ("EVM", "uint256[]", "x == '[5'", "'[5' is not a JSON array"),
        ("EVM", "uint256[]", "x contains '[5'", None),
        ("EVM", "tuple", "x == '(5)'", None),
        ("EVM", "uint24", "x == 5", "compares no value of type uint24 with anything"),
        ("Stellar", "u32", "x == 5", None),
        ("Stellar", "u32", "x == '5'", "compared with a number, not with '5'"),
        ("Stellar", "u32", "x == 4294967296", "it doesn't fit into 32 bits"),
        ("Stellar", "u256", "x == anything", None),
        ("Stellar", "Map<a,b>", "x == '{}'", None),
        ("Stellar", "map", "x == '[]'", "'[]' is not a JSON object"),
        ("Stellar", "map", "x == 5", "compared with a text, not with 5"),
        ("Stellar", "vec", "x == 5", None),
        ("Solana", "u8", "x == '300'", None),
        ("Solana", "u8", "x == 0x5", "'0x5' is not an integer for u8: only digits"),
        ("Solana", "bool", "x == 'true'", None),
        ("Solana", "bool", "x == yes", "'yes' is neither true nor false"),
        ("Solana", "anything", "x == 5", None),
        ("Solana", "anything", "x == true", "compared with a number or a text, not with true"),
        ("Midnight", "u8", "x == 5", "compares no value of type u8 with anything"),
    ],
)
def test_literal_problem__a_literal__fits_or_says_why_not(chain, kind, text, message):
    found = problem(chain, kind, text)

    assert (found is None) if message is None else (found is not None and message in found)


@pytest.mark.parametrize(
    ("chain", "kind", "expected"),
    [
        ("EVM", "uint8", (0, 255)),
        ("EVM", "int16", (-(2**15), 2**15 - 1)),
        ("EVM", "UINT256", (0, 2**256 - 1)),
        ("EVM", "number", None),
        ("EVM", "uint8[]", None),
        ("EVM", "uint24", None),
        ("EVM", "bytes32", None),
        ("Stellar", "timepoint", (0, 2**64 - 1)),
        ("Stellar", "i32", (-(2**31), 2**31 - 1)),
        ("Stellar", "u256", None),
        ("Solana", "u8", (0, 255)),
        ("Solana", "i128", (-(2**127), 2**127 - 1)),
        ("Solana", "pubkey", None),
    ],
)
def test_declared_range__a_kind__is_what_its_name_says(chain, kind, expected):
    assert declared_range(chain, kind) == expected


def test_kind_of__spellings_and_unknown_ones__are_as_the_runtime_takes_them():
    assert base_kind("Stellar", "Map<Symbol,U32>") == "map"
    assert kind_of("Stellar", "Vec<Address>") == KINDS["Stellar"]["vec"]
    assert kind_of("EVM", "Address") == KINDS["EVM"]["address"]
    assert kind_of("EVM", "bytes4") is None
    assert kind_of("Solana", "anything") == KINDS["Solana"]["string"]
    assert allowed_operators("EVM", "address") == {"==", "!="}
    assert allowed_operators("EVM", "uint24") == frozenset()
    assert allowed_operators("Midnight", "u8") == frozenset()


EVM_NAMES = (
    "value from to hash nonce input transaction_index gas_limit gas_used gas_price "
    "max_fee_per_gas max_priority_fee_per_gas"
)


@pytest.mark.parametrize(
    ("chain", "names"),
    [
        ("EVM", EVM_NAMES),
        ("Stellar", "hash ledger value from to"),
        ("Solana", "signature slot fee is_success fee_payer accounts"),
        ("Midnight", ""),
    ],
)
def test_transaction_variables__a_chain__has_those_of_the_runtime(chain, names):
    variables = transaction_variables(chain)

    assert set(variables) == set(names.split())
    assert set(variables.values()) <= set(KINDS[chain])

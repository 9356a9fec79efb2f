"""Signatures against specs, and expressions on their chains."""

from typing import Any

import pytest

from blip0.tests.validation.helpers import found, messages
from blip0.tests.validation.samples import USDC
from monitors.tests.watching import ADDRESSES, SOROBAN, STELLAR_SPEC, SUBMIT, checked, codes_of
from monitors.validators.items import arity, canonical_type, evm_key, stellar_key

# -- signatures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [
        "Transfer(address,address,uint256)",
        "transfer(ADDRESS, Address ,\tuint256)",
        " Transfer(address,address,uint256) ",
    ],
)
def test_signature__spelled_as_the_runtime_compares__is_found(signature):
    assert codes_of(checked("EVM", events=[signature])) == []


def test_signature__tuples__are_written_with_their_members():
    assert codes_of(checked("EVM", functions=[SUBMIT])) == []
    assert codes_of(checked("EVM", functions=["submit(uint24,uint256[],tuple,bool)"])) == [
        "signature.not_in_spec"
    ]


@pytest.mark.parametrize(
    ("signature", "meant"),
    [
        ("Transfer(address,address,uint)", "`Transfer(address,address,uint256)`"),
        (
            "Transfer(address indexed from, address to, uint256 v)",
            "`Transfer(address,address,uint256)`",
        ),
        ("event Transfer(address,address,uint256)", "`Transfer(address,address,uint256)`"),
        ("Tranfser(address,address,uint256)", "`Transfer(address,address,uint256)`"),
    ],
)
def test_signature__not_in_the_abi__gets_a_suggestion(signature, meant):
    report = checked("EVM", events=[signature])

    assert found(report) == [
        ("warning", "signature.not_in_spec", "/match_conditions/events/0/signature")
    ]
    assert f"Did you mean {meant}?" in messages(report)


def test_signature__overloads__are_told_apart_and_all_suggested():
    abi = [
        {"type": "function", "name": "f", "outputs": [], "inputs": [{"name": n, "type": t}]}
        for n, t in (("a", "uint256"), ("b", "address"))
    ]
    monitor: Any = {"addresses": [{"address": USDC, "contract_spec": abi}]}

    assert codes_of(checked("EVM", functions=[("f(uint256)", "a > 1")], **monitor)) == []
    assert codes_of(checked("EVM", functions=[("f(address)", "a > 1")], **monitor)) == [
        "expression.unknown_variable"
    ]
    assert "Did you mean `f(uint256)` or `f(address)`?" in messages(
        checked("EVM", functions=["f(bool)"], **monitor)
    )


def test_signature__event_among_functions_and_the_reverse__is_told():
    report = checked(
        "EVM",
        functions=["Transfer(address,address,uint256)"],
        events=["transfer(address,uint256)"],
    )

    assert found(report) == [
        ("warning", "signature.wrong_list", "/match_conditions/events/0/signature"),
        ("warning", "signature.wrong_list", "/match_conditions/functions/0/signature"),
    ]


@pytest.mark.parametrize(
    ("signature", "codes"),
    [
        ("transfer(Address,I128,Option<String>)", []),
        ("transfer(Address,I128)", ["signature.not_in_spec"]),
        ("transfr(Address,I128,String)", ["signature.not_in_spec"]),
    ],
)
def test_signature__stellar_with_a_spec__is_looked_up(signature, codes):
    contract = {"address": SOROBAN, "contract_spec": STELLAR_SPEC}

    assert codes_of(checked("Stellar", functions=[signature], addresses=[contract])) == codes


def test_signature__stellar_without_a_spec__comes_from_the_chain():
    assert codes_of(checked("Stellar", functions=["whatever(I128)"])) == []


def test_signature__on_two_chains__is_enough_on_one():
    contract = {"address": SOROBAN, "contract_spec": STELLAR_SPEC}
    both: Any = {"addresses": [ADDRESSES["EVM"], contract]}

    def codes(signature):
        return codes_of(checked("EVM", "Stellar", functions=[signature], **both))

    assert codes("transfer(address,uint256)") == []
    assert codes("transfer(Address,I128,String)") == []
    assert codes("transfer(Address)") == ["signature.not_in_spec"]


@pytest.mark.parametrize(
    ("signature", "key"),
    [
        ("f()", "f/0"),
        ("F( )", "f/0"),
        ("f(a)", "f/1"),
        ("f(Map<a,b>,(c,d),e)", "f/3"),
        ("f", "f/0"),
    ],
)
def test_stellar_key__is_name_and_number(signature, key):
    assert stellar_key(signature) == key
    assert arity(signature) == int(key[-1])


def test_canonical_type__nested_tuples__are_expanded_with_their_dimensions():
    inner = {"type": "tuple[2]", "components": [{"type": "bool"}, {"type": "bytes"}]}
    outer = {"type": "tuple[]", "components": [{"type": "uint8[]"}, inner]}

    assert canonical_type(outer) == "(uint8[],(bool,bytes)[2])[]"
    assert canonical_type({"type": "tuple"}) == "tuple"
    assert evm_key(" F ( uint256 ,\naddress)") == "f(uint256,address)"


# -- expressions ---------------------------------------------------------------------------------


def test_expression__of_an_event__is_typed_by_its_parameters():
    transfer = "Transfer(address,address,uint256)"

    assert codes_of(checked("EVM", events=[(transfer, "value > 100")])) == []
    report = checked("EVM", events=[(transfer, "valeu > 100 and from > 5")])
    pointer = "/match_conditions/events/0/expression"
    assert found(report) == [
        ("warning", "expression.operator", pointer),
        ("warning", "expression.unknown_variable", pointer),
    ]
    assert "Did you mean `value`?" in messages(report)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fee > 1", "expression.kind"),
        ("ids[0] > 1", None),
        ("ids contains 7", None),
        ("order.maker == x", "expression.path"),
        ("order contains 5", None),
        ("3 == true", "expression.unknown_variable"),
    ],
)
def test_expression__of_a_function__is_typed_by_its_parameters(text, code):
    assert codes_of(checked("EVM", functions=[(SUBMIT, text)])) == ([code] if code else [])


def test_expression__of_a_signature_that_is_missing__is_not_typed():
    report = checked("EVM", functions=[("gone(bool)", "whatever == 1")])

    assert codes_of(report) == ["signature.not_in_spec"]


def test_expression__of_a_transaction__is_typed_on_every_chain():
    report = checked("EVM", "Stellar", "Solana", transactions=["value > 5"])

    assert codes_of(report) == ["expression.unknown_variable"]
    assert "On Solana, column 1: there is no variable `value`" in messages(report).replace(
        "There is", "there is"
    )


def test_expression__with_the_manuals_transaction_prefix__is_explained():
    report = checked("EVM", transactions=["transaction.value > 5"])

    assert "write `value`" in messages(report)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("0 == GABC", []),
        ("2 == 5", ["expression.unknown_variable"]),
        ("amount > 5", []),
    ],
)
def test_expression__stellar_without_a_spec__knows_positions_only(text, codes):
    assert codes_of(checked("Stellar", functions=[("transfer(Address,I128)", text)])) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("amount > 5", []),
        ("amount contains 5", ["expression.operator"]),
        ("memo == 'x'", []),
        ("1 > 5", ["expression.unknown_variable"]),
    ],
)
def test_expression__stellar_with_a_spec__is_typed(text, codes):
    contract = {"address": SOROBAN, "contract_spec": STELLAR_SPEC}
    condition = ("transfer(Address,I128,String)", text)

    assert codes_of(checked("Stellar", functions=[condition], addresses=[contract])) == codes


@pytest.mark.parametrize(
    ("chain", "conditions", "ignored"),
    [
        ("Midnight", {"functions": [("f()", "a == 1")]}, True),
        ("Midnight", {"functions": ["f()"], "transactions": ["a == 1"]}, True),
        ("Solana", {"events": [("Swap", "a == 1")]}, True),
        ("Solana", {"events": ["Swap"], "transactions": ["fee > 1"]}, False),
        ("EVM", {"transactions": ["value > 1"]}, False),
    ],
)
def test_expression__where_the_runtime_ignores_it__is_told(chain, conditions, ignored):
    assert ("expression.ignored" in codes_of(checked(chain, **conditions))) is ignored


def test_expression__that_does_not_parse__is_an_error_and_not_typed():
    report = checked("EVM", transactions=["value >"])

    assert [(f.level, f.code) for f in report.findings] == [("error", "expression.syntax")]
    assert report.verdict == "ok"

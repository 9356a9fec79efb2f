"""Signatures against specs, expressions on their chains, dead and flooding monitors."""

from typing import Any

import pytest

from blip0.tests.validation.helpers import examine, found, messages
from blip0.tests.validation.samples import ABI, MONITOR, USDC
from monitors.validators.items import arity, canonical_type, evm_key, stellar_key
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


def _check(*chains, functions=(), events=(), transactions=(), **more):
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


def _codes(report):
    assert all(f.level == "warning" for f in report.findings), report.findings
    return sorted(finding.code for finding in report.findings)


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
    assert _codes(_check("EVM", events=[signature])) == []


def test_signature__tuples__are_written_with_their_members():
    assert _codes(_check("EVM", functions=[SUBMIT])) == []
    assert _codes(_check("EVM", functions=["submit(uint24,uint256[],tuple,bool)"])) == [
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
    report = _check("EVM", events=[signature])

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

    assert _codes(_check("EVM", functions=[("f(uint256)", "a > 1")], **monitor)) == []
    assert _codes(_check("EVM", functions=[("f(address)", "a > 1")], **monitor)) == [
        "expression.unknown_variable"
    ]
    assert "Did you mean `f(uint256)` or `f(address)`?" in messages(
        _check("EVM", functions=["f(bool)"], **monitor)
    )


def test_signature__event_among_functions_and_the_reverse__is_told():
    report = _check(
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

    assert _codes(_check("Stellar", functions=[signature], addresses=[contract])) == codes


def test_signature__stellar_without_a_spec__comes_from_the_chain():
    assert _codes(_check("Stellar", functions=["whatever(I128)"])) == []


def test_signature__on_two_chains__is_enough_on_one():
    contract = {"address": SOROBAN, "contract_spec": STELLAR_SPEC}
    both: Any = {"addresses": [ADDRESSES["EVM"], contract]}

    def codes(signature):
        return _codes(_check("EVM", "Stellar", functions=[signature], **both))

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

    assert _codes(_check("EVM", events=[(transfer, "value > 100")])) == []
    report = _check("EVM", events=[(transfer, "valeu > 100 and from > 5")])
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
    assert _codes(_check("EVM", functions=[(SUBMIT, text)])) == ([code] if code else [])


def test_expression__of_a_signature_that_is_missing__is_not_typed():
    report = _check("EVM", functions=[("gone(bool)", "whatever == 1")])

    assert _codes(report) == ["signature.not_in_spec"]


def test_expression__of_a_transaction__is_typed_on_every_chain():
    report = _check("EVM", "Stellar", "Solana", transactions=["value > 5"])

    assert _codes(report) == ["expression.unknown_variable"]
    assert "On Solana, column 1: there is no variable `value`" in messages(report).replace(
        "There is", "there is"
    )


def test_expression__with_the_manuals_transaction_prefix__is_explained():
    report = _check("EVM", transactions=["transaction.value > 5"])

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
    assert _codes(_check("Stellar", functions=[("transfer(Address,I128)", text)])) == codes


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

    assert _codes(_check("Stellar", functions=[condition], addresses=[contract])) == codes


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
    assert ("expression.ignored" in _codes(_check(chain, **conditions))) is ignored


def test_expression__that_does_not_parse__is_an_error_and_not_typed():
    report = _check("EVM", transactions=["value >"])

    assert [(f.level, f.code) for f in report.findings] == [("error", "expression.syntax")]
    assert report.verdict == "ok"


# -- dead and flooding ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chains", "changes", "codes"),
    [
        (["EVM"], {"transactions": ["value > 1"], "addresses": []}, ["monitor.no_addresses"]),
        (["Stellar"], {"functions": ["f()"], "addresses": []}, []),
        (["EVM"], {}, ["monitor.matches_all"]),
        (["Solana"], {}, ["monitor.matches_all"]),
        (["Stellar"], {}, []),
        (["EVM"], {"transactions": [None]}, []),
        (["Solana"], {"functions": ["swap"]}, ["monitor.solana_functions"]),
        (["Solana"], {"functions": ["swap"], "events": ["Swap"]}, ["monitor.solana_functions"]),
        (["Solana"], {"events": ["(u64)"]}, ["signature.solana_text"]),
        (["Solana"], {"events": ["Swap(u64)"]}, []),
        (["Midnight"], {"events": ["e()"]}, ["monitor.midnight_events"]),
        (["Midnight"], {"functions": ["f()"]}, []),
    ],
)
def test_monitor__that_never_fires_or_always__is_told(chains, changes, codes):
    assert _codes(_check(*chains, **changes)) == codes


def test_monitor__solana_functions_alone__match_everything():
    assert "every transaction of the program" in messages(_check("Solana", functions=["f"]))
    assert "matches by the rest" in messages(_check("Solana", functions=["f"], events=["e"]))


def test_address__without_an_abi__never_matches_functions_and_events():
    transfer = "Transfer(address,address,uint256)"
    bare = {"address": USDC}
    other = {"address": "0xdAC17F958D2ee523a2206206994597C13D831ec7"}

    assert found(_check("EVM", events=[transfer], addresses=[bare, other])) == [
        ("warning", "monitor.no_abi", "/addresses")
    ]
    assert found(_check("EVM", events=[transfer], addresses=[ADDRESSES["EVM"], other])) == [
        ("warning", "address.no_abi", "/addresses/1")
    ]
    assert _codes(_check("EVM", transactions=["value > 1"], addresses=[bare, other])) == []


def test_address__with_a_broken_or_foreign_spec__has_one_finding():
    foreign = {"address": USDC, "contract_spec": STELLAR_SPEC}
    broken = {"address": USDC, "contract_spec": [{"type": "event"}]}

    assert _codes(_check("EVM", events=["e()"], addresses=[foreign])) == ["spec.chain"]
    report = _check("EVM", events=["e()"], addresses=[broken])
    assert {f.level for f in report.findings} == {"error"}


def test_network__of_another_type_without_an_address__is_told():
    report = _check("EVM", "Stellar", functions=[SUBMIT], addresses=[ADDRESSES["EVM"]])

    assert found(report) == [("warning", "monitor.network_without_address", "/networks/1")]
    assert _codes(_check("EVM", "Stellar", functions=[SUBMIT])) == []
    # On Stellar transactions match whatever the addresses say.
    assert (
        _codes(_check("EVM", "Stellar", transactions=["value > 1"], addresses=[ADDRESSES["EVM"]]))
        == []
    )


def test_meaning__networks_unknown__is_not_judged():
    document = {**MONITOR, "addresses": [], "networks": ["somewhere"]}

    assert examine(check_monitor, document).findings == ()


# -- messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "chains", "conditions", "missing"),
    [
        ("${monitor.name} ${transaction.hash} ${events}", ["EVM"], {"transactions": [None]}, 0),
        ("${transaction.hash}", ["Solana"], {"events": ["Swap"]}, 1),
        ("${transaction.signature}", ["Solana"], {"events": ["Swap"]}, 0),
        ("${transaction.value}", ["EVM", "Stellar"], {"transactions": [None]}, 1),
        ("${events.0.signature}", ["EVM"], {"transactions": [None]}, 1),
        ("${functions.0.args.to}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 1),
        ("${events.0.args.value}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 0),
        ("${events.0.args.amount}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 1),
        ("${functions.0.args.anything}", ["Stellar"], {"functions": ["f(I128)"]}, 0),
        ("${nonsense}", ["EVM"], {"transactions": [None]}, 0),
    ],
)
def test_message__variables_the_monitor_never_sets__are_told(template, chains, conditions, missing):
    report = _check(*chains, **conditions, trigger_templates={"ops": template})

    told = [(f.code, f.pointer) for f in report.findings if f.code == "message.never_set"]
    assert told == [("message.never_set", "/triggers/0")] * missing


def test_message__misspelt_parameter__gets_a_suggestion():
    report = _check(
        "EVM",
        events=["Transfer(address,address,uint256)"],
        trigger_templates={"ops": "${events.0.args.valu}"},
    )

    assert "has a parameter `valu`. Did you mean `value`?" in messages(report)

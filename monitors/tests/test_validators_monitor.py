import copy
from typing import Any

import pytest

from blip0.common.validation import Limits
from blip0.tests.validation.helpers import SCRIPTS, examine, found, messages
from monitors.validators.monitor import check_monitor

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


def _abi_event(name, *types):
    inputs = [{"name": f"p{number}", "type": kind} for number, kind in enumerate(types)]
    return {"type": "event", "name": name, "anonymous": False, "inputs": inputs}


ABI = [
    _abi_event("Transfer", "address", "address", "uint256"),
    _abi_event("E", "string"),
    _abi_event("f", "a"),
]
CONTRACT: Any = {"address": USDC, "contract_spec": ABI}
MONITOR: Any = {
    "name": "Large transfers",
    "networks": ["ethereum_mainnet"],
    "paused": False,
    "addresses": [CONTRACT],
    "match_conditions": {
        "functions": [],
        "events": [{"signature": "Transfer(address,address,uint256)", "expression": "p2 > 1"}],
        "transactions": [{"status": "Success"}],
    },
    "trigger_conditions": [
        {"script_path": "config/filters/a.sh", "language": "Bash", "timeout_ms": 10}
    ],
    "triggers": ["slack"],
}
WORLD: Any = {
    "script_paths": SCRIPTS,
    "network_types": {
        "ethereum_mainnet": "EVM",
        "base": "EVM",
        "stellar_mainnet": "Stellar",
        "solana_mainnet": "Solana",
    },
    "trigger_keys": frozenset({"slack", "mail"}),
}


def _check(changes=None, **facts):
    return examine(check_monitor, {**MONITOR, **(changes or {})}, **{**WORLD, **facts})


def _conditions(**changes):
    return {"match_conditions": {**MONITOR["match_conditions"], **changes}}


def _event(signature="E(string)", expression=None):
    return _conditions(events=[{"signature": signature, "expression": expression}])


def test_monitor__complete_and_right__has_no_findings():
    assert _check().findings == ()


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"name": ""}, "monitor.name", "/name"),
        ({"networks": []}, "monitor.networks", "/networks"),
        (
            {"trigger_conditions": [{**MONITOR["trigger_conditions"][0], "timeout_ms": 0}]},
            "script.timeout",
            "/trigger_conditions/0/timeout_ms",
        ),
        (
            {"trigger_conditions": [{**MONITOR["trigger_conditions"][0], "language": "Python"}]},
            "script.extension",
            "/trigger_conditions/0/script_path",
        ),
        (
            {
                "trigger_conditions": [
                    {**MONITOR["trigger_conditions"][0], "script_path": "filters/none.sh"}
                ]
            },
            "script.missing",
            "/trigger_conditions/0/script_path",
        ),
    ],
)
def test_monitor__what_the_runtime_refuses__is_invalid(changes, code, pointer):
    report = _check(changes)

    assert (report.verdict, found(report)) == ("invalid", [("error", code, pointer)])


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"name": " "}, "name.blank", "/name"),
        ({"name": "x" * 201}, "name.length", "/name"),
        ({"networks": ["base", "base"]}, "monitor.repeated_network", "/networks/1"),
        ({"networks": ["base", "nowhere"]}, "monitor.unknown_network", "/networks/1"),
        ({"triggers": ["mail", "slack", "mail"]}, "monitor.repeated_trigger", "/triggers/2"),
        ({"triggers": ["slak"]}, "monitor.unknown_trigger", "/triggers/0"),
        ({"addresses": [{"address": "0x0"}]}, "address.form", "/addresses/0/address"),
        (
            {"addresses": [CONTRACT, {**CONTRACT, "address": USDC.lower()}]},
            "monitor.repeated_address",
            "/addresses/1/address",
        ),
        (_event("garbage"), "signature.form", "/match_conditions/events/0/signature"),
        (_event("f(a) "), None, None),
        (_event(")("), "signature.form", "/match_conditions/events/0/signature"),
        (_event(" "), "signature.blank", "/match_conditions/events/0/signature"),
        (_event(expression=""), "expression.blank", "/match_conditions/events/0/expression"),
        (
            _event(expression="é" * 2049),
            "expression.size",
            "/match_conditions/events/0/expression",
        ),
        (_event(expression=f"p0 == '{'é' * 2044}'"), None, None),
        (
            _event(expression="(" * 33 + "p0 == x" + ")" * 33),
            "expression.nesting",
            "/match_conditions/events/0/expression",
        ),
        (_event(expression="(" * 32 + "p0 == x" + ")" * 32), None, None),
    ],
)
def test_monitor__what_only_policy_refuses__leaves_the_verdict(changes, code, pointer):
    report = _check(changes)

    assert report.verdict == "ok"
    assert found(report) == ([("error", code, pointer)] if code else [])
    assert all(finding.source == "policy" for finding in report.findings)


def test_references__misspelt__get_a_suggestion():
    report = _check({"networks": ["etherum_mainnet"], "triggers": ["slak"]})

    assert "Did you mean `ethereum_mainnet`?" in messages(report)
    assert "Did you mean `slack`?" in messages(report)


def test_references__nothing_known_of_the_world__are_not_checked():
    report = examine(check_monitor, {**MONITOR, "networks": ["x"], "triggers": ["y"]})

    assert report.findings == ()


@pytest.mark.parametrize(
    ("networks", "fine"),
    [(["solana_mainnet"], True), (["stellar_mainnet"], False), (["solana_mainnet", "base"], False)],
)
def test_signature__parentheses__are_wanted_except_on_solana(networks, fine):
    report = _check({**_event("Upgraded program X"), "networks": networks, "addresses": []})

    assert (found(report) == []) is fine


def test_monitor__mistakes_of_form__do_not_hide_the_others():
    document = copy.deepcopy(MONITOR)
    document["id"] = 1
    document["triggers"] = ["slack", 5, "slack"]
    document["addresses"] = [{"address": "0x0", "abi": []}, "0x1"]
    document["match_conditions"]["events"] = [{"signature": "garbage"}, None]

    report = examine(check_monitor, document, **WORLD)

    assert found(report) == [
        ("error", "address.form", "/addresses/0/address"),
        ("error", "monitor.repeated_trigger", "/triggers/2"),
        ("error", "shape.type", "/addresses/1"),
        ("error", "shape.type", "/match_conditions/events/1"),
        ("error", "shape.type", "/triggers/1"),
        ("error", "shape.unknown", "/addresses/0/abi"),
        ("error", "shape.unknown", "/id"),
        ("error", "signature.form", "/match_conditions/events/0/signature"),
    ]
    assert "Unknown field `abi`: did you mean `contract_spec`?" in messages(report)


def test_contract_spec__a_mistake_inside__is_pointed_at():
    spec = [{"type": "event", "name": "E", "inputs": [{"type": "uint 8"}], "anonymous": False}]

    report = _check({"addresses": [{"address": USDC, "contract_spec": spec}]})

    pointer = "/addresses/0/contract_spec/0/inputs/0/type"
    assert (report.verdict, found(report)) == ("parse_error", [("error", "abi.type", pointer)])


def test_contract_spec__policy__has_the_full_pointer():
    spec = {"version": "1", "name": "p", "instructions": [], "x": 1.5}

    report = _check({"addresses": [{"address": USDC, "contract_spec": spec}]})

    assert found(report) == [
        ("error", "spec.number", "/addresses/0/contract_spec/x"),
        ("warning", "spec.chain", "/addresses/0/contract_spec"),
    ]


@pytest.mark.parametrize(
    ("limits", "code", "pointer"),
    [
        (Limits(addresses=0), "plan.addresses", "/addresses"),
        (Limits(conditions=1), "plan.conditions", "/match_conditions"),
        (Limits(triggers=0), "plan.triggers", "/triggers"),
    ],
)
def test_plan__limit_passed__is_policy(limits, code, pointer):
    assert found(_check(limits=limits)) == [("error", code, pointer)]


def test_plan__limit_reached__is_fine():
    assert _check(limits=Limits(addresses=1, conditions=2, triggers=1)).findings == ()


VIEWING_KEY = "/chain_configurations/0/midnight/viewing_keys/0/type"


@pytest.mark.parametrize(
    ("author", "findings"),
    [("tenant", [("error", "secret.reference", VIEWING_KEY)]), ("staff", []), (None, [])],
)
def test_viewing_keys__references__are_for_staff_only(author, findings):
    key = {"type": "environment", "value": "KEY"}

    report = _check(
        {"chain_configurations": [{"midnight": {"viewing_keys": [key]}}]}, author=author
    )

    assert (report.verdict, found(report)) == ("ok", findings)


def test_chain_configurations__unknown_keys__are_ignored_by_the_runtime_and_pointed_out():
    report = _check({"chain_configurations": [{"foo": 1, "evm": {"x": 1}, "midnight": None}]})

    assert (report.verdict, found(report)) == (
        "ok",
        [
            ("warning", "shape.ignored", "/chain_configurations/0/evm/x"),
            ("warning", "shape.ignored", "/chain_configurations/0/foo"),
        ],
    )


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_monitor__no_monitor_at_all__is_a_parse_error(value):
    assert examine(check_monitor, value, **WORLD).verdict == "parse_error"

"""No input makes a check raise, and none takes long."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blip0.common.validation import CheckContext, Limits, check, check_text, known_kinds
from blip0.testing.speed import cpu_seconds
from blip0.tests.validation.helpers import SCRIPTS, vectors

CONTEXT = CheckContext(
    author="tenant",
    script_paths=SCRIPTS,
    network_types={"a": "EVM", "b": "Stellar", "c": "Solana", "d": "Midnight"},
    trigger_keys=frozenset({"t"}),
    trigger_templates={"t": "${events.0.args.value} ${transaction.value} ${odd} ${"},
    limits=Limits(spec_bytes=1000, addresses=2, conditions=2, triggers=2),
)
KINDS = sorted({line["kind"] for line in vectors()} | {"filter_script", "slug"})
SEEDS = [json.loads(line["input_text"]) for line in vectors() if line["input_text"] != "x"]

_words = sorted(
    {
        key
        for seed in SEEDS
        for key in json.dumps(seed).split('"')[1::2]
        if 0 < len(key) < 30
    }
)  # fmt: skip
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(_words)
    | st.binary(max_size=3)
)
_values = st.recursive(
    _scalars | st.sampled_from(SEEDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_words) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(KINDS), value=_values)
def test_check__any_value__gives_a_report(kind, value):
    report = check(kind, value, context=CONTEXT)

    assert report.verdict in ("ok", "parse_error", "invalid")


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(KINDS), text=st.text(max_size=200))
def test_check_text__any_text__gives_a_report(kind, text):
    assert check_text(kind, text, context=CONTEXT).kind == kind
    assert check_text(kind, json.dumps(text), context=CONTEXT).kind == kind


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_check__a_valid_document_with_one_part_replaced__gives_a_report(data):
    line = data.draw(st.sampled_from([line for line in vectors() if line["verdict"] == "ok"]))
    document = json.loads(line["input_text"])
    _replace_somewhere(document, data)

    report = check(line["kind"], document, context=CONTEXT)

    assert report.verdict in ("ok", "parse_error", "invalid")


def _replace_somewhere(node, data):
    """Walk down to a random part of a document and put something else there."""
    while isinstance(node, dict | list) and node:
        key = data.draw(
            st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))
        )
        if isinstance(node[key], dict | list) and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(_values)
        return


def _abi(size):
    """An ABI of about `size` bytes with tuples, arrays and odd types."""
    items: list[object] = []
    length = 0
    while length < size:
        number = len(items)
        component = {"name": "q", "type": f"bytes{number % 32 + 1}[{number % 7 + 1}][]"}
        item = {
            "type": "function",
            "name": f"f{number}",
            "stateMutability": "view",
            "inputs": [{"name": "a", "type": "tuple[]", "components": [component, component]}],
            "outputs": [{"name": "", "type": "bool", "internalType": "bool"}],
        }
        items.append(item)
        length += len(json.dumps(item))
    return items


HALF_MIB = 512 * 1024
ALLOWED_S = 1.0
"""Half of it is what we promise; a tenth is usual."""
HEAVY = {
    "valid": json.dumps(_abi(HALF_MIB)),
    "all wrong": json.dumps(_abi(HALF_MIB)).replace("view", "odd"),
    "empty items": json.dumps([{}] * (HALF_MIB // 4)),
    "brackets": "[" * HALF_MIB,
    "nested type": json.dumps(
        [{"type": "function", "name": "f", "outputs": [], "inputs": [{"type": "(" * HALF_MIB}]}]
    ),
    "sizes": json.dumps(
        [{"type": "error", "name": "f", "inputs": [{"type": "a" + "[1]" * (HALF_MIB // 3)}]}]
    ),
    "commas": json.dumps(
        [{"type": "error", "name": "f", "inputs": [{"type": f"({'a,' * (HALF_MIB // 2)})"}]}]
    ),
    "unknown keys": json.dumps({f"k{n}": n for n in range(HALF_MIB // 16)}),
}


@pytest.mark.parametrize("kind", ["abi", "spec", "monitor"])
@pytest.mark.parametrize("case", HEAVY)
def test_check_text__half_a_mebibyte__is_examined_in_time(kind, case):
    text = HEAVY[case]
    context = CheckContext(limits=Limits(spec_bytes=HALF_MIB))

    assert _seconds(kind, text, context) < ALLOWED_S


def _monitor(addresses=(), functions=(), **more):
    return {
        "name": "m",
        "networks": ["a"],
        "paused": False,
        "addresses": [{"address": address, "contract_spec": spec} for address, spec in addresses],
        "match_conditions": {"functions": list(functions), "events": [], "transactions": []},
        "trigger_conditions": [],
        "triggers": [],
        **more,
    }


def _overloads(count):
    """Functions of one signature, each with another name for its parameter."""
    return [
        {
            "type": "function",
            "name": "f",
            "inputs": [{"name": f"{'a' * 30}{number}", "type": "uint256"}],
            "outputs": [],
        }
        for number in range(count)
    ]


def _near_names(count):
    return [
        {
            "type": "function",
            "name": f"transferFromAccountNumber{number}",
            "inputs": [],
            "outputs": [],
        }
        for number in range(count)
    ]


ADDRESS = f"0x{'a' * 40}"
KNOWN = frozenset(f"{'k' * 55}{number:05}" for number in range(2000))
HEAVY_MONITORS = {
    "one signature, thousands of names": _monitor(
        [(ADDRESS, _overloads(4500))],
        [{"signature": "f(uint256)", "expression": "zz > 1 and " * 20 + "a > 1"}] * 200,
    ),
    "names that nearly are": _monitor(
        [(ADDRESS, _near_names(4500))],
        [{"signature": f"transferFromAccountNumbr{number}()"} for number in range(500)],
    ),
    "unknown triggers among thousands": _monitor(
        triggers=[f"{'k' * 54}{number}" for number in range(8000)]
    ),
    "unknown scripts among thousands": _monitor(
        trigger_conditions=[
            {"script_path": f"{'k' * 54}{number}", "language": "Bash", "timeout_ms": 1}
            for number in range(4000)
        ]
    ),
    "capitals": _monitor([(f"0x{'aB' * 17}{number:06x}", None) for number in range(8000)]),
    "a message of many variables": _monitor(
        [(ADDRESS, _overloads(4500))], [{"signature": "f(uint256)"}] * 200, triggers=["t"] * 50
    ),
}


@pytest.mark.parametrize("case", HEAVY_MONITORS)
def test_check_text__monitor_that_asks_for_much_looking__is_examined_in_time(case):
    context = CheckContext(
        network_types={"a": "EVM"},
        trigger_keys=KNOWN,
        script_paths=KNOWN,
        trigger_templates={"t": "".join(f"${{functions.0.args.a{n}}}" for n in range(2500))},
    )

    assert _seconds("monitor", json.dumps(HEAVY_MONITORS[case]), context) < ALLOWED_S


def _seconds(kind, text, context):
    return cpu_seconds(lambda: check_text(kind, text, context=context), enough=ALLOWED_S)


def test_check_text__a_large_valid_abi__is_fine():
    assert check_text("abi", HEAVY["valid"]).findings == ()


def test_kinds__tested_here__exist():
    assert set(KINDS) <= set(known_kinds())

"""Whatever the values hold: nothing is raised, and `and` and `or` do what a naive model does."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip0.testing.speed import cpu_seconds
from monitors.expressions.evaluation import ConditionTrace, Variable, evaluate
from monitors.expressions.evaluation.evm import tuple_leaves
from monitors.expressions.integers import NotAnInteger, alloy_integer, rust_integer
from monitors.expressions.json_values import JsonTexts, float_text, read_json, same, written
from monitors.expressions.kinds import KINDS, Chain
from monitors.expressions.parsing import parse
from monitors.expressions.tree import Combination, Condition, Expression, Value, ValueKind
from monitors.tests.expressions.evaluating import ALL_OPERATORS, trace

CHAINS: tuple[Chain, ...] = get_args(Chain)
KIND_NAMES = sorted({kind for chain in CHAINS for kind in KINDS[chain]} | {"bytes4", "Map<a,b>"})

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
texts = st.one_of(
    st.text(),
    st.text(alphabet="()[]{},:'\"\\ a1.-+eExX_0", max_size=40),
    json_values.map(json.dumps),
    st.integers().map(str),
    st.integers(min_value=0).map(hex),
    st.sampled_from(["true", "false", "null", "0x", "{a:b}", "(1,(2))", ""]),
)
literals = st.builds(
    Value,
    st.sampled_from(get_args(ValueKind)),
    texts,
    st.just(0),
    st.just(0),
)
paths = st.lists(st.integers(0, 3) | st.sampled_from(["a", "value", ""]), max_size=3).map(tuple)
conditions = st.builds(
    Condition,
    st.just("x"),
    paths,
    st.sampled_from(ALL_OPERATORS),
    literals,
    st.just(0),
    st.just(0),
)


@given(conditions, st.sampled_from(KIND_NAMES), texts, st.sampled_from(CHAINS))
def test_evaluate__any_value_and_condition__raises_nothing(condition, kind, text, chain):
    found = evaluate(condition, {"x": Variable(kind, text)}, chain)

    assert isinstance(found, ConditionTrace)
    assert found.outcome in {"true", "false", "error", "ignored"}
    assert (found.trouble is not None) == (found.outcome == "error")
    assert found.why.endswith(".")
    json.dumps(found.as_dict())


# The model: an expression of conditions that are known to be true, false or an error.
VARIABLES = {
    "t": Variable("bool", "true"),
    "f": Variable("bool", "false"),
    "e": Variable("bool", "neither"),
}
atoms = st.sampled_from("tfe")
formulas = st.recursive(
    atoms,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2)),
    max_leaves=20,
)


def as_expression(formula: Any) -> Expression:
    if isinstance(formula, str):
        return Condition(formula, (), "==", Value("boolean", "true", 0, 0), 0, 0)
    operator, terms = formula
    return Combination(operator, tuple(map(as_expression, terms)), 0, 0)


def model(formula: Any) -> bool:
    """Binary and left-associative, as the runtime has it. Raises `ValueError` for an error."""
    if isinstance(formula, str):
        if formula == "e":
            raise ValueError
        return formula == "t"
    operator, (first, *others) = formula
    value = model(first)
    for term in others:
        value = (value and model(term)) if operator == "and" else (value or model(term))
    return value


@given(formulas, st.sampled_from(["EVM", "Stellar", "Solana"]))
def test_evaluate__and_and_or__do_what_a_naive_model_does(formula, chain):
    try:
        expected = str(model(formula)).lower()
    except ValueError:
        expected = "error"

    assert evaluate(as_expression(formula), VARIABLES, chain).outcome == expected


@given(st.integers(-(2**300), 2**300))
def test_integers__decimal_texts__are_read_if_they_fit(number):
    for read, signed, bits in (
        (alloy_integer, False, 256),
        (alloy_integer, True, 256),
        (rust_integer, False, 64),
        (rust_integer, True, 128),
    ):
        least = -(2 ** (bits - 1)) if signed else 0
        fits = least <= number < 2 ** (bits - 1 if signed else bits)
        if fits:
            assert read(str(number), signed=signed, bits=bits) == number
        else:
            with pytest.raises(NotAnInteger):
                read(str(number), signed=signed, bits=bits)


@given(json_values)
def test_written__any_json__reads_back_the_same(value):
    text = json.dumps(value)
    read = read_json(text)

    assert same(read_json(written(read)), read)


@given(finite)
def test_float_text__any_float__reads_back(number):
    assert float(float_text(number)) == number


def render(value: Any) -> str:
    """A tuple as the runtime renders it."""
    return f"({','.join(map(render, value))})" if isinstance(value, list) else json.dumps(value)


@given(st.recursive(st.integers(0, 9) | st.text("ab,() ", max_size=4), st.lists, max_leaves=20))
def test_tuple_leaves__any_nesting__are_all_found(value):
    tree = value if isinstance(value, list) else [value]

    def flat(branch: Any) -> list[Any]:
        if isinstance(branch, list):
            return [leaf for inner in branch for leaf in flat(inner)]
        return [branch]

    assert list(tuple_leaves(render(tree), JsonTexts())) == flat(tree)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("tuple", "(" * 32_000 + ")" * 32_000),
        ("tuple", "(" + "1," * 32_000 + "1)"),
        ("tuple", "('" + "\\'" * 32_000 + ")"),
        ("array", "[" + "1," * 32_000 + "1]"),
        ("array", "[" * 64_000),
        ("array", '[{"a":' * 10_000),
        ("uint256", "9" * 64_000),
        ("uint256", "0x" + "_" * 64_000),
        ("Map", "{" + "a:b," * 16_000),
        ("Map", "{" * 64_000),
        ("Map", ":" * 64_000),
        ("Map", "{a:" + "9" * 64_000 + "x}"),
        ("Map", "{a:" + " " * 64_000 + "x}"),
        ("Map", "{" + " " * 64_000 + ":x}"),
        ("string", "a" * 64_000),
    ],
)
@pytest.mark.parametrize("expression", ["x contains 'z'", "x == '(1)'", "x[0].a > 1"])
@pytest.mark.parametrize("chain", ["EVM", "Stellar"])
def test_evaluate__a_hostile_value__takes_little_time(chain, expression, kind, text):
    assert cpu_seconds(lambda: trace(chain, kind, text, expression), enough=0.5) < 0.5


def test_evaluate__many_conditions_on_one_large_value__parse_it_once():
    text = json.dumps([list(range(100))] * 200)
    expression = parse(" or ".join(f"x[{index}][0] > 5" for index in range(200)))

    def once():
        evaluate(expression, {"x": Variable("array", text)}, "EVM")

    assert cpu_seconds(once, enough=0.5) < 0.5

"""What a trace tells: order, short circuit, the values seen, and why."""

from __future__ import annotations

import json

import pytest

from monitors.expressions.evaluation import (
    CombinationTrace,
    ConditionTrace,
    Trace,
    Variable,
    evaluate,
    in_words,
)
from monitors.expressions.evaluation.trace import MAX_TEXT
from monitors.expressions.kinds import Chain
from monitors.expressions.parsing import parse
from monitors.expressions.tree import Condition
from monitors.tests.expressions.evaluating import trace

VARIABLES = {
    "t": Variable("uint256", "1"),
    "f": Variable("uint256", "0"),
    "e": Variable("bytes4", "0x"),
}


def outcomes(found: Trace) -> list[str]:
    """Those of the conditions, from left to right."""
    if isinstance(found, CombinationTrace):
        return [outcome for term in found.terms for outcome in outcomes(term)]
    return [found.outcome]


def of(text: str, chain: Chain = "EVM") -> Trace:
    """`t`, `f` and `e` in `text` stand for conditions that are true, false and an error."""
    words = text.replace("(", "( ").replace(")", " )").split()
    return evaluate(
        parse(" ".join(f"{word} == 1" if word in VARIABLES else word for word in words)),
        VARIABLES,
        chain,
    )


@pytest.mark.parametrize(
    ("text", "outcome", "conditions"),
    [
        ("t", "true", "true"),
        ("e", "error", "error"),
        ("t and t and t", "true", "true true true"),
        ("t and f and e", "false", "true false not_evaluated"),
        ("f and e", "false", "false not_evaluated"),
        ("e and f", "error", "error not_evaluated"),
        ("t and e and f", "error", "true error not_evaluated"),
        ("f or f", "false", "false false"),
        ("f or t or e", "true", "false true not_evaluated"),
        ("t or e", "true", "true not_evaluated"),
        ("e or t", "error", "error not_evaluated"),
        ("f or e or t", "error", "false error not_evaluated"),
        ("f and e or t", "true", "false not_evaluated true"),
        ("t and f or f and t or t", "true", "true false false not_evaluated true"),
        ("t or e and e", "true", "true not_evaluated not_evaluated"),
        ("(e or t) and f", "error", "error not_evaluated not_evaluated"),
        ("(t or e) and (f or t)", "true", "true not_evaluated false true"),
        ("f and (e or (t and e)) or t", "true", "false " + "not_evaluated " * 3 + "true"),
    ],
)
def test_evaluate__terms__are_read_from_the_left_until_one_decides(text, outcome, conditions):
    found = of(text)

    assert found.outcome == outcome
    assert outcomes(found) == conditions.split()
    assert found.matches == (outcome == "true")


def test_evaluate__midnight__ignores_expressions():
    found = of("f and (t or e)", "Midnight")

    assert found.matches
    assert set(outcomes(found)) == {"ignored"}
    assert found.as_dict()["outcome"] == "ignored"


@pytest.mark.parametrize("chain", ["EVM", "Stellar", "Solana"])
def test_evaluate__unknown_variable__is_an_error(chain):
    found = evaluate(parse("nobody == 1"), VARIABLES, chain)

    assert isinstance(found, ConditionTrace)
    assert (found.outcome, found.trouble, found.saw) == ("error", "unknown_variable", None)
    assert found.why == "There is no variable `nobody` here."


@pytest.mark.parametrize(
    ("kind", "text", "expression", "why"),
    [
        ("uint256", "900", "x > 1000", "`x` is 900, which is not > 1000."),
        ("uint256", "1900", "x > 1000", "`x` is 1900, which is > 1000."),
        ("uint256", "5", "x == 5", "`x` is 5, which equals 5."),
        ("uint256", "5", "x != 5", "`x` is 5, which does not differ from 5."),
        ("string", "", "x != 'a'", "`x` is empty, which differs from 'a'."),
        ("string", "ab", "x contains c", "`x` is ab, which does not contain 'c'."),
        ("string", "ab", "x starts_with A", "`x` is ab, which starts with 'A'."),
        ("array", '[{"a":7}]', "x[0].a <= 7", "`x[0].a` is 7, which is <= 7."),
    ],
)
def test_trace__a_comparison__says_why(kind, text, expression, why):
    assert trace("EVM", kind, text, expression).why == why


@pytest.mark.parametrize(
    ("kind", "text", "expression", "trouble", "why"),
    [
        (
            "bytes4",
            "0x",
            "x == 1",
            "kind",
            "`x` is of type bytes4, which the runtime compares with nothing.",
        ),
        (
            "bool",
            "true",
            "x > true",
            "operator",
            "A value of type bool knows no `>`, only ==, !=.",
        ),
        (
            "address",
            "0xab",
            "x == 5",
            "literal",
            "A value of type address is compared with a text, not with 5.",
        ),
        (
            "uint256",
            "5",
            "x > abc",
            "literal",
            "'abc' is not an integer for uint256: only digits may stand in it.",
        ),
        (
            "uint256",
            "-5",
            "x > 5",
            "value",
            "`x` is -5, which is no uint256: only digits may stand in it.",
        ),
        (
            "string",
            "plain",
            "x.a == 5",
            "path",
            "`x` is plain, which is not JSON, so no path leads into it.",
        ),
        (
            "array",
            "[1,2]",
            "x[2] == 5",
            "path",
            "`x` has 2 elements, counted from 0, so there is no [2].",
        ),
        (
            "array",
            '[{"a":5}]',
            "x[0].a.b == 5",
            "path",
            "`x[0].a` is a number, so `.b` leads nowhere.",
        ),
        ("array", '[{"a":5}]', "x[0].b == 5", "path", "`x[0]` has no member `b`."),
    ],
)
def test_trace__an_error__says_what_and_why(kind, text, expression, trouble, why):
    found = trace("EVM", kind, text, expression)

    assert (found.outcome, found.trouble, found.why) == ("error", trouble, why)


def test_trace__as_dict__is_json_and_mirrors_the_expression():
    expression = parse("x.a > 1 and (x.a > 5 or y == 1)")
    found = evaluate(expression, {"x": Variable("string", '{"a":3}')}, "EVM")

    written = json.loads(json.dumps(found.as_dict()))

    assert (written["operator"], written["outcome"]) == ("and", "error")
    first, second = written["terms"]
    assert first == {
        "condition": ["x", ["a"], ">", ["N", "1"]],
        "start": 0,
        "end": 7,
        "outcome": "true",
        "why": "`x.a` is 3, which is > 1.",
        "value": {"kind": "number", "text": "3", "truncated": False},
        "trouble": None,
    }
    assert [term["outcome"] for term in second["terms"]] == ["false", "error"]
    assert second["terms"][1]["value"] is None


def test_trace__a_long_value__is_cut_where_it_is_written():
    found = trace("EVM", "string", "a" * 100_000, "x == a")

    assert found.saw is not None
    assert len(found.saw.text) == 100_000
    written = found.as_dict()
    assert written["value"] == {"kind": "string", "text": "a" * MAX_TEXT + "…", "truncated": True}
    assert len(written["why"]) < 200


@pytest.mark.parametrize(
    ("expression", "kind", "words"),
    [
        ("value > 1000", "uint256", "`value` is greater than 1000"),
        ("value >= 1000", None, "`value` is at least 1000"),
        ("value < 1000", "uint256", "`value` is less than 1000"),
        ("value <= 1000", "uint256", "`value` is at most 1000"),
        ("paused != true", "bool", "`paused` is not true"),
        ("to == 0xAB", "address", "`to` is 0xAB"),
        ("name starts_with 'a b'", "string", "`name` starts with 'a b'"),
        ("name ends_with z", "string", "`name` ends with 'z'"),
        ("ids[0].tags contains 5", "array", "`ids[0].tags` contains 5"),
    ],
)
def test_in_words__a_condition__reads_as_a_sentence(expression, kind, words):
    condition = parse(expression)

    assert isinstance(condition, Condition)
    assert in_words(condition, kind) == words

"""Expressions tried against typed values, sample values, and what can never be true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.expressions.checking import UNKNOWN_KIND, possible_outcomes, problems
from monitors.expressions.evaluation import Variable, evaluate
from monitors.expressions.kinds import KINDS, Chain, kind_of, transaction_variables
from monitors.expressions.parsing import parse
from monitors.expressions.samples import sample
from monitors.expressions.trying import (
    MAX_VALUES,
    MAX_VALUES_SIZE,
    BadExpression,
    BadValues,
    attempt,
    read_values,
    sample_lines,
)

EVM_KINDS = {"value": "uint256", "to": "address", "small": "uint8", "ok": "bool"}
CHAINS: tuple[Chain, ...] = ("EVM", "Stellar", "Solana")


def _possible(text: str) -> frozenset[str]:
    tree = parse(text)
    return possible_outcomes(tree, problems(tree, "EVM", EVM_KINDS))


# -- what can never be true ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("value > 5", {"true", "false"}),
        ("small > 300", {"false"}),
        ("small < 300", {"true"}),
        ("nothing == 1", {"error"}),
        ("value > 5 and small > 300", {"false"}),
        ("value > 5 and small < 300", {"true", "false"}),
        ("value > 5 or small > 300", {"true", "false"}),
        ("value > 5 or small < 300", {"true"}),
        ("small > 300 or to == 0xAb", {"false"}),
        # Read from the left: an error ends it all, unless what stands before it has decided.
        ("nothing == 1 or value > 5", {"error"}),
        ("value > 5 or nothing == 1", {"true", "error"}),
        ("value > 5 and nothing == 1", {"false", "error"}),
        ("small > 300 and nothing == 1", {"false"}),
        ("(value > 5 or ok == true) and small > 300", {"false"}),
    ],
)
def test_possible_outcomes__by_what_is_constant(text: str, outcomes: set[str]) -> None:
    assert _possible(text) == outcomes


atoms = st.sampled_from(
    ["value > 5", "small > 300", "small < 300", "nothing == 1", "to == 0xAb", "ok == true"]
)
texts = st.recursive(
    atoms,
    lambda inner: st.tuples(st.sampled_from([" and ", " or "]), st.lists(inner, min_size=2)).map(
        lambda group: f"({group[0].join(group[1])})"
    ),
    max_leaves=12,
)


@given(texts, st.integers(0, 10), st.integers(0, 255), st.booleans())
def test_possible_outcomes__whatever_the_values__holds_what_comes(
    text: str, value: int, small: int, ok: bool
) -> None:
    values = {
        "value": Variable("uint256", str(value)),
        "small": Variable("uint8", str(small)),
        "ok": Variable("bool", str(ok).lower()),
        "to": Variable("address", "0x28C6c06298d514Db089934071355E5743bf21d60"),
    }

    assert evaluate(parse(text), values, "EVM").outcome in _possible(text)


# -- samples -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "kind"),
    # A list of tuples is no JSON: the runtime compares none.
    [(chain, kind) for chain in CHAINS for kind in KINDS[chain] if kind != "tuple[]"],
)
def test_sample__each_kind__can_be_compared(chain: Chain, kind: str) -> None:
    shown = sample(chain, kind)
    known = kind_of(chain, kind)
    assert known is not None
    is_text = "string" in known.literals_for("==")
    text = f"x == '{shown.text}'" if is_text else f"x == {shown.text}"

    assert evaluate(parse(text), {"x": shown}, chain).outcome == "true", (text, shown)


@pytest.mark.parametrize("chain", CHAINS)
def test_sample_lines__of_a_transaction__are_read_back(chain: Chain) -> None:
    kinds = transaction_variables(chain)

    values = read_values(sample_lines(chain, kinds))

    assert {name: value.kind for name, value in values.items()} == kinds
    assert all(value.text for value in values.values())


def test_sample_lines__unknown_kind__is_asked_for() -> None:
    lines = sample_lines("Stellar", {"amount": UNKNOWN_KIND})

    with pytest.raises(BadValues, match="Line 1: the kind of `amount` isn't known; write it"):
        read_values(lines)


def test_sample_lines__more_than_are_read__are_cut() -> None:
    kinds = {f"p{number}": "bool" for number in range(MAX_VALUES + 1)}

    assert len(read_values(sample_lines("EVM", kinds))) == MAX_VALUES


# -- values --------------------------------------------------------------------------------------


def test_read_values__blanks_and_marks__stay_in_the_value() -> None:
    assert read_values("\na:string= b = c: d \n m : Map<a,b> = {a:1}\n") == {
        "a": Variable("string", "b = c: d "),
        "m": Variable("Map<a,b>", "{a:1}"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "a: bool = true\nvalue = 5",
            "Line 2: `value = 5` is no value; write `name: kind = value`",
        ),
        ("value: uint256", "Line 1: `value: uint256` is no value"),
        (": uint256 = 5", "Line 1: "),
        ("a: bool = true\na: bool = false", "Line 2: `a` has a value already; remove one."),
        ("x" * (MAX_VALUES_SIZE + 1), f"The values have {MAX_VALUES_SIZE + 1} characters; "),
        (
            "\n".join(f"p{number}: bool = true" for number in range(MAX_VALUES + 1)),
            f"There are {MAX_VALUES + 1} values; {MAX_VALUES} are allowed.",
        ),
    ],
)
def test_read_values__that_are_none__line_rule_and_fix(text: str, says: str) -> None:
    with pytest.raises(BadValues) as refused:
        read_values(text)

    assert str(refused.value).startswith(says)


# -- an attempt ----------------------------------------------------------------------------------


def test_attempt__false__each_condition_says_why_and_what_was_skipped() -> None:
    values = read_values("value: uint256 = 900\nto: address = 0xAb")

    made = attempt("(value>1000)AND(to==0xAb or to==0xCd)", "EVM", values)

    assert made.canonical == "value > 1000 and (to == 0xAb or to == 0xCd)"
    assert (made.outcome, made.verdict) == ("false", "It does not match.")
    assert [(line.depth, line.text, line.outcome) for line in made.lines] == [
        (0, "all of these:", "false"),
        (1, "`value` is greater than the number 1000", "false"),
        (1, "any of these:", "not_evaluated"),
        (2, '`to` is the text "0xAb"', "not_evaluated"),
        (2, '`to` is the text "0xCd"', "not_evaluated"),
    ]
    assert made.lines[1].why == "`value` is 900, which is not > 1000."
    assert made.lines[1].saw == Variable("uint256", "900")


def test_attempt__error__says_that_the_runtime_would_log_it() -> None:
    made = attempt("value > 5 and amount > 3", "EVM", read_values("value: uint256 = 900"))

    assert made.verdict == "It does not match: the runtime would log an error and go on."
    assert made.lines[-1].why == "There is no variable `amount` here."
    assert made.warnings == ("Column 15: There is no variable `amount` here. There are `value`.",)


def test_attempt__midnight__matches_as_if_there_were_none() -> None:
    made = attempt("nothing == 1", "Midnight", {})

    assert (made.outcome, made.warnings) == ("ignored", ())
    assert made.verdict.startswith("It matches: ")


def test_attempt__mistake__is_pointed_out() -> None:
    with pytest.raises(BadExpression) as refused:
        attempt("value > 1000 && to == 0xAb", "EVM", {})

    assert refused.value.pointed_out.split("\n") == [
        "value > 1000 && to == 0xAb",
        "             ^^",
    ]
    assert "found `&&`: write `and`" in str(refused.value)

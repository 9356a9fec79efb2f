"""The parser: the runtime's verdicts and trees, offsets, limits, time."""

from functools import partial

import pytest

from blip0.testing.speed import cpu_seconds
from monitors.expressions.parsing import LIMITS, ExpressionError, Limits, parse
from monitors.expressions.tree import Combination, Condition, Value, conditions
from monitors.tests.expressions.support import VECTORS, parsed_or_refused

DEEPEST = 500
MOST = 5_000
LONG = 65_536


def refused(text, limits=LIMITS):
    error = parsed_or_refused(text, limits)
    assert isinstance(error, ExpressionError), f"{text} parses"
    return error


def value_of(text):
    condition = parse(f"a == {text}")
    assert isinstance(condition, Condition)
    return condition.value


@pytest.mark.parametrize("accepted", [True, False])
def test_parse__every_line_of_the_reference_data__verdict_and_tree_are_the_runtimes(accepted):
    lines = [line for line in VECTORS if line["ok"] is accepted]
    assert len(lines) > 1000

    for line in lines:
        tree = parsed_or_refused(line["input"], None)
        if accepted:
            assert not isinstance(tree, ExpressionError), line
            assert tree.as_vector() == line["ast"], line
        else:
            assert isinstance(tree, ExpressionError), line


@pytest.mark.parametrize(
    "text",
    [
        "a == 1 orb == 2",
        "a == 1 Or b == 2",
        "(a==1)and(b==2)",
        "(a == 1)AND(b == 2)",
        "a == 'x'and b == 1",
        "a contains'x'",
        "a CONTAINSfoo",
        "a[007] == 1",
        "a[18446744073709551615] == 1",
        "a[000000000000000000000000000000] == 1",
        "a.and.or.true == 1",
        "a.0.00 == 1",
        "0 == 1",
        "0!=1",
        "0.a == 1",
        "0[0]contains 5",
        "_ == 1",
        "truth == 1",
        "a == 'é\n\u2028'",
        "a\t==\t1\t",
    ],
)
def test_parse__what_the_runtime_takes__is_taken(text):
    parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a[18446744073709551616] == 1",
        f"a[{'9' * 5000}] == 1",
        "a[0]b == 1",
        "a.1contains 5",
        "a.bcontains'x'",
        "0contains x",
        "0=1",
        "TRUE == 1",
        "Contains contains contains",
        "a == 1.5and b == 2",
        "a == +abc",
        "a == 1_000.5",
        "a \u017ftarts_with b",  # a long s, which Unicode folds to s
        "a contain\u017f b",
        "\u212a == 1",  # the sign of the Kelvin, which it folds to k
        "a == \u0661",  # a digit, but an Arabic one
        "a\u0661 == 1",
        "a == 1\u2003",
        "a == 1\x0b",
        "a == 1 or",
        "a == 1 and or b == 1",
        "(a == 1 or) b == 1",
        "(a) == 1",
        "()",
    ],
)
def test_parse__what_the_runtime_refuses__is_a_syntax_error(text):
    assert refused(text, None).code == "expression.syntax"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("+007.50", "number", "+007.50"),
        ("9" * 100, "number", "9" * 100),
        ("0XaB", "string", "0XaB"),
        ("1e5", "string", "1e5"),
        ("1_000", "string", "1_000"),
        ("-0x5", "string", "-0x5"),
        ("0xFF-", "string", "0xFF-"),
        ("true", "boolean", "true"),
        ("trueish", "string", "trueish"),
        ("true-", "string", "true-"),
        ("null", "string", "null"),
        ("'true'", "string", "true"),
        (r"'it\'s \\'", "string", r"it\'s \\"),
        ('"it\'s"', "string", "it's"),
        ("''", "string", ""),
    ],
)
def test_parse__value__has_its_kind_and_its_text_as_written(text, kind, value):
    found = value_of(text)

    assert (found.kind, found.text) == (kind, value)
    assert found.quote == (text[0] if text[0] in "'\"" else "")


def test_parse__condition__knows_its_parts_and_offsets():
    text = '  (a.b[01].2  Starts_With "x" ) '

    assert parse(text) == Condition(
        "a", ("b", 1, "2"), "starts_with", Value("string", "x", 26, 29, '"'), 3, 29
    )


def test_parse__combination__spans_its_terms_with_their_parentheses():
    text = " (a == 1 or b == 2) and c == 3 "

    tree = parse(text)

    assert isinstance(tree, Combination)
    assert text[tree.start : tree.end] == "(a == 1 or b == 2) and c == 3"
    assert [text[term.start : term.end] for term in tree.terms] == ["a == 1 or b == 2", "c == 3"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("(a == 1 or b == 2) or c == 3", "a == 1 or b == 2 or c == 3"),
        ("a == 1 and b == 2 or c == 3", "(a == 1 and b == 2) or c == 3"),
        ("((a == 1 and (b == 2)))", "a == 1 and b == 2"),
    ],
)
def test_parse__redundant_parentheses__are_not_in_the_tree(text, same):
    assert parse(text).as_vector() == parse(same).as_vector()


def test_parse__parentheses_on_the_right__are_another_tree():
    apart = parse("a == 1 or (b == 2 or c == 3)")

    assert isinstance(apart, Combination)
    assert len(apart.terms) == 2
    assert apart.as_vector() != parse("a == 1 or b == 2 or c == 3").as_vector()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" \t", "expression.blank"),
        ("", "expression.blank"),
        (f"a == '{'é' * 2046}'", "expression.size"),
        ("(" * 33 + "a == 1" + ")" * 33, "expression.nesting"),
        ("a==''or " * 256 + "a==1", "expression.conditions"),
    ],
)
def test_parse__beyond_a_limit__says_which(text, code):
    error = refused(text)

    assert error.code == code
    assert 0 <= error.start <= error.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        f"a == '{'é' * 2044}a'",
        "(" * 32 + "a == 1" + ")" * 32,
        "a==''or " * 255 + "a==1",
        "(a==1)or" * 255 + "a==1",
    ],
)
def test_parse__at_a_limit__is_taken(text):
    parse(text)


def test_parse__own_limits__count():
    tight = Limits(depth=0, conditions=1, size=10)

    parse("a==1", tight)
    assert refused("(a==1)", tight).code == "expression.nesting"
    assert refused("a==1 or b==1", Limits(depth=0, conditions=1, size=None)).code == (
        "expression.conditions"
    )


def test_parse__nesting_beyond_the_limit__points_at_the_parenthesis_too_many():
    error = refused("a == 1 or " + "(" * 33 + "b == 1" + ")" * 33)

    assert (error.start, error.end) == (42, 43)
    assert error.message.startswith("column 43: ")


def test_parse__without_limits__as_deep_and_long_as_the_runtime_survives():
    nested = parse("(a==''or " * DEEPEST + "a==1" + ")" * DEEPEST, limits=None)
    chain = parse("a==''and " * (MOST - 1) + "a==''", limits=None)

    assert nested.as_vector()[0] == "or"
    assert isinstance(chain, Combination)
    assert len(chain.terms) == MOST
    assert chain.as_vector()[2] == ["a", [], "==", ["S", ""]]
    assert sum(1 for _ in conditions(chain)) == MOST


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(" * LONG, "expression.nesting"),
        ("a==''and " * (LONG // 9), "expression.conditions"),
    ],
)
def test_parse__beyond_what_the_runtime_survives__is_refused_without_limits_too(text, code):
    assert refused(text, None).code == code


PIECES = [
    "(", ")", " ", "\t", "\n", "'", '"', "\\", "\\'", ".a", ".0", "[0]", "[", "1", "0x", "a", "-",
    "+", "é", "\0", "=", "==", "and ", "true ", "a-", "a==1or ", "(a==1)or", "a<''or", "(a<''or",
]  # fmt: skip
STARTS = ["", "a", "a.b", "a ", "a==", "a=='", "a== ", "a==1 ", "a=='x'", "(a==1"]


@pytest.mark.parametrize("piece", PIECES)
def test_parse__64_kib_of_anything__take_under_50_ms(piece):
    for start in STARTS:
        for end in ("", "==1", "'"):
            text = start + (piece * LONG)[: LONG - len(start) - len(end)] + end
            for limits in (None, LIMITS):
                seconds = cpu_seconds(partial(parsed_or_refused, text, limits), enough=0.05)
                assert seconds < 0.05, (text[:20], end)

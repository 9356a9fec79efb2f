"""The formatter: canonical, minimal, and without loss."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.expressions.formatting import format_expression
from monitors.expressions.parsing import ExpressionError, parse
from monitors.expressions.tree import Combination, Condition, Value, conditions
from monitors.tests.expressions.support import VECTORS, parsed_or_refused, without_offsets

KEYWORDS = {"true", "false", "and", "or", "contains", "starts_with", "ends_with"}


def assert_formats_without_loss(tree):
    text = format_expression(tree)
    again = parse(text, limits=None)

    assert without_offsets(again) == without_offsets(tree)
    assert again.as_vector() == tree.as_vector()
    assert format_expression(again) == text


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}|[0-9]{1,3}", fullmatch=True).filter(
    lambda name: name.lower() not in KEYWORDS
)
_keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}|[0-9]{1,3}", fullmatch=True)
_paths = st.lists(st.integers(0, 2**64 - 1) | _keys, max_size=3).map(tuple)
_bare = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda word: word.lower() not in KEYWORDS
)


def _quoted(quote):
    escaped = st.text(max_size=12).map(
        lambda text: text.replace("\\", r"\\").replace(quote, f"\\{quote}")
    )
    return escaped.map(lambda text: Value("string", text, 0, 0, quote))


_values = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,30}(\.[0-9]{1,5})?", fullmatch=True).map(
        lambda text: Value("number", text, 0, 0)
    ),
    st.sampled_from(["true", "false"]).map(lambda text: Value("boolean", text, 0, 0)),
    (_bare | st.from_regex(r"0[xX][0-9A-Fa-f]{1,9}", fullmatch=True)).map(
        lambda text: Value("string", text, 0, 0)
    ),
    _quoted("'"),
    _quoted('"'),
)
_conditions = st.builds(
    Condition,
    _names,
    _paths,
    st.sampled_from(["==", "!=", ">", ">=", "<", "<=", "contains", "starts_with", "ends_with"]),
    _values,
    st.just(0),
    st.just(0),
)


@st.composite
def _combinations(draw, terms):
    """As the parser makes them: a chain's first term isn't a chain of the same operator."""
    operator = draw(st.sampled_from(["and", "or"]))
    first, *others = draw(st.lists(terms, min_size=2, max_size=4))
    if isinstance(first, Combination) and first.operator == operator:
        others = [*first.terms[1:], *others]
        first = first.terms[0]
    return Combination(operator, (first, *others), 0, 0)


_trees = st.recursive(_conditions, _combinations, max_leaves=12)
_fragments = st.sampled_from(
    ["a", "b.c", "0[1]", "==", "!=", ">=", "contains", "STARTS_WITH", "1", "-0.5", "true", "'x'",
     '"y"', r"'\''", "0xAb", "and", "OR", "or", "(", ")", " ", "\t", "é", "\n", "'", "\\"]
)  # fmt: skip
_fuzz = st.lists(_fragments, max_size=25).map(" ".join) | st.lists(_fragments).map("".join)


@settings(deadline=None)
@given(_trees)
def test_format__any_tree__parses_to_the_same(tree):
    assert_formats_without_loss(tree)


@settings(deadline=None)
@given(_fuzz | st.text(max_size=60))
def test_format__whatever_parses__parses_to_the_same(text):
    tree = parsed_or_refused(text, None)
    if isinstance(tree, ExpressionError):
        assert 0 <= tree.start <= tree.end <= len(text)
        assert tree.message.isprintable()
        return
    assert_formats_without_loss(tree)
    for condition in conditions(tree):
        value = condition.value
        written = f"{value.quote}{value.text}{value.quote}"
        assert text[value.start : value.end] == written
        assert text[condition.start : condition.end].startswith(condition.name)
        assert condition.end == value.end


def test_format__reference_data__parses_to_the_same():
    for line in VECTORS:
        if line["ok"]:
            assert_formats_without_loss(parse(line["input"]))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("( (a==1)AND(b  CONTAINS'x') )", "a == 1 and b contains 'x'"),
        ("(a==1 and b==2)or(c==3)", "a == 1 and b == 2 or c == 3"),
        ("a==1 and(b==2 or c==3)", "a == 1 and (b == 2 or c == 3)"),
        ("((a==1 or b==2)or c==3)or(d==4 or e==5)",
         "a == 1 or b == 2 or c == 3 or (d == 4 or e == 5)"),
        ("a==1 and (b==2 and c==3)", "a == 1 and (b == 2 and c == 3)"),
        ("a[007].b.0 > +1.50", "a[7].b.0 > +1.50"),
        (r'a == "it\"s"', r'a == "it\"s"'),
    ],
)  # fmt: skip
def test_format__spelling__is_canonical_with_minimal_parentheses(text, canonical):
    assert format_expression(parse(text)) == canonical

"""What is said of an expression that doesn't parse: the place, what was expected, and the fix."""

import pytest

from monitors.expressions.parsing import LIMITS, ExpressionError, parse


def mistake(text, limits=LIMITS):
    with pytest.raises(ExpressionError) as caught:
        parse(text, limits)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "marked", "says"),
    [
        # A condition is missing.
        ("a == 1 and", 11, "", "expected a condition after `and`, found the end"),
        ("a == 1 or or b == 2", 11, "or", "expected a condition after `or`, found `or`"),
        ("()", 2, ")", "expected a condition after `(`, found `)`"),
        (") a == 1", 1, ")", "expected a condition, found `)`"),
        ("'a' == 1", 1, "'", "the variable comes first"),
        ("true == a", 1, "true", "write `name == true`"),
        ("-1 == a", 1, "-1", "the variable comes first"),
        ("12a == 1", 1, "12a", "has digits only"),
        ("contains == 1", 1, "contains", "the variable comes before the operator"),
        ("!(a == 1)", 1, "!", "turn the operator around"),
        ("NOT a == 1", 1, "NOT", "there is no `NOT`: turn the operator around"),
        ("a == 1 and not (b == 1)", 12, "not", "there is no `not`: turn the operator around"),
        ("${value} > 1", 1, "${", "without `$`"),
        ("é == 1", 1, "é", "outside quotes everything is ASCII"),
        ("\na == 1", 1, "\n", "found a line break: write it on one line"),
        ("\xa0a == 1", 1, "\xa0", "U+00A0 NO-BREAK SPACE: use an ordinary blank"),
        # The path.
        ("a[ 0 ] == 1", 2, "[ 0 ]", "digits only, without blanks"),
        ("a[-1] == 1", 2, "[-1]", "has no sign"),
        ("a['k'] == 1", 2, "['k']", "as in `name.key`"),
        ("a[18446744073709551616] == 1", 2, "[18446744073709551616]", "an index is at most"),
        ("a. == 1", 3, " ", "expected a key after the point, found a blank"),
        ("a.1x == 1", 3, "1x", "a key that begins with a digit"),
        ("a.b-c == 1", 3, "b-c", "a key has letters, digits and `_` only"),
        ("a.bcontains'x'", 3, "bcontains", "put a blank before the operator"),
        ("a [0] == 1", 3, "[0]", "no blank may stand before `[`"),
        # The operator.
        ("a", 2, "", "expected an operator after `a`, found the end: each condition compares"),
        ("a and b == 1", 3, "and", "write `name == true`"),
        ("a = 1", 3, "=", "write `==`"),
        ("a === 1", 3, "===", "write `==`"),
        ("a =! 1", 3, "=!", "write `!=`"),
        ("a => 1", 3, "=>", "write `>=`"),
        ("a <> 1", 3, "<>", "write `!=`"),
        ("a > = 1", 3, ">", "without a blank"),
        ("a = = 1", 3, "=", "write `==` without a blank"),
        ("a is not null", 3, "is", "write `!=`"),
        ("a in b", 3, "in", "join comparisons with `or`"),
        ("a startswith b", 3, "startswith", "write `starts_with`"),
        ("acontains 5", 11, "5", "put a blank before `contains`"),
        ("a-b == 1", 2, "-b", "there is no arithmetic"),
        ("len(a) == 1", 4, "(", "there are no functions"),
        # The value.
        ("value >", 8, "", "expected a value after `>`, found the end"),
        ("value > and b == 1", 9, "and", "expected a value after `>`, found `and`"),
        ("a == TRUE", 6, "TRUE", "write `true` and `false` in lower case"),
        ("a contains contains", 12, "contains", "need quotes"),
        ("a == [1, 2]", 6, "[1, 2]", "as text: '[1, 2]'"),
        ('pair == (12, "x")', 9, "(", "as text: '(1, 2)'"),
        ("a == {}", 6, "{", "objects are written as text"),
        ("a == 0x", 6, "0x", "hexadecimal digits"),
        ("a == .5", 6, ".5", "`0.5`"),
        ("a == 1.", 6, "1.", "`1.0`"),
        ("a == 1.2.3", 6, "1.2.3", "quote any other text"),
        ("a == 5-3", 6, "5-3", "no arithmetic"),
        ("a == 2024-01-01", 6, "2024-01-01", "dates need quotes"),
        ("a == --5", 6, "--5", "after a sign come digits"),
        ("a == é", 6, "é", "put text into quotes"),
        ("a == “x”", 6, "“", "use straight quotes"),
        ("a == 1\nand b == 2", 7, "\n", "a line break"),
        ("a == 'x", 6, "'", "the quote ' that opens here is never closed"),
        (r"a == 'x\n'", 8, r"\n", "after a backslash comes ' or another backslash"),
        ("a == 'x\\", 8, "\\", "after a backslash"),
        # What follows a condition.
        ("a == 1 && b == 2", 8, "&&", "write `and`"),
        ("a == 1 || b == 2", 8, "||", "write `or`"),
        ("a == 1, b == 2", 7, ",", "join conditions with `and` or `or`"),
        ("a == 1 b == 2", 8, "b", "join conditions with `and` or `or`"),
        ("a == foo bar", 10, "bar", "put several words into quotes"),
        ("a == brand new", 12, "new", "put several words into quotes"),
        ("a == user@x.com", 10, "@", "into quotes"),
        ("a == b.c", 7, ".c", "into quotes"),
        ("a == b\n", 7, "\n", "a line break"),
        ("a==1AND b==2", 5, "AND", "put a blank before `AND`: `1AND` is read as one word"),
        ("a==1and(b==2)", 5, "and", "put a blank before `and`"),
        ("a == 1 == 2", 8, "==", "join two comparisons with `and`"),
        ("a == 'it's'", 10, "s", r"write \' for it, or use the other quotes"),
        ("a == 1)", 7, ")", "no `(` is open"),
        ("(a == 1", 8, "", "expected `and`, `or` or `)` for the `(` at column 1, found the end"),
        ("a == 1 or (b == 2 c", 19, "c", "for the `(` at column 11"),
    ],
)
def test_parse__usual_mistake__points_at_it_and_names_the_fix(text, column, marked, says):
    error = mistake(text)

    assert error.code == "expression.syntax"
    assert error.message.startswith(f"column {column}: ")
    assert error.start == column - 1
    assert text[error.start : error.end] == marked
    assert says in error.message


def test_parse__blank__says_so_without_a_column():
    assert mistake("\n ").message == "the expression is blank and would never match: leave it out"


@pytest.mark.parametrize("text", ["a" * 4000, "a == b " + "c" * 4000, "[" * 4000])
def test_parse__long_token__is_cut_in_the_message(text):
    assert len(mistake(text).message) < 200

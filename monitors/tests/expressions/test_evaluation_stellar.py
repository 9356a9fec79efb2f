"""Every cell of the table of Stellar: a true, a false and an error case; and the details."""

from __future__ import annotations

import pytest

from monitors.expressions.kinds import KINDS
from monitors.tests.expressions.evaluating import (
    Cell,
    Row,
    foreign_cells,
    refused,
    rows,
    trace,
    untested_cells,
)

INTEGERS = "u32 i32 u64 timepoint duration i64 u128 i128"
TEXTS = "string symbol address bytes"
ACCOUNT = "GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H"

NUMBERS: list[Cell] = [
    ("== 5", "5", "true"),
    ("== 5", "6", "false"),
    ("== '5'", "5", "error"),
    ("!= 5", "6", "true"),
    ("!= 5", "5", "false"),
    ("!= 5", "0x5", "error"),
    ("> 5", "6", "true"),
    ("> 5", "5", "false"),
    ("> 0x5", "6", "error"),
    (">= 5", "5", "true"),
    (">= 5", "4", "false"),
    (">= 5.0", "5", "error"),
    ("< 5", "4", "true"),
    ("< 5", "5", "false"),
    ("< five", "4", "error"),
    ("<= 5", "5", "true"),
    ("<= 5", "6", "false"),
    ("<= true", "5", "error"),
]
TEXT: list[Cell] = [
    ("== 'abc'", "aBC", "true"),
    ("== 'abc'", "abcd", "false"),
    ("== 5", "5", "error"),
    ("!= 'abc'", "abcd", "true"),
    ("!= 'abc'", "ABC", "false"),
    ("!= true", "true", "error"),
    ("starts_with 'AB'", "abc", "true"),
    ("starts_with 'bc'", "abc", "false"),
    ("starts_with 5", "5", "error"),
    ("ends_with 'BC'", "abc", "true"),
    ("ends_with 'ab'", "abc", "false"),
    ("ends_with 5", "5", "error"),
    ("contains 'B'", "abc", "true"),
    ("contains 'd'", "abc", "false"),
    ("contains 5", "5", "error"),
]
TABLE = rows(
    {
        INTEGERS: NUMBERS,
        "u256 i256": [
            ("== 5", "5", "true"),
            ("== 05", "5", "false"),
            ("== true", "5", "error"),
            ("!= '6'", "5", "true"),
            ("!= '5'", "5", "false"),
            ("!= false", "5", "error"),
        ],
        TEXTS: TEXT,
        "bool": [
            ("== true", "true", "true"),
            ("== true", "false", "false"),
            ("== 'true'", "true", "error"),
            ("!= true", "false", "true"),
            ("!= true", "true", "false"),
            ("!= true", "TRUE", "error"),
        ],
        "vec": [
            ("== '[1, 2]'", "[1,2]", "true"),
            ("== '[1,2]'", "[2,1]", "false"),
            ("== true", "[true]", "error"),
            ("!= 'a,b'", "b,a", "true"),
            ("!= 'a, B'", "A,b", "false"),
            ("!= false", "a", "error"),
            ("contains 2", "[1,2]", "true"),
            ("contains 'c'", "a,b", "false"),
            ("contains true", "[true]", "error"),
        ],
        "map": [
            ("""== '{"a":1,"b":2}'""", '{"b":2,"a":1}', "true"),
            ("""== '{"a":1}'""", '{"a":"1"}', "false"),
            ("== 1", '{"a":1}', "error"),
            ("!= '{}'", '{"a":1}', "true"),
            ("!= '{}'", "{}", "false"),
            ("!= '[]'", "{}", "error"),
            ("contains 1", '{"a":1}', "true"),
            ("contains a", '{"a":1}', "false"),
            ("contains a", "[1]", "error"),
        ],
    }
)
OPERATORS = refused(
    {
        INTEGERS: ("5", "5", ("==", "!=", ">", ">=", "<", "<=")),
        "u256 i256": ("5", "5", ("==", "!=")),
        TEXTS: ("abc", "'abc'", ("==", "!=", "contains", "starts_with", "ends_with")),
        "bool": ("true", "true", ("==", "!=")),
        "vec": ("[]", "'[]'", ("==", "!=", "contains")),
        "map": ("{}", "'{}'", ("==", "!=", "contains")),
    }
)
NEVER: list[Row] = [
    (kind, "1", f"x {operator} 1", "error")
    for kind in ("f64", "null", "void", "error", "option", "tuple", "muxed_address", "u8", "")
    for operator in ("==", "!=", ">")
]
# By kind: the least and the greatest value.
RANGES = {
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**64 - 1),
    "timepoint": (0, 2**64 - 1),
    "duration": (0, 2**64 - 1),
    "i64": (-(2**63), 2**63 - 1),
    "u128": (0, 2**128 - 1),
    "i128": (-(2**127), 2**127 - 1),
}
LIMITS: list[Row] = [
    row
    for kind, (least, greatest) in RANGES.items()
    for row in (
        (kind, str(least), f"x == {least}", "true"),
        (kind, str(greatest), f"x == {greatest}", "true"),
        (kind, "1", f"x < {greatest + 1}", "error"),
        (kind, "1", f"x > {least - 1}", "error"),
        (kind, str(greatest + 1), "x > 1", "error"),
        (kind, str(least - 1), "x < 1", "error"),
    )
]
DETAILS: list[Row] = [
    # Integers: a plus, leading zeros and nothing else.
    ("u32", "5", "x == +5", "true"),
    ("u32", "5", "x == 0005", "true"),
    ("u32", "0", "x == -0", "error"),
    ("i32", "0", "x == -0", "true"),
    ("i64", "-5", "x < -4", "true"),
    ("u32", " 5", "x == 5", "error"),
    ("u32", "1_0", "x == 10", "error"),
    ("u64", "9" * 100_000, "x == 10", "error"),
    ("U64", "5", "x == 5", "true"),
    ("i256", "-5", "x == -5", "true"),
    ("u256", "16", "x == 0x10", "false"),
    # Addresses: `==` takes blanks out, the others don't.
    ("Address", ACCOUNT, f"x == '{ACCOUNT.lower()}'", "true"),
    ("Address", ACCOUNT, f"x == ' {ACCOUNT[:9]} {ACCOUNT[9:]} '", "true"),
    ("Address", ACCOUNT, f"x contains ' {ACCOUNT[:9]}'", "false"),
    ("Address", ACCOUNT, "x starts_with gbrpy", "true"),
    ("String", "a b", "x == ab", "false"),
    # Vecs: JSON or values with commas between.
    ("Vec<Address>", f'["{ACCOUNT}"]', f"x contains {ACCOUNT.lower()}", "true"),
    ("vec", "a, b ,c", "x contains b", "true"),
    ("vec", "a,b", "x contains B", "false"),
    ("vec", '["b"]', "x contains B", "true"),
    ("vec", "1,2", "x == '1, 2'", "true"),
    ("vec", "5", "x == 5", "true"),
    ("vec", "5", "x contains 5", "true"),
    ("vec", "[5]", "x == 5", "false"),
    ("vec", "[5]", "x == 'five'", "false"),
    ("vec", "five", "x == '[5]'", "false"),
    ("vec", "[1]", "x == '[1.0]'", "false"),
    ("vec", "[1,null,true]", "x contains null", "true"),
    ("vec", "[1,null,true]", "x contains 'true'", "true"),
    ("vec", "[[1,2]]", "x contains 1", "false"),
    ("vec", "[[1,2]]", "x contains '[1,2]'", "true"),
    ("vec", '[{"id":1,"name":"Ann"}]', "x contains ANN", "true"),
    ("vec", '[{"id":{"value":7}}]', "x contains 7", "true"),
    ("vec", '[{"id":{"value":"Ann"}}]', "x contains ann", "false"),
    ("vec", '[{"id":{"other":7}}]', "x contains 7", "false"),
    ("vec", '{"a":1}', "x contains 1", "false"),
    ("vec", "", "x contains a", "false"),
    ("vec", "[" * 60_000, "x contains a", "false"),
    # Maps: also as they are rendered, without quotes.
    ("Map<Symbol,U32>", "{age:34,name:Ann B}", "x contains 34", "true"),
    ("Map<Symbol,String>", "{age:34,name:Ann B}", "x contains 'ann b'", "true"),
    ("map", "{age:34}", """x == '{"age":34}'""", "true"),
    ("map", "{url:https://a.b/c}", "x contains 'https://a.b/c'", "true"),
    ("map", '{a:"b"}', "x contains b", "true"),
    ("map", "{a:true}", """x == '{"a":true}'""", "true"),
    ("map", "{a:007}", "x contains 007", "error"),
    ("map", "{a:nan}", "x contains nan", "error"),
    ("map", "{a:{b:1}}", "x contains 1", "error"),
    ("map", "", "x contains 1", "error"),
    ("map", '{"a":{"value":5}}', "x contains 5", "true"),
    ("map", '{"a":[5]}', "x contains 5", "false"),
    # Paths: the JSON at their end decides the kind.
    ("map", '{"a":5}', "x.a > 4", "true"),
    ("map", "{a:5}", "x.a > 4", "true"),
    ("map", '{"a":5}', "x.a > -1", "error"),
    ("map", '{"a":-5}', "x.a < -1", "true"),
    ("map", '{"a":5}', "x.a == '5'", "error"),
    ("map", '{"a":18446744073709551615}', "x.a > 5", "true"),
    ("map", '{"a":18446744073709551616}', "x.a > 5", "error"),
    ("map", '{"a":1.5}', "x.a > 1", "error"),
    ("map", '{"a":"Ann"}', "x.a ends_with NN", "true"),
    ("map", '{"a":" b"}', "x.a == b", "false"),
    ("map", f'{{"a":"{ACCOUNT}"}}', f"x.a == ' {ACCOUNT}'", "true"),
    ("map", '{"a":true}', "x.a != false", "true"),
    ("map", '{"a":[1,2]}', "x.a contains 2", "true"),
    ("map", '{"a":{"b":{"c":1}}}', """x.a == '{"b":{"c":1}}'""", "true"),
    ("map", '{"a":null}', "x.a == null", "error"),
    ("map", '{"a":5}', "x.b == 5", "error"),
    ("map", '{"a":5}', "x[0] == 5", "error"),
    ("vec", "[5,6]", "x[1] == 6", "true"),
    ("vec", "5,6", "x[1] == 6", "error"),
    ("vec", "[5,6]", "x[2] == 6", "error"),
    ("vec", "[5,6]", "x.a == 6", "error"),
]


@pytest.mark.parametrize(("kind", "text", "expression", "outcome"), TABLE + OPERATORS + LIMITS)
def test_stellar__each_cell_of_the_table__comes_out(kind, text, expression, outcome):
    assert trace("Stellar", kind, text, expression).outcome == outcome


@pytest.mark.parametrize(("kind", "text", "expression", "outcome"), NEVER)
def test_stellar__a_kind_that_is_never_compared__is_an_error(kind, text, expression, outcome):
    assert trace("Stellar", kind, text, expression).outcome == outcome


@pytest.mark.parametrize(
    ("kind", "text", "expression", "outcome"),
    DETAILS,
    ids=[f"{kind}-{text[:20]}-{expression[:30]}" for kind, text, expression, _ in DETAILS],
)
def test_stellar__details__come_out(kind, text, expression, outcome):
    assert trace("Stellar", kind, text, expression).outcome == outcome


def test_stellar__the_tables_of_tests_and_code__have_the_same_cells():
    assert {kind for kind, *_ in TABLE} == set(KINDS["Stellar"])
    assert untested_cells("Stellar", TABLE) == set()
    assert foreign_cells("Stellar", TABLE) == set()

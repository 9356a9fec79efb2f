"""Every cell of the table of Solana: a true, a false and an error case; and the details."""

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

INTEGERS = "u8 u16 u32 u64 u128 i8 i16 i32 i64 i128"
TEXTS = "pubkey string bytes"

NUMBERS: list[Cell] = [
    ("== 5", "5", "true"),
    ("== '5'", "6", "false"),
    ("== 0x5", "5", "error"),
    ("!= 5", "6", "true"),
    ("!= 5", "5", "false"),
    ("!= true", "5", "error"),
    ("> 5", "6", "true"),
    ("> 5", "5", "false"),
    ("> 5.0", "6", "error"),
    (">= '5'", "5", "true"),
    (">= 5", "4", "false"),
    (">= five", "5", "error"),
    ("< 5", "4", "true"),
    ("< 5", "5", "false"),
    ("< 5", "", "error"),
    ("<= 5", "5", "true"),
    ("<= 5", "6", "false"),
    ("<= 5", "0x5", "error"),
]
TABLE = rows(
    {
        INTEGERS: NUMBERS,
        TEXTS: [
            ("== 'aBc'", "aBc", "true"),
            ("== 'abc'", "aBc", "false"),
            ("== true", "true", "error"),
            ("!= 'abc'", "aBc", "true"),
            ("!= 'aBc'", "aBc", "false"),
            ("!= false", "abc", "error"),
            ("contains 'Bc'", "aBc", "true"),
            ("contains 'bc'", "aBc", "false"),
            ("contains true", "true", "error"),
        ],
        "bool": [
            ("== 'true'", "true", "true"),
            ("== true", "false", "false"),
            ("== 1", "true", "error"),
            ("!= true", "false", "true"),
            ("!= 'true'", "true", "false"),
            ("!= 'TRUE'", "true", "error"),
        ],
    }
)
OPERATORS = refused(
    {
        INTEGERS: ("5", "5", ("==", "!=", ">", ">=", "<", "<=")),
        TEXTS: ("abc", "'abc'", ("==", "!=", "contains")),
        "anything": ("abc", "'abc'", ("==", "!=", "contains")),
        "bool": ("true", "true", ("==", "!=")),
    }
)
DETAILS: list[Row] = [
    # Integers: 128 bits whatever the name says.
    ("u8", "300", "x > 299", "true"),
    ("u64", str(2**128 - 1), f"x == {2**128 - 1}", "true"),
    ("u64", "1", f"x < {2**128}", "error"),
    ("u64", "1", "x > -1", "error"),
    ("u64", "-1", "x < 1", "error"),
    ("i8", "-300", "x < -299", "true"),
    ("i64", str(-(2**127)), f"x == -{2**127}", "true"),
    ("i64", "0", f"x < {2**127}", "error"),
    ("u64", "5", "x == +5", "true"),
    ("u64", "5", "x == '005'", "true"),
    ("u64", "5", "x == ' 5'", "error"),
    ("u64", "9" * 100_000, "x > 5", "error"),
    ("U64", "5", "x == 5", "true"),
    # Texts: numbers are literals too, and every unknown kind is a text.
    ("string", "5", "x == 5", "true"),
    ("string", "5", "x == 05", "false"),
    ("string", "a5b", "x contains 5", "true"),
    ("string", "|abc|def|", "x contains '|def|'", "true"),
    ("string", "abc", "x starts_with a", "error"),
    ("string", "abc", "x ends_with c", "error"),
    ("string", "5", "x > 4", "error"),
    ("", "abc", "x == abc", "true"),
    ("uint256", "5", "x > 4", "error"),
    ("uint256", "5", "x == 5", "true"),
    # Paths: the JSON at their end decides the kind.
    ("string", '{"a":5}', "x.a > 4", "true"),
    ("string", '{"a":5}', "x.a > -1", "true"),
    ("string", '{"a":9223372036854775807}', "x.a > -1", "true"),
    ("string", '{"a":9223372036854775808}', "x.a > -1", "error"),
    ("string", '{"a":9223372036854775808}', "x.a > 1", "true"),
    ("string", '{"a":1.5}', "x.a == 1.5", "true"),
    ("string", '{"a":1.5}', "x.a > 1", "error"),
    ("string", '{"a":1e-7}', "x.a == 1e-7", "true"),
    ("string", '{"a":0.00001}', "x.a == 0.00001", "true"),
    ("string", '{"a":true}', "x.a == true", "true"),
    ("string", '{"a":"b"}', "x.a == B", "false"),
    ("string", '{"a":null}', "x.a == null", "true"),
    ("string", '{"a":[1, "b"]}', """x.a == '[1,"b"]'""", "true"),
    ("string", '{"a":{"c":1, "b":2}}', """x.a contains '{"b":2,'""", "true"),
    ("string", "[5]", "x[0] == 5", "true"),
    ("string", "[5]", "x[1] == 5", "error"),
    ("string", "|a|", "x[0] == a", "error"),
]


@pytest.mark.parametrize(("kind", "text", "expression", "outcome"), TABLE + OPERATORS)
def test_solana__each_cell_of_the_table__comes_out(kind, text, expression, outcome):
    assert trace("Solana", kind, text, expression).outcome == outcome


@pytest.mark.parametrize(
    ("kind", "text", "expression", "outcome"),
    DETAILS,
    ids=[f"{kind}-{text[:20]}-{expression[:30]}" for kind, text, expression, _ in DETAILS],
)
def test_solana__details__come_out(kind, text, expression, outcome):
    assert trace("Solana", kind, text, expression).outcome == outcome


def test_solana__the_tables_of_tests_and_code__have_the_same_cells():
    assert {kind for kind, *_ in TABLE} == set(KINDS["Solana"])
    assert untested_cells("Solana", TABLE) == set()
    assert foreign_cells("Solana", TABLE) == set()

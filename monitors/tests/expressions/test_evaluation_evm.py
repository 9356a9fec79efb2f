"""Every cell of the table of EVM: a true, a false and an error case; and the details."""

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

UNSIGNED = "uint8 uint16 uint32 uint64 uint128 uint256 number"
SIGNED = "int8 int16 int32 int64 int128 int256"
ARRAYS_OF_NUMBERS = (
    "uint8[] uint16[] uint32[] uint64[] uint128[] uint256[] "
    "int8[] int16[] int32[] int64[] int128[] int256[] array"
)
ARRAYS_OF_TEXT = "string[] bytes[] bytes32[] tuple[]"

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
LOWER = ADDRESS.lower()
OTHER = "0xde709f2102306220921060314715629080e2fb77"

NUMBERS: list[Cell] = [
    ("== 5", "5", "true"),
    ("== 5", "6", "false"),
    ("== 5", "five", "error"),
    ("!= 5", "6", "true"),
    ("!= 5", "5", "false"),
    ("!= true", "5", "error"),
    ("> 5", "6", "true"),
    ("> 5", "5", "false"),
    ("> 5.0", "6", "error"),
    (">= 5", "5", "true"),
    (">= 5", "4", "false"),
    (">= five", "5", "error"),
    ("< 5", "4", "true"),
    ("< 5", "5", "false"),
    ("< 5", "", "error"),
    ("<= 5", "5", "true"),
    ("<= 5", "6", "false"),
    ("<= false", "5", "error"),
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
        UNSIGNED: [*NUMBERS, ("== '0xff'", "255", "true"), ("> -1", "5", "error")],
        SIGNED: [*NUMBERS, ("> -1", "0", "true"), ("< -1", "-2", "true"), ("> '-2'", "-1", "true")],
        "address": [
            (f"== {LOWER}", ADDRESS, "true"),
            (f"== {LOWER}", OTHER, "false"),
            ("== 5", ADDRESS, "error"),
            (f"!= {LOWER}", OTHER, "true"),
            (f"!= {LOWER}", ADDRESS, "false"),
            ("!= true", ADDRESS, "error"),
        ],
        "string bytes bytes32": TEXT,
        "bool": [
            ("== true", "true", "true"),
            ("== true", "false", "false"),
            ("== 'true'", "true", "error"),
            ("!= true", "false", "true"),
            ("!= true", "true", "false"),
            ("!= true", "True", "error"),
        ],
        ARRAYS_OF_NUMBERS: [
            ("== '[1, 2]'", "[1,2]", "true"),
            ("== '[1,2]'", "[2,1]", "false"),
            ("== 1", "[1]", "error"),
            ("!= '[1,2]'", "[2,1]", "true"),
            ("!= '[ 1 ,2]'", "[1,2]", "false"),
            ("!= '{}'", "[]", "error"),
            ("contains 2", "[1,2]", "true"),
            ("contains 3", "[1,2]", "false"),
            ("contains true", "[1,2]", "error"),
        ],
        ARRAYS_OF_TEXT: [
            ("""== '["a"]'""", '["a"]', "true"),
            ("""== '["a"]'""", '["A"]', "false"),
            ("== 'a'", '["a"]', "error"),
            ("""!= '["a"]'""", '["A"]', "true"),
            ("""!= '["a"]'""", '["a"]', "false"),
            ("""!= '["a"]'""", "[(a)]", "error"),
            ("contains 'A'", '["a","b"]', "true"),
            ("contains 'c'", '["a","b"]', "false"),
            ("contains 'a'", '[("a")]', "error"),
        ],
        "address[]": [
            (f"""== '["{LOWER}"]'""", f'["{LOWER}"]', "true"),
            (f"""== '["{LOWER}"]'""", f'["{ADDRESS}"]', "false"),
            (f"== {LOWER}", f'["{LOWER}"]', "error"),
            (f"""!= '["{LOWER}"]'""", f'["{OTHER}"]', "true"),
            (f"""!= '["{LOWER}"]'""", f'["{LOWER}"]', "false"),
            ("!= 5", f'["{LOWER}"]', "error"),
            (f"contains {LOWER}", f'["{OTHER}","{ADDRESS}"]', "true"),
            (f"contains {LOWER}", f'["{OTHER}"]', "false"),
            (f"contains {LOWER}", ADDRESS, "error"),
        ],
        "bool[]": [
            ("== '[true]'", "[true]", "true"),
            ("== '[true]'", "[1]", "false"),
            ("== true", "[true]", "error"),
            ("!= '[true]'", "[false]", "true"),
            ("!= '[true]'", "[true]", "false"),
            ("!= '[true]'", "true", "error"),
            ("contains 'TRUE'", "[false,true]", "true"),
            ("contains 'true'", "[false]", "false"),
            ("contains true", "[true]", "error"),
        ],
        "tuple": [
            ("""== '( 1, "a b" )'""", '(1,"a b")', "true"),
            ("""== '(1,"ab")'""", '(1,"a b")', "false"),
            ("== 1", "(1)", "error"),
            ("!= '(1,2)'", "(1,3)", "true"),
            ("!= '(1,2)'", "( 1,2 )", "false"),
            ("!= true", "(true)", "error"),
            ("contains 7", "(1,(2,[3,7]))", "true"),
            ("contains 7", "(1,(2,[3,70]))", "false"),
            ("contains 7", "1,7", "error"),
        ],
    }
)
OPERATORS = refused(
    {
        f"{UNSIGNED} {SIGNED}": ("5", "5", ("==", "!=", ">", ">=", "<", "<=")),
        "address": (ADDRESS, LOWER, ("==", "!=")),
        "string bytes bytes32": (
            "abc",
            "'abc'",
            ("==", "!=", "contains", "starts_with", "ends_with"),
        ),
        "bool": ("true", "true", ("==", "!=")),
        f"{ARRAYS_OF_NUMBERS} {ARRAYS_OF_TEXT} address[] bool[]": (
            "[]",
            "'[]'",
            ("==", "!=", "contains"),
        ),
        "tuple": ("()", "'()'", ("==", "!=", "contains")),
    }
)
NEVER: list[Row] = [
    (kind, "1", f"x {operator} {literal}", "error")
    for kind in (
        *("uint24", "uint40", "uint48", "uint96", "uint112", "uint160", "int24", "int256[3]"),
        *("bytes4", "bytes20", "bytes31", "address[2]", "uint256[][]", "uint24[]", "function"),
        *("map", "null", "fixed", "ufixed128x18", "uint", ""),
    )
    for operator, literal in (("==", "1"), ("!=", "'1'"), ("contains", "'1'"))
]
MAX = 2**256 - 1
DETAILS: list[Row] = [
    # Integers: 256 bits whatever the name says, hexadecimal, no sign, no decimals.
    ("uint8", "300", "x > 299", "true"),
    ("uint256", str(MAX), f"x == {MAX}", "true"),
    ("uint256", str(MAX), f"x > {MAX - 1}", "true"),
    ("uint256", "1", f"x < {MAX + 1}", "error"),
    ("uint256", str(MAX + 1), "x > 1", "error"),
    ("uint256", "1", f"x < {'9' * 3000}", "error"),
    ("uint256", "9" * 100_000, "x > 1", "error"),
    ("uint256", "0" * 100_000 + "7", "x == 7", "true"),
    ("uint256", "1", f"x < 0x{'f' * 64}", "true"),
    ("uint256", "1", f"x < 0x1{'0' * 64}", "error"),
    ("uint256", "0x" + "f" * 100_000, "x > 1", "error"),
    ("uint256", "10", "x == 0xA", "true"),
    ("uint256", "10", "x == 0X0a", "true"),
    ("uint256", "0xA", "x == 10", "true"),
    ("uint256", " 10\n", "x == ' 10 '", "true"),
    ("uint256", "10", "x == 00010", "true"),
    ("uint256", "1000", "x == 1_000", "true"),
    ("uint256", "5", "x == 0b101", "true"),
    ("uint256", "8", "x == 0o10", "true"),
    ("uint256", "5", "x == +5", "error"),
    ("uint256", "5", "x > -5", "error"),
    ("uint256", "0", "x == -0", "error"),
    ("uint256", "-5", "x < 5", "error"),
    ("uint256", "5", "x == 5.0", "error"),
    ("uint256", "5", "x == 1e5", "error"),
    ("uint256", "5", "x == ''", "error"),
    ("uint256", "5", "x == '0x'", "error"),
    ("uint256", "5", "x == '\u0665'", "error"),
    ("UINT256", "5", "x == 5", "true"),
    ("int256", str(-(2**255)), f"x == -{2**255}", "true"),
    ("int256", str(2**255), "x > 0", "error"),
    ("int256", "0", f"x > -{2**255 + 1}", "error"),
    ("int256", "-1", f"x == 0x{'f' * 64}", "true"),
    ("int256", str(-(2**255)), f"x == 0x8{'0' * 63}", "true"),
    ("int256", "255", "x == 0xff", "true"),
    ("int256", "0", f"x == 0x1{'0' * 64}", "error"),
    ("int256", "-5", "x == -0x5", "true"),
    ("int256", "5", "x == +5", "true"),
    ("int256", "5", "x == 5.5", "error"),
    # Addresses: any case; the prefix and blanks go.
    ("address", ADDRESS, f"x == '{ADDRESS[2:]}'", "true"),
    ("address", ADDRESS[2:], f"x == {LOWER}", "true"),
    ("address", ADDRESS, f"x == '{ADDRESS[:10]} {ADDRESS[10:]}'", "true"),
    ("address", ADDRESS, f"x == '0X{ADDRESS[2:]}'", "false"),
    ("address", ADDRESS, "x == owner", "false"),
    ("address", "anything", "x == ANYTHING", "true"),
    # Texts: escapes stay as they are written.
    ("string", r"it\'s", r"x == 'it\'s'", "true"),
    ("string", "it's", r"x == 'it\'s'", "false"),
    ("string", "ÄRGER", "x == 'ärger'", "true"),
    ("string", "", "x == ''", "true"),
    ("string", "abc", "x contains ''", "true"),
    ("string", "12345", "x contains '234'", "true"),
    ("string", "0xABCD", "x == 0xabcd", "true"),
    ("bytes", "0xa9059cbb00", "x starts_with 0xA9059CBB", "true"),
    ("bool", "1", "x == true", "error"),
    ("bool", "TRUE", "x == true", "error"),
    # Arrays: JSON; equality knows types and case, `contains` neither.
    ("array", "[1]", "x == '[1.0]'", "false"),
    ("array", "[1,[2,3]]", "x == '[1,[2,3]]'", "true"),
    ("array", '[{"b":1,"a":2}]', """x == '[{"a":2,"b":1}]'""", "true"),
    ("array", '[{"a":1,"a":2}]', """x == '[{"a":2}]'""", "true"),
    ("array", "[1,[2,[3]]]", "x contains 3", "true"),
    ("array", '[{"a":{"b":"C"}}]', "x contains c", "true"),
    ("array", "[null]", "x contains null", "true"),
    ("array", '["5"]', "x contains 5", "true"),
    ("array", "[5]", "x contains '5'", "true"),
    ("array", "[5]", "x contains 05", "true"),
    ("array", "[5]", "x contains 5.0", "true"),
    ("array", "[5]", "x contains 0x5", "false"),
    ("array", "[18446744073709551615]", "x contains 18446744073709551615", "true"),
    ("array", "[100000000000000000000]", "x contains 100000000000000000000", "false"),
    ("array", "[100000000000000000000]", "x contains 1e20", "true"),
    ("array", f'["{ADDRESS}"]', f"x contains '{LOWER[2:]}'", "true"),
    ("array", "[1,2", "x contains 1", "error"),
    ("array", '{"a":1}', "x contains 1", "error"),
    ("array", "[NaN]", "x contains 1", "error"),
    ("array", "[" * 127 + "7" + "]" * 127, "x contains 7", "true"),
    ("array", "[" * 128 + "7" + "]" * 128, "x contains 7", "error"),
    ("array", "[" * 60_000, "x contains 7", "error"),
    ("array", "[]", f"x == '{'[' * 1500}{']' * 1500}'", "error"),
    ("Uint256[]", "[1]", "x contains 1", "true"),
    # Tuples: text; inner tuples, lists and objects are searched, quotes protect.
    ("tuple", "()", "x contains 1", "false"),
    ("tuple", "(1,,2)", "x contains 2", "true"),
    ("tuple", "((1),(2,(3)))", "x contains 3", "true"),
    ("tuple", "((1),2)", "x contains 2", "true"),
    ("tuple", "(abc,1)", "x contains ABC", "true"),
    ("tuple", '("a,b",1)', "x contains 'a,b'", "true"),
    ("tuple", '("a,b",1)', "x contains a", "false"),
    ("tuple", "('(',1)", "x contains 1", "true"),
    ("tuple", '({"k":[1,{"m":"v"}]})', "x contains V", "true"),
    ("tuple", "([(1),(2)])", "x contains 1", "error"),
    ("tuple", "(1", "x contains 1", "error"),
    ("tuple", "(", "x contains 1", "error"),
    ("tuple", "(1))", "x contains 1", "error"),
    ("tuple", "((1)", "x contains 1", "error"),
    ("tuple", "((1)2)", "x contains 1", "error"),
    ("tuple", "(" * 5000 + "1" + ")" * 5000, "x contains 1", "true"),
    ("tuple", "(1,2)", "x == '(1, 2'", "false"),
    ("tuple", "(1,'a  b')", "x != \"(1,'a b')\"", "true"),
    # Paths: the JSON at their end decides the kind.
    ("array", "[1,2]", "x[1] == 2", "true"),
    ("array", "[1,2]", "x[2] == 2", "error"),
    ("array", "[1,2]", "x[18446744073709551615] == 2", "error"),
    ("array", "[1,2]", "x.a == 2", "error"),
    ("string", '{"a":{"b":[10,20]}}', "x.a.b[1] >= 20", "true"),
    ("string", '{"a":1}', "x.b == 1", "error"),
    ("string", '{"a":1}', "x[0] == 1", "error"),
    ("string", '{"0":"zero"}', "x.0 == ZERO", "true"),
    ("string", "plain", "x.a == 1", "error"),
    ("uint256", "5", "x[0] == 5", "error"),
    ("tuple", "(1,2)", "x[0] == 1", "error"),
    ("tuple[]", "[(1)]", "x[0] == 1", "error"),
    ("string", f'{{"a":"{ADDRESS}"}}', f"x.a == {LOWER}", "true"),
    ("string", f'{{"a":"{ADDRESS}"}}', f"x.a starts_with {LOWER}", "error"),
    ("string", f'{{"a":"0x{"AB" * 32}"}}', f"x.a starts_with 0x{'ab' * 32}", "true"),
    ("string", '{"a":"0xABCD"}', "x.a ends_with 'cd'", "true"),
    ("string", '{"a":"0xABCG"}', "x.a contains 'cg'", "true"),
    ("string", '{"a":"12"}', "x.a > 5", "error"),
    ("string", '{"a":-3}', "x.a < 0", "true"),
    ("string", '{"a":-3}', "x.a < -2", "true"),
    ("string", '{"a":3}', "x.a > -1", "error"),
    ("string", '{"a":18446744073709551615}', "x.a > 18446744073709551614", "true"),
    ("string", '{"a":18446744073709551616}', "x.a > 1", "error"),
    ("string", '{"a":1.5}', "x.a > 1", "error"),
    ("string", '{"a":true}', "x.a == true", "true"),
    ("string", '{"a":true}', "x.a == 'true'", "error"),
    ("string", '{"a":[1,"b"]}', "x.a contains B", "true"),
    ("string", '{"a":[1,"b"]}', """x.a == '[1,"b"]'""", "true"),
    ("string", '{"a":{}}', "x.a == '{}'", "error"),
    ("string", '{"a":null}', "x.a == null", "error"),
    ("array", '[{"and":1}]', "x[0].and == 1", "true"),
]


@pytest.mark.parametrize(("kind", "text", "expression", "outcome"), TABLE + OPERATORS)
def test_evm__each_cell_of_the_table__comes_out(kind, text, expression, outcome):
    assert trace("EVM", kind, text, expression).outcome == outcome


@pytest.mark.parametrize(("kind", "text", "expression", "outcome"), NEVER)
def test_evm__a_kind_that_is_never_compared__is_an_error(kind, text, expression, outcome):
    assert trace("EVM", kind, text, expression).outcome == outcome


@pytest.mark.parametrize(
    ("kind", "text", "expression", "outcome"),
    DETAILS,
    ids=[f"{kind}-{text[:20]}-{expression[:30]}" for kind, text, expression, _ in DETAILS],
)
def test_evm__details__come_out(kind, text, expression, outcome):
    assert trace("EVM", kind, text, expression).outcome == outcome


def test_evm__the_tables_of_tests_and_code__have_the_same_cells():
    assert {kind for kind, *_ in TABLE} == set(KINDS["EVM"])
    assert untested_cells("EVM", TABLE) == set()
    assert foreign_cells("EVM", TABLE) == set()

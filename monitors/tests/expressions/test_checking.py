"""Conditions typed: what is found, and what must not be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blip0.testing.speed import cpu_seconds
from monitors.expressions.checking import UNKNOWN_KIND, problems
from monitors.expressions.kinds import KINDS, transaction_variables
from monitors.expressions.parsing import ExpressionError, parse

EVM = {
    "amount": "uint256",
    "small": "uint8",
    "delta": "int64",
    "to": "address",
    "note": "string",
    "data": "bytes",
    "topic": "bytes32",
    "ok": "bool",
    "ids": "uint256[]",
    "grid": "uint256[][]",
    "fixed": "uint256[3]",
    "owners": "address[]",
    "deltas": "int64[]",
    "order": "tuple",
    "orders": "tuple[]",
    "fee": "uint24",
    "selector": "bytes4",
    "f": "function",
    "secret": UNKNOWN_KIND,
}
STELLAR = {"amount": "i128", "who": "address", "list": "vec", "m": "map<symbol,u32>", "n": "u256"}
ADDRESS = "0x" + "a" * 40


def _codes(text, chain="EVM", variables=None):
    given_ = {"EVM": EVM, "Stellar": STELLAR}.get(chain, {}) if variables is None else variables
    return [
        problem.code.removeprefix("expression.") for problem in problems(parse(text), chain, given_)
    ]


def _says(text):
    return "\n".join(problem.message for problem in problems(parse(text), "EVM", EVM))


@pytest.mark.parametrize(
    "text",
    [
        "amount > 100", "amount == 0xff", "amount == '5'", "small <= 254", "delta > -5",
        f"to == {ADDRESS}", f"to != '{ADDRESS.upper().replace('X', 'x')}'", "note contains 'a'",
        "note == owner", "data starts_with '0x12'",
        f"topic == '0x{'0' * 64}'", "topic contains 'ab'",
        "ok == true", "ids contains 5", "ids == '[1,2]'", "ids[0] > 5", "grid[0][1] == 5",
        "grid[0] contains 5", "fixed[2] >= 1", f"owners[0] == {ADDRESS}", "deltas[1] < -3",
        "order contains 5", "order == '(1,2)'", "note.key == 5", "note[0].a.b contains x",
        "secret == anything", "secret[0].x > 1", "(amount > 1 or ok == false) and small < 9",
    ],
)  # fmt: skip
def test_problems__sound_evm_condition__has_none(text):
    assert _codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("amnt > 1", "unknown_variable"),
        ("Amount > 1", "unknown_variable"),
        ("0 == 1", "unknown_variable"),
        ("transaction.value > 1", "unknown_variable"),
        ("to contains 'a'", "operator"),
        ("ok > true", "operator"),
        ("amount contains 5", "operator"),
        ("note > 'a'", "operator"),
        ("ids > 5", "operator"),
        ("amount == 1.5", "literal"),
        ("amount == -1", "literal"),
        ("amount == abc", "literal"),
        ("amount == true", "literal"),
        ("to == 5", "literal"),
        ("note == 5", "literal"),
        ("ok == 'true'", "literal"),
        ("ids == '5'", "literal"),
        ("ids == 5", "literal"),
        ("fee > 5", "kind"),
        ("selector == '0x12345678'", "kind"),
        ("f == 'x'", "kind"),
        ("fixed contains 5", "kind"),
        ("grid contains 5", "kind"),
        ("orders contains 5", "kind"),
        ("order.maker == x", "path"),
        ("order[0] == x", "path"),
        ("orders[0] == x", "path"),
        ("amount[0] == 5", "path"),
        ("amount.x == 5", "path"),
        ("to.x == 'a'", "path"),
        ("ids.first == 5", "path"),
        ("ids[0][0] == 5", "path"),
        ("fixed[3] == 5", "path"),
        ("ids[0] == true", "literal"),
        ("owners[0] > 5", "operator"),
        ("small > 255", "constant"),
        ("small >= 256", "constant"),
        ("small == 256", "constant"),
        ("small != 256", "constant"),
        ("small >= 0", "constant"),
        ("amount < 0", "constant"),
        ("delta <= 9223372036854775807", "constant"),
        ("to == '0x123'", "constant"),
        ("to != owner", "constant"),
        ("topic == '0x12'", "constant"),
    ],
)
def test_problems__evm_condition_that_means_nothing__is_told(text, code):
    assert _codes(text) == [code]
    assert _codes(f"amount > 5 and ({text})") == [code]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("amount > 5", []),
        ("amount > '5'", ["literal"]),
        ("amount > -5", []),
        ("who == GABC", []),
        ("who > 5", ["operator"]),
        ("list contains 5", []),
        ("list[0].x == 5", []),
        ("m.key == 5", []),
        ("n == 5", []),
        ("n > 5", ["operator"]),
        ("amount[0] == 5", ["path"]),
        ("who.x == 5", ["path"]),
        ("0 == 5", ["unknown_variable"]),
    ],
)
def test_problems__stellar_condition__follows_its_own_table(text, codes):
    assert _codes(text, "Stellar") == codes


@pytest.mark.parametrize(
    ("chain", "text", "codes"),
    [
        ("Solana", "fee > 5000", []),
        ("Solana", "accounts contains '|abc|'", []),
        ("Solana", "signature starts_with 'a'", ["operator"]),
        ("Solana", "is_success == true", []),
        ("Solana", "accounts[0] == 'abc'", ["path"]),
        ("Solana", "hash == 'abc'", ["unknown_variable"]),
        ("EVM", "value > 1", []),
        ("EVM", "gas_used >= 21000", []),
        ("EVM", f"from == {ADDRESS}", []),
        ("EVM", "from == 5", ["literal"]),
        ("EVM", "transaction_index < 18446744073709551616", ["constant"]),
        ("Stellar", "ledger > 100", []),
        ("Stellar", "value > 9223372036854775807", ["constant"]),
    ],
)
def test_problems__transaction__has_the_chains_variables(chain, text, codes):
    assert _codes(text, chain, transaction_variables(chain)) == codes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("amnt > 1", "Did you mean `amount`?"),
        ("event.amount > 1", "Variables have bare names: write `amount`."),
        ("block.number > 1", "Expressions see nothing of the block"),
        ("receipt.status == 1", "Choose the `status` of a transaction condition"),
        ("gas_price > 1", "put it into a condition of `transactions`"),
        ("zzzzzzzz > 1", "There are `amount`, `small`,"),
        ("zzzzzzzz > 1", "and 7 more."),
        ("amount > 1 or to > 5", "Column 15: "),
        ("small > 255", "never true"),
        ("small >= 0", "always true"),
        ("ids.first == 5", "write an index like `[0]`"),
    ],
)
def test_problems__message__tells_the_fix(text, says):
    assert says in _says(text)


def test_problems__no_named_parameters__says_so():
    (problem,) = problems(parse("zz == 1"), "EVM", {})
    assert "the parameters have no names" in problem.message


def test_problems__several__have_their_places():
    text = "amnt > 1 and fee == 2"

    assert [text[p.start : p.end] for p in problems(parse(text), "EVM", EVM)] == [
        "amnt > 1",
        "fee == 2",
    ]


_OPERATORS = ["==", "!=", ">", ">=", "<", "<=", "contains", "starts_with", "ends_with"]
_LITERALS = ["5", "-5", "1.5", "true", "'x'", "0xff", "abc", "'[1]'", "'{}'", "9" * 90, "''", "'_'"]


@settings(max_examples=500, deadline=None)
@given(
    chain=st.sampled_from(["EVM", "Stellar", "Solana"]),
    kind=st.sampled_from(sorted({kind for kinds in KINDS.values() for kind in kinds}))
    | st.text(max_size=12)
    | st.sampled_from(["uint256[99999999999999999999999]", "tuple[2]", "[]", "map<", "T[][0]"]),
    path=st.sampled_from(["", "[0]", ".x", "[0][1]", ".x[0]", "[18446744073709551615]"]),
    operator=st.sampled_from(_OPERATORS),
    literal=st.sampled_from(_LITERALS),
)
def test_problems__any_kind_and_condition__raises_nothing(chain, kind, path, operator, literal):
    try:
        tree = parse(f"a{path} {operator} {literal}")
    except ExpressionError:
        return

    assert len(list(problems(tree, chain, {"a": kind}))) <= 1


def test_problems__256_conditions_and_many_variables__are_typed_in_time():
    text = " or ".join(f"parametar{n} > {n}" for n in range(170))
    variables = {f"parameter{n}": "uint256" for n in range(200)}

    def found():
        return list(problems(parse(text), "EVM", variables))

    assert len(found()) == 170
    assert cpu_seconds(found, enough=0.2) < 0.2

"""`manage.py expression`: output, carets, exit status."""

import io
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from blip0.testing import PROJECT_ROOT
from monitors.expressions.explaining import explain
from monitors.expressions.parsing import parse


def run(*arguments):
    """What the command prints, what it complains, and its exit status."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("expression", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), f"{err.getvalue()}{error}", error.returncode
    return out.getvalue(), err.getvalue(), 0


def test_expression__check_of_a_right_one__is_ok():
    assert run("check", "value > 1") == ("ok\n", "", 0)


@pytest.mark.parametrize(
    ("chain", "text", "warning"),
    [
        ("EVM", "transaction.value > 1", "write `value`."),
        ("EVM", "to > 5 and value > 1", "Column 1: "),
        ("Stellar", "value > 'x'", "not with 'x'."),
        ("Midnight", "value > 1", "Midnight ignores expressions"),
    ],
)
def test_expression__check_for_a_chain__warns_of_what_never_matches(chain, text, warning):
    out, _, status = run("check", text, "--chain", chain)

    first, said = out.splitlines()
    assert (first, status) == ("ok", 0)
    assert said.startswith("warning: ")
    assert warning in said


def test_expression__check_for_its_chain__has_no_warning():
    assert run("check", "is_success == true", "--chain", "Solana") == ("ok\n", "", 0)


@pytest.mark.parametrize("action", ["check", "format", "explain", "try"])
def test_expression__wrong__is_shown_with_carets_and_exits_1(action):
    out, complaint, status = run(action, "value > 1000 && to == 0xAb")

    assert (out, status) == ("", 1)
    assert complaint.splitlines() == [
        "value > 1000 && to == 0xAb",
        "             ^^",
        "column 14: expected `and`, `or` or the end, found `&&`: write `and`",
    ]


def test_expression__long_with_line_breaks__shows_the_place_only():
    _, complaint, _ = run("check", "a == '" + "x\n" * 100 + "' && b == 1" + " " * 500)

    shown, carets, message = complaint.splitlines()
    assert shown[carets.index("^") :].startswith("&& b == 1")
    assert carets.strip() == "^^"
    assert len(shown) == 90
    assert "column 209: " in message


def test_expression__beyond_a_limit__exits_1():
    assert run("check", "(" * 33 + "a == 1" + ")" * 33)[2] == 1


def test_expression__format__writes_the_canonical_text():
    assert run("format", "(a==1)AND(b==2)") == ("a == 1 and b == 2\n", "", 0)


def test_expression__explain__tells_each_condition():
    out, _, status = run(
        "explain", "--chain", "EVM", "value > 5 and (to == own or ok.b[0] == true)"
    )

    assert status == 0
    assert out == (
        "all of these:\n"
        "  `value` (uint256, of a transaction) is greater than the number 5\n"
        "  any of these:\n"
        '    `to` (address, of a transaction) is the text "own" '
        "(a word on the right is never a variable)\n"
        "    `ok.b[0]` is true\n"
    )


def test_expression__try__each_condition_and_why():
    values = ("--value", "value: uint256 = 900", "--value", "small: uint8 = 3")
    out, _, status = run("try", "value > 1000 or small > 300", "--chain", "EVM", *values)

    assert status == 0
    assert out.splitlines() == [
        "It does not match.",
        "  false         any of these:",
        "  false           `value` is greater than the number 1000",
        "                  `value` is 900, which is not > 1000.",
        "  false           `small` is greater than the number 300",
        "                  `small` is 3, which is not > 300.",
        (
            "warning: Column 17: This is never true, whatever `small` of type uint8 is. "
            "Correct the literal."
        ),
    ]


def test_expression__try_without_values__takes_samples_of_the_chain():
    assert run("try", "is_success == true", "--chain", "Solana")[0].startswith("It matches.\n")


def test_expression__try_with_a_value_that_is_none__exits_1():
    out, complaint, status = run("try", "a == 1", "--value", "a = 1")

    assert (out, status) == ("", 1)
    assert complaint.startswith("Line 1: `a = 1` is no value; write `name: kind = value`")


def test_explain__midnight__says_that_expressions_are_ignored():
    assert explain(parse("a == 1"), "Midnight") == [
        "Midnight ignores expressions: this one changes nothing."
    ]


def test_expression__standard_input__is_read_without_a_database():
    elsewhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}

    done = subprocess.run(
        [sys.executable, "manage.py", "expression", "format", "-"],
        cwd=PROJECT_ROOT,
        env={**os.environ, **elsewhere},
        input="a==1\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("a == 1\n", 0), done.stderr

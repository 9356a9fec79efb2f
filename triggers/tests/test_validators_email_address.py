import pytest

from blip0.tests.validation.helpers import examine, found
from triggers.validators.email_address import check_email, problem_with


@pytest.mark.parametrize(
    "address",
    [
        "a@localhost",
        "Bob <a@b.c>",
        "Bob Builder <a@b.c> ",
        '"a@b"@c.d',
        r'"a\"b"@c.d',
        "a@[::1]",
        "a@[]",
        "用户@例子.广告",
        "अजय@डाटा.भारत",
        "!#$%&'*+-/=?^_`{|}~@b.c",
        "a@b-c.d",
        "é" * 32 + "@b.c",
        "שָׁלוֹם@b.c",
        "a²Ⓑ@b.c",
        '"\uc280"@c.d',
        "a@[\ud7bf]",
    ],
)
def test_address__what_the_runtimes_library_takes__is_fine(address):
    assert problem_with(address) is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no `@`"),
        ("a", "no `@`"),
        ("a@", "after the `@`"),
        ('""@b.c', "before the `@`"),
        ('"@b.c', "can't stand there"),
        ('"a"b"@b.c', "can't stand there"),
        ("a b@c.d", "can't stand there"),
        (".a@b.c", "can't stand there"),
        ("a@-c.d", "begin and end"),
        ("a@c-.d", "begin and end"),
        ("a@.c", "dot too many"),
        ("a@b_.c", "begin and end"),
        ("a@b c.d", "can't stand there"),
        ("a@[1 2]", "in brackets"),
        ("Bob <a@b.c", "`>`"),
        ("<a@b.c>", "can't stand there"),
        ("é" * 33 + "@b.c", "longer than 64 bytes"),
        ("a@" + "é" * 32 + ".c", "longer than 63 bytes"),
        ("a@b.c\n", "begin and end"),
        ("😀@b.c", "can't stand there"),
        ("a\u2028b@c.d", "can't stand there"),
        ("a\xadb@c.d", "can't stand there"),
        ("I❤\ufe0fx@c.d", "can't stand there"),
        ("हिन्दी@c.d", "can't stand there"),
        ("a@b😀c.d", "can't stand there"),
        ("a@😀.d", "begin and end"),
        ('"é"@c.d', "can't stand there"),
        ('"\uc27f"@c.d', "can't stand there"),
        ("a@[é]", "in brackets"),
    ],
)
def test_address__what_it_refuses__says_why(address, says):
    assert says in (problem_with(address) or "")


def test_check__malformed__is_invalid_alone():
    report = examine(check_email, "x")

    assert (report.verdict, found(report)) == ("invalid", [("error", "email.address", "")])
    assert examine(check_email, 5).verdict == "parse_error"

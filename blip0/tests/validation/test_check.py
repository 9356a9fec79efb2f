"""The entry: kinds, reports, the first look at a document, secrets and slugs."""

import pytest

from blip0.common.registry import AlreadyRegistered
from blip0.common.validation import (
    CheckContext,
    InvalidDocument,
    check,
    check_text,
    known_kinds,
    register_kind,
)
from blip0.common.validation.scan import MAX_NODES, MAX_TEXT
from blip0.tests.validation.helpers import found, messages

PLAIN = {"type": "Plain", "value": "x"}


def test_kinds__all_documents__are_known():
    assert {
        "network", "cron", "filter_script", "trigger", "email", "retry", "monitor", "abi", "spec",
        "secret", "slug", "catalogue_slug",
    } <= set(known_kinds())  # fmt: skip


def test_check__unknown_kind__names_the_known_ones():
    with pytest.raises(KeyError, match=r"known: .*secret"):
        check("nothing", {})
    with pytest.raises(KeyError):
        check_text("nothing", "{")


def test_register__a_kind_twice__is_a_programming_error():
    with pytest.raises(AlreadyRegistered):
        register_kind("secret", lambda value, at, out, context: None)


def test_report__errors__raise_with_these_findings_only():
    report = check("secret", {"type": "Plain", "value": 1, "note": "x"})

    assert [f.level for f in report.findings].count("warning") == 1
    with pytest.raises(InvalidDocument, match="/value") as caught:
        report.raise_if_errors()
    assert caught.value.findings == report.errors


def test_report__only_a_warning__does_not_raise():
    check("secret", {**PLAIN, "note": "x"}).raise_if_errors()


def test_invalid_document__many_errors__shows_the_first_few():
    findings = check(
        "secret", {"a": "sealed:", "b": "sealed:", "c": "sealed:", "d": "sealed:"}
    ).errors

    assert "… and 1 more" in str(InvalidDocument(findings))


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"value": b"x"}, "json.type", "/value"),
        ({1: "x"}, "json.type", ""),
        ([float("nan")], "json.type", "/0"),
        ([float("inf")], "json.type", "/0"),
        (["\ud800"], "json.text", "/0"),
        ({"a": {"\ud800": 1}}, "json.text", "/a"),
        (("x",), "json.type", ""),
    ],
)
def test_scan__what_is_not_json__is_a_parse_error(value, code, pointer):
    report = check("secret", value)

    assert (report.verdict, found(report)) == ("parse_error", [("error", code, pointer)])


def _nested(levels):
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(("levels", "verdict"), [(127, "ok"), (128, "parse_error")])
def test_scan__nesting__has_the_runtimes_limit(levels, verdict):
    report = check("slug", _nested(levels))

    assert report.verdict == verdict


def test_scan__nesting_beyond_ours__is_policy():
    codes = {f.code for f in check("slug", _nested(65)).findings}

    assert "limits.depth" in codes
    assert "limits.depth" not in {f.code for f in check("slug", _nested(64)).findings}


def test_scan__too_many_values__is_not_examined():
    report = check("spec", [0] * (MAX_NODES + 1))

    assert found(report) == [("error", "limits.nodes", "")]


def test_check_text__too_long__is_not_examined():
    report = check_text("spec", " " * (MAX_TEXT + 1))

    assert found(report) == [("error", "limits.text", "")]


@pytest.mark.parametrize("kind", ["secret", "monitor", "trigger", "network", "spec"])
def test_scan__sealed_text_in_input__is_refused_wherever_it_stands(kind):
    report = check(kind, {"a": ["sealed:v1:k:AAAA"]})

    assert ("error", "secret.sealed_input", "/a/0") in found(report)


def test_secret__repeated_type__every_one_must_be_text():
    assert (
        check_text("secret", '{"type": 5, "type": "plain", "value": "x"}').verdict == "parse_error"
    )
    assert check_text("secret", '{"type": "?", "type": "plain", "value": "x"}').verdict == "ok"
    assert check_text("secret", '{"type": "plain", "value": 5, "value": "x"}').verdict == "ok"


def test_secret__extra_or_repeated_keys__are_the_runtimes_to_ignore_but_not_ours():
    report = check_text("secret", '{"type": "plain", "value": "a", "value": "b", "x": 1}')

    assert report.verdict == "ok"
    assert found(report) == [
        ("error", "json.repeated_key", "/value"),
        ("warning", "shape.ignored", "/x"),
    ]


def test_secret__wrong_word__suggests_the_right_one():
    assert "Did you mean `Environment`?" in messages(
        check("secret", {"type": "enviroment", "value": "X"})
    )


@pytest.mark.parametrize("kind", ["Environment", "hashicorpcloudvault"])
def test_secret__reference__is_for_staff_only(kind):
    secret = {"type": kind, "value": "X"}

    tenants = check("secret", secret, context=CheckContext(author="tenant"))
    staffs = check("secret", secret, context=CheckContext(author="staff"))

    assert (tenants.verdict, found(tenants)) == ("ok", [("error", "secret.reference", "/type")])
    assert staffs.findings == ()


def test_secret__refused__never_shows_its_text():
    for value in ("hunter2", ["hunter2"], {"type": "Plain", "value": ["hunter2"]}):
        assert "hunter2" not in messages(check("secret", value))


@pytest.mark.parametrize(
    ("kind", "slug", "fine"),
    [
        ("slug", "a", True),
        ("slug", "0-a_b", True),
        ("slug", "a" * 63, True),
        ("slug", "a" * 64, False),
        ("slug", "-a", False),
        ("slug", "A", False),
        ("slug", "a\n", False),
        ("slug", "", False),
        ("slug", 5, False),
        ("catalogue_slug", "ethereum_mainnet", True),
        ("catalogue_slug", "0x", False),
        ("catalogue_slug", "a-b", False),
    ],
)
def test_slug__form__is_policy(kind, slug, fine):
    report = check(kind, slug)

    assert report.verdict == "ok"
    assert found(report) == ([] if fine else [("error", "slug.format", "")])

"""Where a trigger sends to, with which headers, and what its message can say."""

import pytest

from blip0.common.net import Allowed
from blip0.testing.speed import cpu_seconds
from blip0.tests.validation.helpers import examine, found, messages
from blip0.tests.validation.samples import CONFIGS
from triggers.validators.templates import template_of, unset, variables
from triggers.validators.trigger import check_trigger

URL, HOST = "/config/url/value", "/config/host"


def _check(kind, changes=None, **facts):
    config = {**CONFIGS[kind], **(changes or {})}
    document = {"name": "n", "trigger_type": kind, "config": config}
    return examine(check_trigger, document, **facts)


def _url(url, **facts):
    return _check("webhook", {"url": {"type": "Plain", "value": url}}, **facts)


def _said(title="Alert", body="Something", kind="webhook", **changes):
    return _check(kind, {"message": {"title": title, "body": body}, **changes})


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]/", "https://localhost:9/x", "https://a.internal",
     "https://2130706433", "https://169.254.169.254/latest/meta-data/", "https://u:p@10.0.0.1",
     "https://redis:6379"],
)  # fmt: skip
def test_webhook__target_inside__is_refused_by_policy(url):
    report = _url(url)

    assert found(report) == [("error", "trigger.target", URL)]
    assert report.verdict == "ok"
    assert "public internet" in messages(report)


@pytest.mark.parametrize(
    "url", ["https://", "https://a b.org", "https://10.0.0.1\\@example.org", "https://a.org:0"]
)
def test_webhook__url_without_one_clear_host__is_refused(url):
    assert found(_url(url)) == [("error", "trigger.target_url", URL)]


def test_webhook__host_that_staff_allow__is_fine():
    allowed = Allowed.of(["hooks.internal", "10.1.0.0/16"])

    assert _url("https://HOOKS.internal./x", allowed=allowed).errors == ()
    assert _url("https://10.1.2.3/x", allowed=allowed).errors == ()
    assert _url("https://other.internal/x", allowed=allowed).errors
    assert _url("https://10.2.0.1/x", allowed=allowed).errors


def test_webhook__secret_of_the_runtime__is_no_url_to_judge():
    report = _check("webhook", {"url": {"type": "Environment", "value": "HOOK_URL"}})

    assert "trigger.target_url" not in {code for _, code, _ in found(report)}


@pytest.mark.parametrize(
    ("host", "codes"),
    [
        ("smtp.example.org", []),
        ("10.0.0.25", ["trigger.target"]),
        ("127.0.0.1", ["trigger.target"]),
        ("mail.internal", ["trigger.target"]),
        ("localhost", ["email.host"]),
    ],
)
def test_email__server__must_be_public(host, codes):
    assert [code for _, code, _ in found(_check("email", {"host": host}))] == codes


@pytest.mark.parametrize(
    "name",
    ["X-Signature", "x-timestamp", "Host", "CONTENT-LENGTH", "Transfer-Encoding", "Connection",
     "Upgrade", "TE", "Keep-Alive", "Proxy-Authorization", "Expect"],
)  # fmt: skip
def test_webhook__reserved_header__is_refused_in_any_case(name):
    report = _check("webhook", {"headers": {"Authorization": "x", name: "1"}})

    assert found(report) == [("error", "webhook.header_reserved", f"/config/headers/{name}")]


@pytest.mark.parametrize(
    "name", ["Content-Type", "Accept", "User-Agent", "X-Signature-Of", "Cookie"]
)
def test_webhook__ordinary_header__is_fine(name):
    assert _check("webhook", {"headers": {"Authorization": "x", name: "1"}}).findings == ()


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\x00", "é"])
def test_webhook__header_that_would_break_out__is_refused(value):
    report = _check("webhook", {"headers": {"Authorization": value}})

    assert found(report) == [("error", "webhook.header_value", "/config/headers/Authorization")]


@pytest.mark.parametrize(
    "text",
    ["${monitor.name}", "${transaction.hash} ${transaction.from}", "${transaction.signature}",
     "${events}", "${functions}", "${events.0.signature}", "${functions.12.args.to}",
     "${events.3.args.some name}", "$5 {x} $ {y}", "$transaction.hash", "{}"],
)  # fmt: skip
def test_message__variables_that_exist__are_fine(text):
    assert _said(text, text).findings == ()


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("${monitor_name}", "${monitor.name}"),
        ("${transaction.Hash}", "${transaction.hash}"),
        ("${transaction.hsh}", "${transaction.hash}"),
        ("${ transaction.hash }", "${transaction.hash}"),
        ("${event.0.signature}", "${events.0.signature}"),
        ("${events_0_signature}", "${events.0.signature}"),
        ("${events[0].args.value}", "${events.0.args.value}"),
        ("${tenant.name}", None),
        ("${block.number}", None),
        ("${}", None),
        ("${events.0}", None),
        ("${events.01.signature}", None),
    ],
)
def test_message__unknown_variable__is_warned_about_with_a_guess(text, guess):
    report = _said(body=text)

    assert ("warning", "message.unknown_variable", "/config/message/body") in found(report)
    if guess:
        assert f"Did you mean `{guess}`?" in messages(report)


def test_message__variable_without_its_end__is_warned_about():
    assert found(_said(body="a ${transaction.hash b")) == [
        ("warning", "message.unclosed_variable", "/config/message/body")
    ]


def test_email__subject_with_a_variable__is_sent_as_it_is():
    assert found(_said("${monitor.name} fired", kind="email")) == [
        ("warning", "message.subject_variable", "/config/message/title")
    ]


def test_webhook__raw__sends_no_message():
    report = _said("${nothing}", "${nothing}", payload_mode="raw")

    assert found(report) == [("info", "webhook.message_ignored", "/config/message")]
    assert (
        _check("webhook", {"payload_mode": "raw", "message": {"title": "", "body": ""}}).findings
        == ()
    )


def test_template_of__kinds__is_what_the_runtime_fills_in():
    message = {"title": "T", "body": "B"}

    assert template_of("slack", {"message": message}) == "T\nB"
    assert template_of("email", {"message": message}) == "B"
    assert template_of("webhook", {"message": message, "payload_mode": "raw"}) == ""
    assert template_of("webhook", {"payload_mode": "raw"}) == ""


def test_unset__on_each_chain__are_those_it_lacks():
    known = variables("${transaction.hash} ${transaction.value} ${transaction.signature} ${events}")

    assert [v.text for v in unset(known, "EVM")] == ["transaction.signature"]
    assert [v.text for v in unset(known, "Stellar")] == [
        "transaction.value", "transaction.signature"
    ]  # fmt: skip
    assert [v.text for v in unset(known, "Solana")] == ["transaction.hash", "transaction.value"]


@pytest.mark.parametrize("text", ["${" * 100_000, "${a}" * 50_000, "$" * 200_000, "${a" * 60_000])
def test_message__hostile_template__is_read_in_time(text):
    assert cpu_seconds(lambda: _said(body=text), enough=1) < 1

import pytest

from blip0.tests.validation.helpers import SCRIPTS, examine, found, messages
from triggers.validators.trigger import check_trigger
from triggers.validators.types import TRIGGER_TYPES


def _plain(text):
    return {"type": "Plain", "value": text}


MESSAGE = {"title": "Alert", "body": "Something happened"}
CONFIGS = {
    "slack": {"slack_url": _plain("https://hooks.slack.com/services/x"), "message": MESSAGE},
    "discord": {
        "discord_url": _plain("https://discord.com/api/webhooks/1/x"),
        "message": MESSAGE,
    },
    "telegram": {
        "token": _plain("12345678:" + "A" * 35),
        "chat_id": "-100",
        "message": MESSAGE,
    },
    "webhook": {
        "url": _plain("https://example.com/hook"),
        "method": "POST",
        "headers": {"Authorization": "Bearer x"},
        "message": MESSAGE,
    },
    "email": {
        "host": "smtp.example.com",
        "port": 465,
        "username": _plain("u"),
        "password": _plain("p"),
        "message": MESSAGE,
        "sender": "a@b.c",
        "recipients": ["d@e.f"],
    },
    "script": {"language": "Python", "script_path": "config/filters/a.py", "timeout_ms": 5},
}


def _check(kind, changes=None, *, trigger_type=None, name="n", **facts):
    config = {**CONFIGS[kind], **(changes or {})}
    config = {key: value for key, value in config.items() if value is not ...}
    document = {"name": name, "trigger_type": trigger_type or kind, "config": config}
    return examine(check_trigger, document, script_paths=SCRIPTS, **facts)


def test_types__all_of_them__are_tested_here():
    assert set(TRIGGER_TYPES) == set(CONFIGS)


@pytest.mark.parametrize("kind", CONFIGS)
def test_trigger__complete_and_right__has_no_findings(kind):
    assert _check(kind).findings == ()


@pytest.mark.parametrize(
    ("kind", "changes", "code", "pointer"),
    [
        (
            "slack",
            {"slack_url": _plain("http://hooks.slack.com/x")},
            "trigger.url",
            "/slack_url/value",
        ),
        (
            "discord",
            {"discord_url": _plain("https://ptb.discord.com/api/webhooks/1")},
            "trigger.url",
            "/discord_url/value",
        ),
        (
            "discord",
            {"message": {**MESSAGE, "body": "b" * 2001}},
            "message.body_length",
            "/message/body",
        ),
        (
            "telegram",
            {"message": {**MESSAGE, "body": "é" * 2049}},
            "message.body_length",
            "/message/body",
        ),
        (
            "telegram",
            {"token": _plain("12345678:" + "A" * 35 + "\n")},
            "telegram.token",
            "/token/value",
        ),
        ("telegram", {"chat_id": "\u3000"}, "telegram.chat", "/chat_id"),
        ("webhook", {"url": _plain("ftp://x")}, "trigger.url", "/url/value"),
        ("webhook", {"method": "PATCH"}, "webhook.method", "/method"),
        ("webhook", {"message": ...}, "message.title", "/message/title"),
        ("email", {"host": "localhost"}, "email.host", "/host"),
        ("email", {"host": "a.b:25"}, "email.host", "/host"),
        ("email", {"host": "a.b\n"}, "email.host", "/host"),
        ("email", {"username": _plain("")}, "email.username", "/username/value"),
        ("email", {"username": _plain("a\x85")}, "email.username", "/username/value"),
        ("email", {"password": _plain("\t")}, "email.password", "/password/value"),
        ("email", {"recipients": []}, "email.recipients", "/recipients"),
        (
            "email",
            {"message": {**MESSAGE, "title": "é" * 500}},
            "email.subject_length",
            "/message/title",
        ),
        ("email", {"message": {**MESSAGE, "title": "a\x00"}}, "email.subject", "/message/title"),
        ("email", {"message": {**MESSAGE, "body": "a\x0b"}}, "email.body", "/message/body"),
        ("script", {"timeout_ms": 0}, "script.timeout", "/timeout_ms"),
        ("script", {"script_path": "config/filters/a.sh"}, "script.extension", "/script_path"),
    ],
)
def test_trigger__what_the_runtime_refuses__is_invalid(kind, changes, code, pointer):
    report = _check(kind, changes)

    assert report.verdict == "invalid"
    assert ("error", code, f"/config{pointer}") in found(report)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("telegram", {"message": {"title": "t" * 5000, "body": "b"}}),
        ("email", {"message": {"title": "a\nb\x0b\x85", "body": "b\r\n\t"}}),
        ("email", {"host": "."}),
        ("webhook", {"payload_mode": "raw", "message": ...}),
        ("slack", {"retry_policy": {"max_retries": 1}}),
        ("email", {"retry_policy": {}}),
    ],
)
def test_trigger__what_looks_odd__may_be_fine_for_the_runtime(kind, changes):
    assert _check(kind, changes).verdict == "ok"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("slack", {"retry_policy": None}),
        ("slack", {"message": ...}),
        ("slack", {"channel": "x"}),
        ("email", {"port": 65536}),
        ("email", {"sender": "Bob"}),
        ("email", {"recipients": "a@b.c"}),
        ("webhook", {"headers": {"a": 1}}),
        ("webhook", {"message": None}),
        ("webhook", {"payload_mode": "Raw"}),
        ("telegram", {"chat_id": -100}),
        ("script", {"retry_policy": {}}),
        ("script", {"language": "bash"}),
    ],
)
def test_trigger__what_the_runtime_cannot_read__points_into_the_meant_configuration(kind, changes):
    report = _check(kind, changes)

    assert report.verdict == "parse_error"
    [field] = changes
    assert any(
        finding.pointer.startswith(f"/config/{field}") or f"`{field}`" in finding.message
        for finding in report.errors
    )


def test_trigger__body_is_counted_in_bytes__up_to_the_limit():
    assert _check("discord", {"message": {**MESSAGE, "body": "é" * 1000}}).findings == ()


def test_trigger__two_configurations_mixed__is_about_the_declared_type():
    report = _check("slack", {"discord_url": _plain("x")})

    assert found(report) == [("error", "shape.unknown", "/config/discord_url")]


def test_trigger__type_and_configuration_disagree__is_policy_and_checks_nothing_else():
    report = _check("webhook", {"url": _plain("https://x.y")}, trigger_type="email")

    assert (report.verdict, found(report)) == (
        "ok",
        [("error", "trigger.type_mismatch", "/trigger_type")],
    )
    assert "that of a `webhook` trigger" in messages(report)


def test_trigger__unknown_type__still_checks_the_configuration():
    report = _check("email", {"port": "25"}, trigger_type="pagerduty")

    assert found(report) == [
        ("error", "shape.choice", "/trigger_type"),
        ("error", "shape.type", "/config/port"),
    ]


@pytest.mark.parametrize("config", [None, [], "x", {}])
def test_trigger__no_configuration__is_a_parse_error(config):
    document = {"name": "n", "trigger_type": "slack", "config": config}

    assert examine(check_trigger, document).verdict == "parse_error"


@pytest.mark.parametrize(
    ("kind", "changes", "finding"),
    [
        ("webhook", {"method": "post"}, ("error", "webhook.method_case", "/config/method")),
        ("webhook", {"secret": _plain("")}, ("error", "webhook.secret", "/config/secret/value")),
        (
            "webhook",
            {"headers": {"Authorization": "x", "a b": "1"}},
            ("error", "webhook.header_name", "/config/headers/a b"),
        ),
        (
            "webhook",
            {"headers": {"Authorization": "x\r\ny"}},
            ("error", "webhook.header_value", "/config/headers/Authorization"),
        ),
        (
            "webhook",
            {"headers": {"authorization": "x"}},
            ("warning", "webhook.authentication", "/config/headers"),
        ),
        (
            "webhook",
            {"url": _plain("http://example.com")},
            ("warning", "trigger.insecure_url", "/config/url/value"),
        ),
        ("email", {"port": 25}, ("warning", "email.port", "/config/port")),
        (
            "slack",
            {"retry_policy": {"initial_backoff": {"secs": 99, "nanos": 0}}},
            ("error", "retry.backoff", "/config/retry_policy/initial_backoff"),
        ),
    ],
)
def test_trigger__accepted_by_the_runtime_but_harmful__is_found(kind, changes, finding):
    report = _check(kind, changes)

    assert (report.verdict, found(report)) == ("ok", [finding])


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("", "invalid", "trigger.name"),
        (" ", "ok", "name.blank"),
        ("x" * 201, "ok", "name.length"),
        ("a\tb", "ok", "name.control"),
    ],
)
def test_trigger__name__is_refused_by_runtime_or_policy(name, verdict, code):
    report = _check("slack", name=name)

    assert (report.verdict, found(report)) == (verdict, [("error", code, "/name")])


@pytest.mark.parametrize("kind", [kind for kind in CONFIGS if TRIGGER_TYPES[kind].secrets])
def test_trigger__tenants_reference_to_a_secret__is_refused_in_every_secret_field(kind):
    for field in TRIGGER_TYPES[kind].secrets:
        report = _check(kind, {field: {"type": "environment", "value": "X"}}, author="tenant")

        assert ("error", "secret.reference", f"/config/{field}/type") in found(report)


def test_trigger__script_by_a_tenant__is_refused():
    report = _check("script", author="tenant")

    assert (report.verdict, found(report)) == ("ok", [("error", "trigger.script", "/config")])
    assert _check("script", author="staff").findings == ()


def test_trigger__refused_secrets__are_never_shown():
    for kind in CONFIGS:
        for field in TRIGGER_TYPES[kind].secrets:
            assert "hunter2" not in messages(_check(kind, {field: _plain("hunter2")}))

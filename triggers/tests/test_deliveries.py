"""Test deliveries to real servers: what arrives, what is kept, and what nobody gets to see."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from blip0.common.actors import Actor
from blip0.common.connecting import Connector
from blip0.common.system_settings import setting_value
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord
from triggers.exceptions import DeliveryTestLimitReached
from triggers.models import DeliveryTest
from triggers.services import trigger_create, trigger_test
from triggers.services.deliveries import TESTS_PER_HOUR
from triggers.tests.factories import (
    API_KEY,
    DISCORD_URL,
    SIGNING_KEY,
    SLACK_URL,
    SMTP_PASSWORD,
    SMTP_USER,
    TELEGRAM_TOKEN,
    WEBHOOK_URL,
    DeliveryTestFactory,
    document,
)
from triggers.tests.receivers import ANSWER, certificate, leading_to, mail, web

ANA = Actor(kind="user", id="1", name="ana@acme.test")
NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
TITLE, BODY = "Test delivery fired", f"See 0x{'0' * 64}"
SECRETS = (
    SLACK_URL, DISCORD_URL, TELEGRAM_TOKEN, WEBHOOK_URL, SIGNING_KEY, API_KEY, SMTP_PASSWORD,
)  # fmt: skip


@pytest.fixture(scope="session")
def trusted(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def make(in_acme):
    def made(kind, **config):
        whole = document(kind, name=kind)
        data = {**whole, "config": {**whole["config"], **config}}
        return trigger_create(tenant=in_acme, data=data, actor=ANA)

    return made


def result_of(trigger, connector, **options):
    return trigger_test(trigger=trigger, actor=ANA, now=NOW, connector=connector, **options)


def delivered(trigger, trusted, status=200):
    """The result, and the one request that arrived."""
    with web(trusted, status) as server:
        result = result_of(trigger, leading_to(server.server_port, trusted))
    [request] = server.seen
    return result, request


def test_slack__message__arrives_as_the_runtime_would_send_it(make, trusted):
    result, (method, path, headers, body) = delivered(make("slack"), trusted)

    assert (result.succeeded, result.status) == (True, "200")
    assert (method, path) == ("POST", "/services/T000/B000/slackpathsecret")
    assert headers["Host"] == "hooks.slack.com"
    [block] = json.loads(body)["blocks"]
    assert block["text"] == {"type": "mrkdwn", "text": f"*{TITLE}*\n\n{BODY}"}


def test_discord__message__arrives(make, trusted):
    _, (_, path, _, body) = delivered(make("discord"), trusted, status=204)

    assert path == "/api/webhooks/1/discordpathsecret"
    assert json.loads(body) == {"content": f"*{TITLE}*\n\n{BODY}"}


def test_telegram__message__arrives_with_its_marks_escaped(make, trusted):
    message = {"title": "A_b.", "body": "1-2!"}

    _, (_, path, headers, body) = delivered(make("telegram", message=message), trusted)

    assert path == f"/bot{TELEGRAM_TOKEN}/sendMessage"
    assert headers["Host"] == "api.telegram.org"
    assert json.loads(body) == {
        "chat_id": "-100200300",
        "text": "*A\\_b\\.*\n\n1\\-2\\!",
        "parse_mode": "MarkdownV2",
        "disable_web_page_preview": True,
    }


def test_webhook__signed__arrives_with_openzeppelins_headers(make, trusted):
    _, (method, path, headers, body) = delivered(make("webhook", method="PUT"), trusted)

    assert (method, path) == ("PUT", "/in/webhookpathsecret")
    assert json.loads(body) == {"title": TITLE, "body": BODY}
    assert headers["X-API-Key"] == API_KEY
    assert headers["X-Timestamp"] == str(int(NOW.timestamp() * 1000))
    signed = hmac.new(SIGNING_KEY.encode(), body + headers["X-Timestamp"].encode(), hashlib.sha256)
    assert headers["X-Signature"] == signed.hexdigest()


def test_webhook__raw__arrives_as_a_match(make, trusted):
    _, (_, _, _, body) = delivered(make("webhook", payload_mode="raw"), trusted)

    assert json.loads(body)["EVM"]["monitor"]["name"] == "Test delivery"


@pytest.mark.parametrize(("port", "implicit"), [(465, True), (587, False)])
def test_email__message__arrives_encrypted(make, trusted, port, implicit):
    with mail(trusted, implicit=implicit) as (here, heard):
        result = result_of(make("email", port=port), leading_to(here, trusted))

    assert (result.succeeded, result.status) == (True, "250")
    assert f"|{SMTP_USER}|{SMTP_PASSWORD}" in heard
    assert [line.lower() for line in heard if line[:4].upper() == "RCPT"] == [
        "rcpt to:<ops@acme.test>",
        "rcpt to:<ana@acme.test>",
    ]
    assert f"Subject: {TITLE}" in heard
    assert "Reply-To: alerts@acme.test" in heard, "as the runtime sends it"
    assert BODY in "".join(heard)


@pytest.mark.parametrize(
    ("answers", "status"), [({"login": 535}, "535"), ({"recipient": 550}, "550")]
)
def test_email__refused__says_with_which_code(make, trusted, answers, status):
    with mail(trusted, implicit=True, **answers) as (here, _):
        result = result_of(make("email", port=465), leading_to(here, trusted))

    assert (result.succeeded, result.status) == (False, status)


def test_http__refused__says_with_which_status_and_keeps_no_body(make, trusted):
    result, _ = delivered(make("webhook"), trusted, status=403)

    assert (result.succeeded, result.status) == (False, "403")
    kept = str(DeliveryTest.objects.values().get()) + str([*AuditRecord.objects.values()])
    for secret in (*SECRETS, ANSWER.decode()):
        assert secret not in kept
    record = AuditRecord.objects.get(action="trigger.tested")
    assert record.after == {
        "succeeded": False,
        "status": "403",
        "duration_ms": result.duration_ms,
    }


def test_target__inside_the_platform__is_never_connected_to(make, trusted):
    trigger = make("webhook")
    with web(trusted) as server:
        port = server.server_port
        allowed = leading_to(port, trusted)
        result = result_of(trigger, Connector(resolve=allowed.resolve, tls=allowed.tls))

    assert (result.succeeded, result.status, server.seen) == (False, "target_refused", [])


def test_target__nobody_listens__is_a_result(make, trusted):
    with web(trusted) as server:
        port = server.server_port

    result = result_of(make("slack"), leading_to(port, trusted))

    assert (result.succeeded, result.status) == (False, "delivery_failed")


def test_secret__missing_since_an_import__is_refused_and_nothing_is_sent(in_acme, trusted):
    data = document("slack", name="Imported")
    data["config"]["slack_url"]["value"] = ""
    trigger = trigger_create(tenant=in_acme, data=data, actor=ANA, secrets_missing=True)

    with web(trusted) as server, pytest.raises(InvalidDocument):
        result_of(trigger, leading_to(server.server_port, trusted))

    assert (server.seen, DeliveryTest.objects.count()) == ([], 0)


def test_quota__used_up__refuses_and_sends_nothing_until_the_hour_is_over(make, trusted):
    trigger = make("slack")
    DeliveryTestFactory.create_batch(setting_value(TESTS_PER_HOUR), trigger=trigger)
    now = DeliveryTest.objects.latest("created_at").created_at

    with web(trusted) as server:
        connector = leading_to(server.server_port, trusted)
        with pytest.raises(DeliveryTestLimitReached):
            trigger_test(trigger=trigger, actor=ANA, now=now, connector=connector)
        assert server.seen == []
        later = now + timedelta(hours=1, seconds=1)
        trigger_test(trigger=trigger, actor=ANA, now=later, connector=connector)
        assert len(server.seen) == 1

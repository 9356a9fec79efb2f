"""The use case of a test delivery.

Nothing is locked while the other side takes its time, but for other tests of the tenant where the
caller has a transaction open.
"""

from __future__ import annotations

import smtplib
import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from blip0.common.actors import Actor
from blip0.common.connecting import Connector, DeliveryFailed, TargetRefused
from blip0.common.sealing import CannotOpen
from blip0.common.sender import http_send, smtp_open
from blip0.common.setting_kinds import Number
from blip0.common.system_settings import SettingDefinition, setting_value
from blip0.common.tenancy import current_tenant_id
from triggers.exceptions import DeliveryTestLimitReached, SecretUnreadable
from triggers.models import DeliveryTest, Trigger
from triggers.services.deliveries.messages import HttpMessage, MailMessage, Message, message_of
from triggers.services.drafts import missing_secrets, require_secrets
from triggers.services.records import record
from triggers.store import opened_config, sealed_configs

TESTS_PER_HOUR: Final = SettingDefinition(
    key="delivery_tests_per_hour",
    label="Delivery tests an hour",
    help="How many test deliveries a tenant may make within an hour. What is sent comes from the "
    "platform's addresses: it mustn't be a means to flood. 0: none.",
    kind=Number(least=0, most=1000),
    default=lambda: 30,
)
PENDING: Final = "pending"


def trigger_test(
    *, trigger: Trigger, actor: Actor, now: datetime, connector: Connector | None = None
) -> DeliveryTest:
    """Send one message with sample values; how it went, and never what was answered.

    A disabled trigger can be tested, too. That the other side refuses is a result, no error.
    Raises `DeliveryTestLimitReached`, `SecretUnreadable`, and `InvalidDocument` for secrets that
    are missing since an import.
    """
    message = _message(trigger, now)
    test = _begin(trigger, actor, now)
    began = time.monotonic()
    succeeded, status = _sent(message, connector or Connector())
    test.succeeded, test.status = succeeded, status
    test.duration_ms = round((time.monotonic() - began) * 1000)
    with transaction.atomic():
        test.save(update_fields=["succeeded", "status", "duration_ms"])
        after = {"succeeded": succeeded, "status": status, "duration_ms": test.duration_ms}
        record("trigger.tested", trigger, actor=actor, after=after)
    return test


def _message(trigger: Trigger, now: datetime) -> Message:
    kind = trigger.trigger_type
    stored = sealed_configs([trigger.pk])[trigger.pk]
    try:
        config = opened_config(kind, trigger.pk, stored)
    except CannotOpen as error:
        raise SecretUnreadable(
            "A stored secret can't be opened any more; write it anew.", pointer="/config"
        ) from error
    require_secrets(missing_secrets(kind, config))
    return message_of(kind, config, now_ms=int(now.timestamp() * 1000))


@transaction.atomic
def _begin(trigger: Trigger, actor: Actor, now: datetime) -> DeliveryTest:
    """Take one of the hour's places, before anything is sent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('delivery test ' || %s, 0))",
            [str(current_tenant_id())],
        )
    limit = setting_value(TESTS_PER_HOUR)
    if DeliveryTest.objects.filter(created_at__gt=now - timedelta(hours=1)).count() >= limit:
        raise DeliveryTestLimitReached(
            f"{limit} test deliveries an hour are allowed; try again later."
        )
    return DeliveryTest.objects.create(
        trigger=trigger,
        succeeded=False,
        status=PENDING,
        duration_ms=0,
        requested_by=actor.name[:254],
    )


def _sent(message: Message, connector: Connector) -> tuple[bool, str]:
    """Whether the other side took it, and its status, or the code of what went wrong."""
    try:
        if isinstance(message, HttpMessage):
            return _sent_by_http(message, connector)
        return _sent_by_mail(message, connector)
    except (TargetRefused, DeliveryFailed) as problem:
        return False, problem.code


def _sent_by_http(message: HttpMessage, connector: Connector) -> tuple[bool, str]:
    answer = http_send(
        message.method,
        message.url,
        headers=message.headers,
        body=message.body,
        max_body=0,
        connector=connector,
    )
    return answer.ok, str(answer.status)


def _sent_by_mail(mail: MailMessage, connector: Connector) -> tuple[bool, str]:
    security = "starttls" if mail.starttls else "tls"
    try:
        with smtp_open(mail.host, mail.port, security=security, connector=connector) as session:  # type: ignore[arg-type]  # one of its words
            session.login(mail.username, mail.password)
            session.send_message(mail.message)
    except smtplib.SMTPResponseException as refusal:
        return False, str(refusal.smtp_code)
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = {code for code, _ in refusal.recipients.values()}
        return False, str(max(codes))
    except (smtplib.SMTPException, OSError) as problem:
        raise DeliveryFailed(f"The mail server broke off ({type(problem).__name__}).") from problem
    return True, "250"

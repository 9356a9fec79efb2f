"""Secrets: never in clear text in the database, shown as a hint, sealed anew by rotation."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from psycopg import sql

from blip0.common.reseal import Resealed, reseal_rows
from blip0.common.sealing import key_id_of
from blip0.common.tenancy import current_tenant_id, in_public, in_tenant, schema_name_for
from tenants.models import AuditRecord, Tenant
from triggers.choices import TriggerKind
from triggers.contracts.base import secret_text
from triggers.models import SlackConfig, Trigger, WebhookConfig
from triggers.selectors import trigger_representations
from triggers.services import trigger_create, trigger_update
from triggers.store import config_model, opened_config, sealed_configs, secrets_in
from triggers.tests import factories
from triggers.tests.factories import TRIGGER_FACTORIES, document
from triggers.tests.support import ELI

OLD_KEYS = django_settings.SEALING_KEYS
NEW_KEY = f"new-key:{base64.b64encode(b'n' * 32).decode()}"
SECRETS = (
    factories.SLACK_URL,
    factories.DISCORD_URL,
    factories.TELEGRAM_TOKEN,
    factories.WEBHOOK_URL,
    factories.SIGNING_KEY,
    factories.API_KEY,
    factories.SMTP_USER,
    factories.SMTP_PASSWORD,
)


def every_text() -> Iterator[tuple[str, str]]:
    """All rows of all tables of the current tenant and of public, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN (%s, 'public')",
            [schema_name_for(current_tenant_id())],
        )
        for schema, table in cursor.fetchall():
            cursor.execute(
                sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} t").format(
                    sql.Identifier(schema, table)
                )
            )
            yield f"{schema}.{table}", cursor.fetchone()[0]


def sealed_texts() -> dict[str, str]:
    """Every sealed text of the current tenant's triggers."""
    kinds = dict(Trigger.objects.values_list("pk", "trigger_type"))
    return {
        f"{kinds[pk]}.{field}": secret_text(secret) or ""
        for pk, config in sealed_configs(kinds).items()
        for field, secret in secrets_in(kinds[pk], config).items()
    }


def create_all(tenant: Tenant) -> list[Trigger]:
    return [
        trigger_create(tenant=tenant, data=document(kind), actor=ELI) for kind in TriggerKind.values
    ]


def test_secrets__after_create_and_update__are_in_no_column_of_any_table(in_acme: Tenant) -> None:
    for trigger in create_all(in_acme):
        config = document(trigger.trigger_type)["config"]
        config["message"]["body"] = "visible-body"
        trigger_update(trigger=trigger, data={"config": config}, actor=ELI)
    texts = dict(every_text())
    assert any("visible-body" in text for text in texts.values())
    leaks = [
        (table, secret) for table, text in texts.items() for secret in SECRETS if secret in text
    ]
    assert leaks == []
    assert len(sealed_texts()) == len(SECRETS)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("slack", "slack_url"),
        ("discord", "discord_url"),
        ("telegram", "token"),
        ("email", "username"),
        ("email", "password"),
        ("webhook", "url"),
        ("webhook", "secret"),
    ],
)
def test_constraint__plain_text_in_a_secret_column__is_refused(
    in_acme: Tenant, kind: str, column: str
) -> None:
    trigger = TRIGGER_FACTORIES[kind].create()
    rows = config_model(kind)._default_manager.filter(pk=trigger.pk)
    with pytest.raises(IntegrityError, match="_sealed"), transaction.atomic():
        rows.update(**{column: "plain text"})
    assert rows.update(**{column: F(column)}) == 1


def test_sealed_text__moved_to_another_trigger__does_not_open(in_acme: Tenant) -> None:
    one, other = (factories.SlackTriggerFactory.create() for _ in range(2))
    taken = SlackConfig.objects.get(pk=one.pk).slack_url
    SlackConfig.objects.filter(pk=other.pk).update(slack_url=taken)
    [shown] = trigger_representations(Trigger.objects.filter(pk=other.pk))
    assert shown["config"]["slack_url"] == {"set": True, "hint": "…"}


def test_representation__every_type__hides_secrets_and_shows_the_rest(in_acme: Tenant) -> None:
    create_all(in_acme)
    shown = trigger_representations(Trigger.objects.order_by("slug"))
    assert [trigger["slug"] for trigger in shown] == sorted(f"ops-{k}" for k in TriggerKind.values)
    assert not any(secret in str(shown) for secret in SECRETS)
    assert "sealed:" not in str(shown)
    webhook = next(one for one in shown if one["trigger_type"] == "webhook")
    assert webhook["config"] == document("webhook")["config"] | {
        "url": {"set": True, "hint": "…cret"},
        "secret": {"set": True, "hint": "…cret"},
        "headers": {
            "Content-Type": "application/json",
            "X-API-Key": {"set": True, "hint": "…cret"},
        },
    }


def test_representations__one_and_thirty_rows__cost_the_same(
    in_acme: Tenant, count_queries: Callable[[], Any]
) -> None:
    costs = []
    for number in (1, 5):
        for factory in TRIGGER_FACTORIES.values():
            factory.create_batch(number)
        with count_queries() as log:
            shown = trigger_representations(Trigger.objects.all())
        assert len(shown) == Trigger.objects.count()
        costs.append(len(log))
    assert len(shown) == 30
    assert costs == [2, 2]


# Rotation


@pytest.fixture
def rotate(settings: Any) -> Callable[..., str]:
    """Run the command with a new primary key in front of the old one."""

    def run(**options: Any) -> str:
        settings.SEALING_KEYS = f"{NEW_KEY},{OLD_KEYS}"
        out = io.StringIO()
        with in_public():
            call_command("secrets_rotate", stdout=out, stderr=out, **options)
        return out.getvalue()

    return run


def test_secrets_rotate__two_keys__seals_everything_anew_once(
    in_acme: Tenant, rotate: Callable[..., str], settings: Any
) -> None:
    create_all(in_acme)
    TRIGGER_FACTORIES["slack"].create_batch(3)
    before = sealed_texts()

    assert "8 rows with secrets, 8 to seal anew" in rotate(tenant="acme", dry_run=True)
    assert sealed_texts() == before

    assert "8 rows with secrets, 8 sealed anew" in rotate(tenant="acme")
    after = sealed_texts()
    assert {key_id_of(text) for text in after.values()} == {"new-key"}
    assert AuditRecord.objects.filter(action="tenant.secrets_resealed").count() == 1

    assert "8 rows with secrets, 0 sealed anew" in rotate(tenant="acme")
    assert sealed_texts() == after
    assert AuditRecord.objects.filter(action="tenant.secrets_resealed").count() == 1

    settings.SEALING_KEYS = NEW_KEY  # the old key is gone
    kinds = dict(Trigger.objects.values_list("pk", "trigger_type"))
    for pk, config in sealed_configs(kinds).items():
        expected = document(kinds[pk])["config"]
        secrets = secrets_in(kinds[pk], opened_config(kinds[pk], pk, config))
        for field, secret in secrets_in(kinds[pk], expected).items():
            assert secret_text(secrets[field]) == secret_text(secret)


def test_secrets_rotate__all_tenants__reaches_each(
    acme: Tenant, globex: Tenant, rotate: Callable[..., str]
) -> None:
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            create_all(tenant)
    report = rotate()
    assert "acme: 5 rows with secrets, 5 sealed anew" in report
    assert "globex: 5 rows with secrets, 5 sealed anew" in report
    assert "No secret needs an older key any more." in report
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            assert {key_id_of(text) for text in sealed_texts().values()} == {"new-key"}


def test_secrets_rotate__one_unreadable_secret__is_reported_and_the_rest_is_done(
    in_acme: Tenant, rotate: Callable[..., str]
) -> None:
    broken, sound = (factories.SlackTriggerFactory.create() for _ in range(2))
    SlackConfig.objects.filter(pk=broken.pk).update(slack_url="sealed:v1:lost:AAAA")
    with pytest.raises(CommandError, match="1 rows are not under the key"):
        rotate(tenant="acme")
    assert key_id_of(SlackConfig.objects.get(pk=sound.pk).slack_url) == "new-key"
    assert SlackConfig.objects.get(pk=broken.pk).slack_url == "sealed:v1:lost:AAAA"


def test_reseal_rows__row_changed_between_read_and_write__keeps_the_new_value(
    in_acme: Tenant,
) -> None:
    trigger = factories.WebhookTriggerFactory.create()
    newer = "sealed:v1:newer:AAAA"

    def reseal(row: WebhookConfig) -> dict[str, Any]:
        WebhookConfig.objects.filter(pk=row.pk).update(url=newer)  # somebody is faster
        return {"url": "sealed:v1:older:AAAA"}

    outcomes = list(reseal_rows(WebhookConfig.objects.all(), reseal, dry_run=False))
    assert WebhookConfig.objects.get(pk=trigger.pk).url == newer
    assert [(one.examined, one.changed, len(one.problems)) for one in outcomes] == [(1, 0, 1)]


def test_reseal_rows__more_than_a_batch__visits_every_row_once(
    in_acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blip0.common.reseal.BATCH", 2)
    factories.SlackTriggerFactory.create_batch(5)
    seen: list[object] = []

    def reseal(row: SlackConfig) -> dict[str, Any]:
        seen.append(row.pk)
        return {}

    outcomes = list(reseal_rows(SlackConfig.objects.all(), reseal, dry_run=False))
    assert sum(outcomes, Resealed()).examined == len(set(seen)) == len(seen) == 5
    assert len(outcomes) == 3

"""The trigger form of each type: secrets are written and never read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from blip0.common.tenancy import in_tenant
from tenants.models import AuditRecord, Tenant
from triggers.contracts import TRIGGER_TYPES
from triggers.models import SlackConfig, Trigger
from triggers.selectors import trigger_representation
from triggers.store import opened_config, sealed_configs
from triggers.tests.factories import (
    API_KEY,
    DISCORD_URL,
    SIGNING_KEY,
    SLACK_URL,
    SMTP_PASSWORD,
    SMTP_USER,
    TELEGRAM_TOKEN,
    TRIGGER_FACTORIES,
    WEBHOOK_URL,
    SlackTriggerFactory,
    WebhookTriggerFactory,
    document,
)

ADD = "/admin/triggers/trigger/add/"
SECRETS = (
    *(SLACK_URL, DISCORD_URL, TELEGRAM_TOKEN, WEBHOOK_URL),
    *(SIGNING_KEY, API_KEY, SMTP_USER, SMTP_PASSWORD),
)


def _url(trigger: Trigger, page: str = "change") -> str:
    return reverse(f"admin:triggers_trigger_{page}", args=[trigger.pk])


def _posted(form: Any) -> dict[str, Any]:
    """What a browser sends back of a form that nobody touched."""
    sent = {}
    for bound in form:
        value = bound.value()
        if value is None or value is False:
            continue
        sent[bound.name] = {True: "true"}.get(value, value) if value is True else value
    return sent


def _filled(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """A form's input for a document."""
    config = data["config"]
    message = config.get("message", {})
    sent: dict[str, Any] = {
        "tenant": str(Tenant.objects.get(slug="acme").pk),
        "name": data["name"],
        "enabled": "on",
        "message_title": message.get("title", ""),
        "message_body": message.get("body", ""),
    }
    for key in TRIGGER_TYPES.get(kind).keys & config.keys() - {"message"}:
        value = config[key]
        if key in TRIGGER_TYPES.get(kind).secrets:
            sent[key] = value["value"]
        elif isinstance(value, list):
            sent[key] = "\r\n".join(value)
        elif isinstance(value, dict):
            sent[key] = str(value).replace("'", '"')
        else:
            sent[key] = "true" if value is True else value
    return sent


def _plain(trigger: Trigger) -> dict[str, Any]:
    config = sealed_configs([trigger.pk])[trigger.pk]
    return opened_config(trigger.trigger_type, trigger.pk, config)


def test_add__without_a_type__asks_for_one(inside: Client) -> None:
    page = inside.get(ADD).content.decode()

    assert all(f"?type={kind}" in page for kind in TRIGGER_TYPES)


@pytest.mark.parametrize("kind", list(TRIGGER_TYPES))
def test_add__every_type__stores_the_document(kind: str, inside: Client, acme: Tenant) -> None:
    data = document(kind)

    response = inside.post(f"{ADD}?type={kind}", _filled(kind, data))

    assert response.status_code == 302, response.context["adminform"].form.errors
    with in_tenant(acme.pk):
        assert _plain(Trigger.objects.get(name=data["name"])) == data["config"]


@pytest.mark.parametrize("kind", list(TRIGGER_TYPES))
def test_change__untouched__nothing_changes_and_nothing_is_shown(
    kind: str, inside: Client, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        trigger = TRIGGER_FACTORIES[kind].create()
        before = sealed_configs([trigger.pk])
    page = inside.get(_url(trigger))

    response = inside.post(_url(trigger), _posted(page.context["adminform"].form))

    assert [text for text in SECRETS if text in page.content.decode()] == []
    assert response.status_code == 302, response.context["adminform"].form.errors
    with in_tenant(acme.pk):
        trigger.refresh_from_db()
        assert (trigger.version, sealed_configs([trigger.pk])) == (1, before)


def test_change__message__new_version_and_same_secret(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()
        sealed = SlackConfig.objects.get(pk=trigger.pk).slack_url
    sent = _posted(inside.get(_url(trigger)).context["adminform"].form)

    inside.post(_url(trigger), {**sent, "message_body": "One\r\nTwo"})

    with in_tenant(acme.pk):
        row = SlackConfig.objects.get(pk=trigger.pk)
        assert (row.message_body, row.slack_url) == ("One\nTwo", sealed)
    assert AuditRecord.objects.get(action="trigger.updated").actor_kind == "staff"


def test_change__new_secret__replaces_the_old_one(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()
    sent = _posted(inside.get(_url(trigger)).context["adminform"].form)
    new = SLACK_URL + "2"

    inside.post(_url(trigger), {**sent, "slack_url": new})

    with in_tenant(acme.pk):
        assert _plain(trigger)["slack_url"]["value"] == new
    assert new not in str(AuditRecord.objects.latest("id").after)


def test_change__optional_secret_removed__gone(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = WebhookTriggerFactory.create()
    sent = _posted(inside.get(_url(trigger)).context["adminform"].form)

    inside.post(_url(trigger), {**sent, "remove_secret": "on"})

    with in_tenant(acme.pk):
        assert "secret" not in trigger_representation(trigger)["config"]


def test_change__url_that_is_none__error_at_its_field_and_nothing_saved(
    inside: Client, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()
    sent = _posted(inside.get(_url(trigger)).context["adminform"].form)

    page = inside.post(_url(trigger), {**sent, "name": "Renamed", "slack_url": "not a url"})

    form = page.context["adminform"].form
    assert "slack_url" in form.errors
    assert form["name"].value() == "Renamed"
    assert "not a url" not in page.content.decode()
    with in_tenant(acme.pk):
        trigger.refresh_from_db()
        assert trigger.name != "Renamed"


def test_change__older_version__clear_error_and_nothing_saved(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()
    sent = _posted(inside.get(_url(trigger)).context["adminform"].form)
    inside.post(_url(trigger), {**sent, "message_body": "First"})

    page = inside.post(_url(trigger), {**sent, "message_body": "Second"})

    assert "Somebody has changed this meanwhile" in page.content.decode()
    assert page.context["adminform"].form["message_body"].value() == "Second"
    with in_tenant(acme.pk):
        assert SlackConfig.objects.get(pk=trigger.pk).message_body == "First"


def test_buttons__disable_and_enable__by_the_services(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()

    inside.post(_url(trigger, "disable"), {"reason": "Noise."})
    with in_tenant(acme.pk):
        trigger.refresh_from_db()
    assert not trigger.enabled

    inside.post(_url(trigger, "enable"))
    with in_tenant(acme.pk):
        trigger.refresh_from_db()
    assert trigger.enabled


def test_delete__unused__gone_from_the_list(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()

    inside.post(_url(trigger, "delete"), {"post": "yes"})

    with in_tenant(acme.pk):
        assert not Trigger.objects.live().exists()
        assert Trigger.objects.filter(pk=trigger.pk).exists()

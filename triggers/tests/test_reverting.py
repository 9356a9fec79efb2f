"""Undoing a change of a trigger: all of it, and never a mask in a secret's place."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.exceptions import NotFound
from blip0.common.naming import NameTaken
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from tenants.exceptions import CannotRevert
from tenants.models import AuditRecord, Tenant
from tenants.services.undoing import change_revert
from triggers.choices import TriggerKind
from triggers.models import Trigger
from triggers.services import trigger_delete, trigger_disable
from triggers.tests.factories import API_KEY, SIGNING_KEY, SLACK_URL, WEBHOOK_URL, document
from triggers.tests.support import ELI, create, opened, pointers, stored, update

OTHER_URL = "https://hooks.slack.com/services/T111/B111/anotherpathsecret"
PLAIN_OTHER = {"type": "Plain", "value": OTHER_URL}


def _newest(trigger: Trigger) -> AuditRecord:
    return AuditRecord.objects.filter(object_id=str(trigger.pk)).latest("pk")


def _undo(record: AuditRecord, **given: Any) -> AuditRecord | None:
    newest = AuditRecord.objects.latest("pk").pk
    return change_revert(record=record, actor=ELI, newest=newest, **given)


def _state(trigger: Trigger) -> tuple[Any, ...]:
    """All that people and the runtime see of it, secrets in plain text."""
    trigger.refresh_from_db()
    return (trigger.name, trigger.slug, trigger.enabled, opened(trigger))


@pytest.mark.parametrize("kind", TriggerKind)
def test_trigger_revert__name_message_and_switch__are_as_before_and_secrets_stay(
    in_acme: Tenant, kind: str
) -> None:
    trigger = create(in_acme, document(kind))
    before, sealed = _state(trigger), stored(trigger)
    config = {**document(kind)["config"], "message": {"title": "other", "body": "other"}}
    update(trigger, name="Other", slug="other", enabled=False, config=config)
    record = _newest(trigger)

    left = _undo(record, reason="Ticket 5")

    assert _state(trigger) == before
    assert stored(trigger) == sealed, "the very bytes"
    assert left is not None
    assert left.reason == f"undo of entry {record.pk}: Ticket 5"
    assert (left.before, left.after) == (record.after, record.before)


def test_trigger_revert__what_was_added__goes_and_what_was_removed_comes_back(
    in_acme: Tenant,
) -> None:
    data = document(TriggerKind.WEBHOOK)
    for key in ("secret", "headers", "retry_policy", "message"):
        del data["config"][key]
    data["config"]["payload_mode"] = "raw"
    trigger = create(in_acme, data)
    before = _state(trigger)
    config = document(TriggerKind.WEBHOOK)["config"]
    del config["method"]
    update(trigger, config=config)

    _undo(_newest(trigger))

    assert _state(trigger) == before


def test_trigger_revert__a_later_change_of_something_else__stays(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    update(trigger, config={"message": {"title": "other", "body": "other"}})
    record = _newest(trigger)
    update(trigger, config={"slack_url": PLAIN_OTHER, "message": {"title": "other", "body": "x"}})

    _undo(record)

    config = opened(trigger)
    assert config["message"] == document()["config"]["message"]
    assert config["slack_url"]["value"] == OTHER_URL


def test_trigger_revert__switched_off__is_on_again(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    trigger_disable(trigger=trigger, actor=ELI)

    _undo(_newest(trigger))

    trigger.refresh_from_db()
    assert (trigger.enabled, trigger.disabled_reason) == (True, "")


# Secrets: the log has none of them


@pytest.fixture
def webhook(in_acme: Tenant) -> Trigger:
    """One whose URL was replaced, whose signing key and a header were taken away."""
    trigger = create(in_acme, document(TriggerKind.WEBHOOK))
    config = document(TriggerKind.WEBHOOK)["config"]
    config |= {"url": {"type": "Plain", "value": "https://other.example.org/in/secretpath"}}
    config |= {"secret": None, "headers": {"Content-Type": "text/plain"}}
    return update(trigger, name="Spoilt", config=config)


def test_trigger_revert__lost_secrets__are_named_each_and_nothing_is_done(
    webhook: Trigger,
) -> None:
    record, before = _newest(webhook), _state(webhook)

    with pytest.raises(InvalidDocument) as refused:
        _undo(record)

    assert sorted(pointers(refused)) == [
        "/secrets/headers.X-API-Key",
        "/secrets/secret",
        "/secrets/url",
    ]
    assert all(finding.code == "revert.missing" for finding in refused.value.findings)
    assert _state(webhook) == before


def test_trigger_revert__lost_secrets_given__is_as_before_and_none_in_the_log(
    webhook: Trigger, in_acme: Tenant
) -> None:
    given = {"url": WEBHOOK_URL, "secret": SIGNING_KEY, "headers.X-API-Key": API_KEY}

    _undo(_newest(webhook), secrets=given)

    webhook.refresh_from_db()
    assert webhook.name == document(TriggerKind.WEBHOOK)["name"]
    assert opened(webhook) == document(TriggerKind.WEBHOOK)["config"]
    logged = str(list(AuditRecord.objects.values("before", "after")))
    assert not any(secret in logged for secret in given.values())
    assert "sealed:" not in logged


def test_trigger_revert__the_stored_one_shall_stay__it_stays_byte_for_byte(
    in_acme: Tenant,
) -> None:
    trigger = create(in_acme)
    update(
        trigger,
        name="Spoilt",
        config={"slack_url": PLAIN_OTHER, "message": {"title": "x", "body": "y"}},
    )
    sealed = stored(trigger)["slack_url"]

    _undo(_newest(trigger), secrets={"slack_url": {"set": True}})

    assert stored(trigger)["slack_url"] == sealed
    assert opened(trigger)["message"] == document()["config"]["message"]
    trigger.refresh_from_db()
    assert trigger.name == document()["name"]


@pytest.mark.parametrize(
    ("secrets", "pointer"),
    [
        ({"slack_url": "[redacted]"}, "/secrets/slack_url"),
        ({"slack_url": "…cret"}, "/secrets/slack_url"),
        ({"slack_url": {"type": "Plain", "value": OTHER_URL}}, "/secrets/slack_url"),
        ({"slack_url": ""}, "/config/slack_url/value"),
        ({"slack_url": OTHER_URL, "token": "spare"}, "/secrets/token"),
    ],
)
def test_trigger_revert__no_secret_or_a_spare_one__refused_by_name(
    in_acme: Tenant, secrets: dict[str, Any], pointer: str
) -> None:
    trigger = create(in_acme)
    update(trigger, config={"slack_url": PLAIN_OTHER, "message": document()["config"]["message"]})
    before = _state(trigger)

    with pytest.raises(InvalidDocument) as refused:
        _undo(_newest(trigger), secrets=secrets)

    assert pointers(refused) == [pointer]
    assert _state(trigger) == before


def test_trigger_revert__a_secret_to_keep_and_none_stored__refused(webhook: Trigger) -> None:
    given = {"url": WEBHOOK_URL, "secret": {"set": True}, "headers.X-API-Key": API_KEY}

    with pytest.raises(InvalidDocument, match="No `secret` is stored yet"):
        _undo(_newest(webhook), secrets=given)


# Where it can't be


def test_trigger_revert__deleted__refused_with_the_fix(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    record = _newest(update(trigger, name="Other"))
    trigger_delete(trigger=trigger, actor=ELI)

    with pytest.raises(NotFound, match="no longer there, and a deletion can't be undone"):
        _undo(record)


def test_trigger_revert__its_making_or_its_deletion__refused(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    made = _newest(trigger)
    trigger_delete(trigger=trigger, actor=ELI)

    with pytest.raises(CannotRevert, match="there is no state before that"):
        _undo(made)
    with pytest.raises(CannotRevert, match="replaced nothing that can be put back"):
        _undo(_newest(trigger))


def test_trigger_revert__the_old_name_is_taken_meanwhile__refused(in_acme: Tenant) -> None:
    trigger = create(in_acme, document(name="First"))
    record = _newest(update(trigger, name="Second"))
    create(in_acme, document(name="First"))

    with pytest.raises(NameTaken):
        _undo(record)


def test_trigger_revert__of_another_tenant__finds_nothing(in_acme: Tenant, globex: Tenant) -> None:
    record = _newest(update(create(in_acme), name="Other"))
    with in_tenant(globex.pk), pytest.raises(NotFound):
        _undo(record)


def test_trigger_revert__a_value_that_the_log_left_out__is_never_written(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    record = _newest(update(trigger, config={"message": {"title": "x", "body": "y"}}))
    record.before = {"config.message": {"title": "[redacted]", "body": "y"}}

    with pytest.raises(CannotRevert, match=r"`config\.message` had some"):
        _undo(record)


def test_trigger_revert__slack_url_given__replaces_it(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    update(trigger, config={"slack_url": PLAIN_OTHER, "message": document()["config"]["message"]})

    _undo(_newest(trigger), secrets={"slack_url": SLACK_URL})

    assert opened(trigger) == document()["config"]

"""Enabling, disabling and deleting triggers."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from blip0.common.exceptions import InUse
from blip0.common.usage import Users, register_usage
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord, Tenant
from triggers.choices import DisabledReason
from triggers.exceptions import TriggerGone
from triggers.models import EmailConfig, Trigger, WebhookConfig
from triggers.selectors import trigger_by_slug, trigger_representation
from triggers.services import (
    trigger_delete,
    trigger_disable,
    trigger_enable,
)
from triggers.tests.factories import (
    BareTriggerFactory,
    EmailTriggerFactory,
    SlackTriggerFactory,
    WebhookTriggerFactory,
    document,
)
from triggers.tests.support import ELI, create, pointers, update


def test_trigger_disable_and_enable__twice__write_once(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    disabled = trigger_disable(trigger=trigger, actor=ELI, reason="too loud")
    assert (disabled.enabled, disabled.disabled_reason) == (False, DisabledReason.BY_MEMBER)
    assert trigger_disable(trigger=trigger, actor=ELI).version == 2
    enabled = trigger_enable(trigger=trigger, actor=ELI)
    assert (enabled.enabled, enabled.disabled_reason, enabled.version) == (True, "", 3)
    assert trigger_enable(trigger=trigger, actor=ELI).version == 3
    actions = AuditRecord.objects.filter(object_kind="trigger").order_by("id")
    assert list(actions.values_list("action", "reason")) == [
        ("trigger.created", ""),
        ("trigger.disabled", "too loud"),
        ("trigger.enabled", ""),
    ]


def test_trigger_create__import_without_a_secret__stays_disabled_until_it_is_given(
    in_acme: Tenant,
) -> None:
    data = document("email")
    data["config"]["password"]["value"] = ""
    trigger = create(in_acme, data, secrets_missing=True)
    assert (trigger.enabled, trigger.disabled_reason) == (False, DisabledReason.SECRET_MISSING)
    assert trigger_representation(trigger)["config"]["password"] == {"set": False}
    with pytest.raises(InvalidDocument) as error:
        trigger_enable(trigger=trigger, actor=ELI)
    assert pointers(error) == ["/config/password/value"]

    renamed = update(trigger, **trigger_representation(trigger) | {"name": "Renamed"})
    assert (renamed.name, renamed.disabled_reason) == ("Renamed", DisabledReason.SECRET_MISSING)
    config = trigger_representation(trigger)["config"]
    config["password"] = {"type": "Plain", "value": "given-at-last"}
    given = update(trigger, config=config)
    assert (given.enabled, given.disabled_reason) == (False, DisabledReason.BY_MEMBER)
    assert trigger_enable(trigger=trigger, actor=ELI).enabled


def test_trigger_create__import_without_a_header__stays_disabled_until_it_is_given(
    in_acme: Tenant,
) -> None:
    data = document("webhook")
    data["config"]["headers"]["X-API-Key"] = ""
    trigger = create(in_acme, data, secrets_missing=True)
    assert (trigger.enabled, trigger.disabled_reason) == (False, DisabledReason.SECRET_MISSING)
    headers = trigger_representation(trigger)["config"]["headers"]
    config = {**trigger_representation(trigger)["config"], "headers": {**headers, "X-API-Key": ""}}

    for enable in (
        lambda: trigger_enable(trigger=trigger, actor=ELI),
        lambda: update(trigger, enabled=True, config=config),
        lambda: update(trigger, enabled=True, name="Renamed"),
    ):
        with pytest.raises(InvalidDocument, match="had no value when") as error:
            enable()
        assert pointers(error) == ["/config/headers/X-API-Key"]
    trigger.refresh_from_db()
    assert (trigger.enabled, trigger.version) == (False, 1)

    config["headers"]["X-API-Key"] = "given-at-last"
    assert update(trigger, enabled=True, config=config).enabled


def test_trigger_enable__header_that_is_missing_is_taken_out__works(in_acme: Tenant) -> None:
    data = document("webhook")
    data["config"]["headers"]["X-API-Key"] = ""
    trigger = create(in_acme, data, secrets_missing=True)
    update(trigger, config={**trigger_representation(trigger)["config"], "headers": {}})
    assert trigger_enable(trigger=trigger, actor=ELI).enabled


def test_trigger_create__import_with_another_mistake__is_refused_all_the_same(
    in_acme: Tenant,
) -> None:
    data = document("email")
    data["config"]["password"]["value"] = ""
    data["config"]["host"] = "localhost"
    with pytest.raises(InvalidDocument) as error:
        create(in_acme, data, secrets_missing=True)
    assert pointers(error) == ["/config/host"]
    data["config"]["host"] = "smtp.acme.test"
    with pytest.raises(InvalidDocument):
        create(in_acme, data)


def test_trigger_delete__frees_slug_and_name_and_keeps_the_row(in_acme: Tenant) -> None:
    first = create(in_acme, document(name="Ops"))
    trigger_delete(trigger=first, actor=ELI)
    second = create(in_acme, document(name="Ops"))
    assert second.slug == first.slug
    assert Trigger.objects.count() == 2
    assert trigger_by_slug("ops") == second
    for gone in (trigger_delete, trigger_enable, trigger_disable):
        with pytest.raises(TriggerGone):
            gone(trigger=first, actor=ELI)
    record = AuditRecord.objects.get(action="trigger.deleted")
    assert (record.before or {})["name"] == "Ops"


def test_trigger_delete__in_use__lists_the_users_and_keeps_it(
    in_acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blip0.common.usage._finders", {"trigger": []})
    trigger, other = SlackTriggerFactory.create(), SlackTriggerFactory.create()

    def finder(ids: Collection[str], named: int) -> Users:
        found = ["monitor whales"] if str(trigger.pk) in ids else []
        return Users(number=len(found), named=found[:named])

    register_usage("trigger", finder)
    with pytest.raises(InUse, match="monitor whales") as error:
        trigger_delete(trigger=trigger, actor=ELI)
    assert error.value.users == ["monitor whales"]
    trigger.refresh_from_db()
    assert trigger.deleted_at is None
    trigger_delete(trigger=other, actor=ELI)


def test_trigger_update__of_factory_rows__accepts_them(in_acme: Tenant) -> None:
    for factory in (SlackTriggerFactory, EmailTriggerFactory, WebhookTriggerFactory):
        trigger = factory.create()
        assert update(trigger, name=f"Renamed {trigger.trigger_type}").version == 2
    assert EmailConfig.objects.count() == WebhookConfig.objects.count() == 1


def test_trigger_delete__configuration_lost__deletes_all_the_same(in_acme: Tenant) -> None:
    trigger = BareTriggerFactory.create()
    assert trigger_delete(trigger=trigger, actor=ELI).deleted_at is not None

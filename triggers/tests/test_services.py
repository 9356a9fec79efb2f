"""Creating, changing and deleting triggers, by their services."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from blip0.common.actors import Actor
from blip0.common.exceptions import InUse, Stale
from blip0.common.naming import NameTaken, SlugTaken
from blip0.common.sealing import is_sealed
from blip0.common.usage import register_usage
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord, LimitOverride, Tenant
from triggers.choices import DisabledReason, TriggerKind
from triggers.exceptions import SecretUnreadable, TriggerGone, TriggerLimitReached, TriggerTypeFixed
from triggers.models import EmailConfig, SlackConfig, Trigger, WebhookConfig
from triggers.selectors import trigger_by_slug, trigger_representation
from triggers.services import (
    trigger_create,
    trigger_delete,
    trigger_disable,
    trigger_enable,
    trigger_update,
)
from triggers.store import opened_config, sealed_configs
from triggers.tests.factories import (
    MESSAGE,
    SLACK_URL,
    EmailTriggerFactory,
    SlackTriggerFactory,
    WebhookTriggerFactory,
    document,
)

ELI = Actor(kind="user", id="1", name="eli@acme.test")


def create(tenant: Tenant, data: dict[str, Any] | None = None, **options: Any) -> Trigger:
    return trigger_create(tenant=tenant, data=data or document(), actor=ELI, **options)


def update(trigger: Trigger, **data: Any) -> Trigger:
    return trigger_update(trigger=trigger, data=data, actor=ELI)


def stored(trigger: Trigger) -> dict[str, Any]:
    """The configuration as the database has it, sealed."""
    return sealed_configs([(trigger.pk, trigger.trigger_type)])[trigger.pk]


def opened(trigger: Trigger) -> dict[str, Any]:
    return opened_config(trigger.trigger_type, trigger.pk, stored(trigger))


def pointers(error: pytest.ExceptionInfo[InvalidDocument]) -> list[str]:
    return [finding.pointer for finding in error.value.findings]


# Creating


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_trigger_create__any_type__stores_what_was_sent(in_acme: Tenant, kind: str) -> None:
    data = document(kind)
    trigger = create(in_acme, data)
    assert opened(trigger) == data["config"]
    assert (trigger.slug, trigger.name, trigger.enabled) == (f"ops-{kind}", data["name"], True)
    assert (trigger.version, trigger.disabled_reason) == (1, "")
    record = AuditRecord.objects.get(action="trigger.created")
    assert (record.tenant_id, record.object_id) == (in_acme.pk, str(trigger.pk))
    assert (record.actor_name, record.object_name) == (ELI.name, trigger.slug)


def test_trigger_create__slug_left_out__is_made_of_the_name_and_numbered(in_acme: Tenant) -> None:
    slugs = [create(in_acme, document(name=name)).slug for name in ["Ops!", "ops?", "Ops.", "日本"]]
    assert slugs == ["ops", "ops-2", "ops-3", "trigger"]


def test_trigger_create__name_with_blanks_around__is_trimmed(in_acme: Tenant) -> None:
    assert create(in_acme, document(name="\u3000 Ops ")).name == "Ops"


def test_trigger_create__slug_taken__names_a_free_one(in_acme: Tenant) -> None:
    create(in_acme, document(name="a", slug="ops"))
    with pytest.raises(SlugTaken, match="`ops-2` is free") as error:
        create(in_acme, document(name="b", slug="ops"))
    assert error.value.pointer == "/slug"
    assert Trigger.objects.count() == 1


def test_trigger_create__name_taken_in_another_case__names_a_free_one(in_acme: Tenant) -> None:
    create(in_acme, document(name="Ops"))
    with pytest.raises(NameTaken, match=r"“OPS \(2\)” is free") as error:
        create(in_acme, document(name="OPS"))
    assert error.value.pointer == "/name"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": 5}, "/name"),
        ({"slug": "No Slug"}, "/slug"),
        ({"enabled": "yes"}, "/enabled"),
        ({"colour": "red"}, "/colour"),
        ({"trigger_type": "script"}, "/trigger_type"),
        ({"trigger_type": "pagerduty"}, "/trigger_type"),
        ({"trigger_type": ["slack"]}, "/trigger_type"),
        ({"config": None}, "/config"),
        ({"config": []}, "/config"),
        ({"config": {"slack_url": SLACK_URL, "message": MESSAGE}}, "/config/slack_url"),
        ({"config": {"slack_url": {"set": True}, "message": MESSAGE}}, "/config/slack_url"),
        (
            {"config": {"slack_url": {"type": "Environment", "value": "X"}, "message": MESSAGE}},
            "/config/slack_url/type",
        ),
        (
            {
                "config": {
                    "slack_url": {"type": "Plain", "value": "sealed:v1:k:AAAA"},
                    "message": MESSAGE,
                }
            },
            "/config/slack_url/value",
        ),
        (
            {
                "config": {
                    "slack_url": {"type": "Plain", "value": SLACK_URL},
                    "message": {"title": "sealed:v1:k:AAAA", "body": "b"},
                }
            },
            "/config/message/title",
        ),
        (
            {
                "config": {
                    "slack_url": {"type": "Plain", "value": SLACK_URL},
                    "message": {"title": "t", "body": "a\0b"},
                }
            },
            "/config/message/body",
        ),
    ],
)
def test_trigger_create__bad_input__names_the_field_and_writes_nothing(
    in_acme: Tenant, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidDocument) as error:
        create(in_acme, document(**changes))
    assert pointer in pointers(error)
    assert not Trigger.objects.exists()
    assert not AuditRecord.objects.filter(object_kind="trigger").exists()


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("email", "host", "a." * 130),
        ("telegram", "chat_id", "1" * 101),
        ("email", "sender", '"' + "n" * 320 + '" <a@b.test>'),
        ("email", "recipients", ["n" * 320 + " <a@b.test>"]),
    ],
)
def test_trigger_create__text_longer_than_its_column__is_a_finding(
    in_acme: Tenant, kind: str, key: str, value: object
) -> None:
    config = document(kind)["config"] | {key: value}
    with pytest.raises(InvalidDocument) as error:
        create(in_acme, document(kind, config=config))
    assert pointers(error)[0].startswith(f"/config/{key}")


def test_trigger_create__header_sealed_by_hand__is_refused(in_acme: Tenant) -> None:
    config = document("webhook")["config"] | {"headers": {"Accept": "sealed:v1:k:AAAA"}}
    with pytest.raises(InvalidDocument) as error:
        create(in_acme, document("webhook", config=config))
    assert "/config/headers/Accept" in pointers(error)


def test_trigger_create__in_another_tenants_schema__is_a_programming_error(
    in_acme: Tenant, globex: Tenant
) -> None:
    with pytest.raises(RuntimeError, match="schema"):
        create(globex)


def test_trigger_create__plan_is_full__says_so_until_one_is_deleted(in_acme: Tenant) -> None:
    LimitOverride.objects.create(tenant=in_acme, limit="triggers", value=2, reason="test")
    first = create(in_acme, document(name="a"))
    create(in_acme, document(name="b"))
    with pytest.raises(TriggerLimitReached, match="allows 2 triggers"):
        create(in_acme, document(name="c"))
    trigger_delete(trigger=first, actor=ELI)
    assert create(in_acme, document(name="c")).slug == "c"


# Updating


def test_trigger_update__title_only__keeps_every_ciphertext(in_acme: Tenant) -> None:
    trigger = create(in_acme, document("webhook"))
    before = stored(trigger)
    config = trigger_representation(trigger)["config"]
    config["message"]["title"] = "Something else"
    changed = update(trigger, config=config)
    after = stored(trigger)
    assert after == before | {"message": {**MESSAGE, "title": "Something else"}}
    assert changed.version == 2


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_trigger_update__what_was_read_is_sent_back__writes_nothing(
    in_acme: Tenant, kind: str
) -> None:
    trigger = create(in_acme, document(kind))
    before, records = stored(trigger), AuditRecord.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT max(id) FROM public.tenants_configchange")
        changes = cursor.fetchone()
    unchanged = trigger_update(trigger=trigger, data=trigger_representation(trigger), actor=ELI)
    again = update(trigger, **document(kind))
    assert stored(trigger) == before
    assert unchanged.version == again.version == 1
    assert again.updated_at == trigger.updated_at
    assert AuditRecord.objects.count() == records
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM public.tenants_configchange")
        assert cursor.fetchone() == changes


def test_trigger_update__secrets_left_out__stay_and_options_go(in_acme: Tenant) -> None:
    trigger = create(in_acme, document("webhook"))
    before = stored(trigger)
    update(trigger, config={"message": MESSAGE})
    kept = {key: before[key] for key in ("url", "secret", "headers", "message")}
    assert stored(trigger) == kept


def test_trigger_update__null_secret_and_headers__are_removed(in_acme: Tenant) -> None:
    trigger = create(in_acme, document("webhook"))
    update(trigger, config={"message": MESSAGE, "secret": None, "headers": None})
    assert set(stored(trigger)) == {"url", "message"}


def test_trigger_update__headers_given__keeps_masked_ones_and_drops_the_rest(
    in_acme: Tenant,
) -> None:
    trigger = create(in_acme, document("webhook"))
    before = stored(trigger)["headers"]["X-API-Key"]
    headers = {"X-API-Key": {"set": True, "hint": "…cret"}, "X-New": "new-header-value"}
    update(trigger, config={"message": MESSAGE, "headers": headers})
    after = stored(trigger)["headers"]
    assert set(after) == {"X-API-Key", "X-New"}
    assert after["X-API-Key"] == before
    assert is_sealed(after["X-New"])
    assert opened(trigger)["headers"]["X-New"] == "new-header-value"


def test_trigger_update__mask_of_what_was_never_stored__is_refused(in_acme: Tenant) -> None:
    trigger = create(in_acme, document("webhook"))
    with pytest.raises(InvalidDocument) as error:
        update(trigger, config={"message": MESSAGE, "headers": {"X-Other": {"set": True}}})
    assert pointers(error) == ["/config/headers/X-Other"]


def test_trigger_update__new_secret__is_sealed_and_audited_without_showing(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    before = stored(trigger)
    url = "https://hooks.slack.com/services/T1/B1/another-slack-path"
    config = {"slack_url": {"type": "Plain", "value": url}, "message": MESSAGE}
    update(trigger, config=config)
    assert stored(trigger) != before
    assert opened(trigger)["slack_url"]["value"] == url
    record = AuditRecord.objects.get(action="trigger.updated")
    assert list(record.before or {}) == list(record.after or {}) == ["config.slack_url"]
    assert "[redacted]" in str(record.after)
    assert "sealed:" not in str(record.before) + str(record.after)
    assert "another-slack-path" not in str(record.after)


def test_trigger_update__same_secret_written_again__keeps_its_bytes(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    before = stored(trigger)
    assert update(trigger, config=document()["config"]).version == 1
    assert stored(trigger) == before


def test_trigger_update__sealed_text_in_the_place_of_a_secret__is_refused(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    before = stored(trigger)
    with pytest.raises(InvalidDocument) as error:
        update(trigger, config=before)
    assert set(pointers(error)) == {"/config/slack_url/value"}
    assert stored(trigger) == before


def test_trigger_update__another_type__is_refused(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    with pytest.raises(TriggerTypeFixed, match="never changes") as error:
        update(trigger, trigger_type="discord", config=document("discord")["config"])
    assert error.value.pointer == "/trigger_type"
    assert stored(trigger) == stored(trigger_by_slug(trigger.slug))


def test_trigger_update__config_of_another_type__is_refused(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    with pytest.raises(InvalidDocument):
        update(trigger, config=document("discord")["config"])


def test_trigger_update__older_version_expected__is_stale(in_acme: Tenant) -> None:
    trigger = create(in_acme)
    update(trigger, name="Renamed")
    with pytest.raises(Stale) as error:
        trigger_update(trigger=trigger, data={"name": "Late"}, actor=ELI, expected_version=1)
    assert error.value.current_version == 2
    late = trigger_update(trigger=trigger, data={"name": "Late"}, actor=ELI, expected_version=2)
    assert (late.name, late.version, late.slug) == ("Late", 3, trigger.slug)


def test_trigger_update__slug_or_name_of_another__is_a_conflict(in_acme: Tenant) -> None:
    create(in_acme, document(name="Taken"))
    trigger = create(in_acme, document(name="Mine"))
    with pytest.raises(SlugTaken):
        update(trigger, slug="taken")
    with pytest.raises(NameTaken):
        update(trigger, name=" taken ")
    trigger.refresh_from_db()
    assert (trigger.slug, trigger.name, trigger.version) == ("mine", "Mine", 1)


def test_trigger_update__stored_secret_unreadable__says_so_and_takes_a_new_one(
    in_acme: Tenant,
) -> None:
    trigger = create(in_acme)
    SlackConfig.objects.filter(pk=trigger.pk).update(slack_url="sealed:v1:gone:AAAA")
    with pytest.raises(SecretUnreadable) as error:
        update(trigger, name="Renamed")
    assert error.value.pointer == "/config/slack_url"
    assert trigger_representation(trigger)["config"]["slack_url"] == {"set": True, "hint": "…"}
    trigger_disable(trigger=trigger, actor=ELI)
    update(trigger, config=document()["config"])
    assert opened(trigger)["slack_url"]["value"] == SLACK_URL


# Enabling, disabling, deleting


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
    register_usage("trigger", lambda ids: ["monitor whales"] if str(trigger.pk) in ids else [])
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

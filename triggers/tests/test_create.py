"""Creating triggers."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.common.naming import NameTaken, SlugTaken
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord, LimitOverride, Tenant
from triggers.choices import TriggerKind
from triggers.exceptions import TriggerLimitReached
from triggers.models import Trigger
from triggers.services import (
    trigger_delete,
)
from triggers.tests.factories import (
    MESSAGE,
    SLACK_URL,
    document,
)
from triggers.tests.support import ELI, create, opened, pointers


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

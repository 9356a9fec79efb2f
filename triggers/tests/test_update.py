"""Changing triggers: what stays, what goes, what is refused."""

from __future__ import annotations

import pytest
from django.db import connection

from blip0.common.exceptions import Stale
from blip0.common.naming import NameTaken, SlugTaken
from blip0.common.sealing import is_sealed
from blip0.common.validation import InvalidDocument
from tenants.models import AuditRecord, Tenant
from triggers.choices import TriggerKind
from triggers.exceptions import SecretUnreadable, TriggerTypeFixed
from triggers.models import SlackConfig
from triggers.selectors import trigger_by_slug, trigger_representation
from triggers.services import (
    trigger_disable,
    trigger_update,
)
from triggers.tests.factories import (
    MESSAGE,
    SLACK_URL,
    document,
)
from triggers.tests.support import ELI, create, opened, pointers, stored, update


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


@pytest.mark.parametrize("key", ["id", "version", "disabled_reason", "created_at", "updated_at"])
def test_trigger_update__read_only_key__as_it_reads_or_not_at_all(
    in_acme: Tenant, key: str
) -> None:
    trigger = create(in_acme)
    read = trigger_representation(trigger)
    with pytest.raises(InvalidDocument) as error:
        update(trigger, **{"name": "Renamed", key: "other"})
    assert pointers(error) == [f"/{key}"]
    assert trigger_representation(trigger) == read
    assert update(trigger, **{"name": "Renamed", key: read[key]}).name == "Renamed"
    with pytest.raises(InvalidDocument) as error:
        create(in_acme, {**document(name="New"), key: read[key]})
    assert pointers(error) == [f"/{key}"]


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

"""What the runtime gets of triggers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from blip0.common.canonical import canonical_bytes
from tenants.models import Tenant
from triggers.choices import TriggerKind
from triggers.models import SlackConfig
from triggers.projections import ozm_trigger, trigger_documents
from triggers.services import trigger_create, trigger_delete, trigger_disable, trigger_update
from triggers.store import opened_config
from triggers.tests.factories import TRIGGER_FACTORIES, SlackTriggerFactory, document
from triggers.tests.support import ELI


@pytest.mark.parametrize("kind", TriggerKind.values)
def test_trigger_documents__any_type__emits_the_runtimes_object(in_acme: Tenant, kind: str) -> None:
    trigger = trigger_create(tenant=in_acme, data=document(kind), actor=ELI)
    emitted = trigger_documents([trigger.pk])[trigger.pk]
    assert ozm_trigger(emitted, "acme") == {
        "name": f"Ops {kind} [acme]",
        "trigger_type": kind,
        "config": emitted.config,
    }
    assert opened_config(kind, trigger.pk, emitted.config) == document(kind)["config"]
    assert (emitted.enabled, emitted.deleted, emitted.problem) == (True, False, "")

    plain = trigger_documents([trigger.pk], secret_delivery="plain")[trigger.pk]
    assert plain.config == document(kind)["config"]


def test_trigger_documents__rendered_twice_and_renamed__keeps_its_bytes(in_acme: Tenant) -> None:
    triggers = [factory.create() for factory in TRIGGER_FACTORIES.values()]

    def bodies() -> list[bytes]:
        rendered = trigger_documents(None)
        return [canonical_bytes(rendered[trigger.pk].config) for trigger in triggers]

    first = bodies()
    for number, trigger in enumerate(triggers):
        trigger_update(trigger=trigger, data={"name": f"Renamed {number}"}, actor=ELI)
    assert bodies() == first


def test_trigger_documents__disabled_and_deleted__say_so(in_acme: Tenant) -> None:
    disabled, deleted = SlackTriggerFactory.create(), SlackTriggerFactory.create()
    trigger_disable(trigger=disabled, actor=ELI)
    trigger_delete(trigger=deleted, actor=ELI)
    rendered = trigger_documents(None)
    assert (rendered[disabled.pk].enabled, rendered[disabled.pk].deleted) == (False, False)
    assert rendered[deleted.pk].deleted


def test_trigger_documents__some_ids__gives_these_only(in_acme: Tenant) -> None:
    wanted, _other = SlackTriggerFactory.create_batch(2)
    assert list(trigger_documents([wanted.pk, uuid4()])) == [wanted.pk]
    assert trigger_documents([]) == {}


def test_trigger_documents__one_unreadable__is_that_triggers_problem_alone(in_acme: Tenant) -> None:
    sound, broken, bare = SlackTriggerFactory.create_batch(3)
    SlackConfig.objects.filter(pk=broken.pk).update(slack_url="sealed:v1:lost:AAAA")
    SlackConfig.objects.filter(pk=bare.pk).delete()
    rendered = trigger_documents(None, secret_delivery="plain")
    assert rendered[sound.pk].problem == ""
    assert "can't be opened" in rendered[broken.pk].problem
    assert "no configuration" in rendered[bare.pk].problem


def test_trigger_documents__one_and_thirty_rows__cost_the_same(
    in_acme: Tenant, count_queries: Callable[[], Any]
) -> None:
    costs = []
    for number in (1, 5):
        for factory in TRIGGER_FACTORIES.values():
            factory.create_batch(number)
        with count_queries() as log:
            rendered = trigger_documents(None)
        costs.append(len(log))
    assert len(rendered) == 30
    assert costs == [1, 1]

"""Undoing on the history page, of each kind of object that staff change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from blip0.common.undoing import UNDOS
from monitors.models import MonitorTrigger
from monitors.services import monitor_create, monitor_update
from monitors.tests.factories import make_monitor_document
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.services.networks import network_update
from platform_catalog.services.scripts import script_publish_version
from platform_catalog.services.templates import template_update
from platform_catalog.tests.factories import MonitorTemplateFactory
from tenants.models import AuditRecord, Membership, Tenant, User
from tenants.services.members import member_change_role
from tenants.services.settings import tenant_update
from tenants.tests.factories import StaffSessionFactory, TokenFamilyFactory
from triggers.models import Trigger
from triggers.services import trigger_create, trigger_delete, trigger_update
from triggers.tests.factories import SLACK_URL, document
from triggers.tests.support import opened

SAM = Actor("staff", "", "sam@blip0.test")
OTHER_URL = "https://hooks.slack.com/services/T111/B111/anotherpathsecret"
NOT_UNDONE = {User: "rights are given knowingly, each time"}


def _url(obj: Any, page: str, *args: Any) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[quote(obj.pk), *args])


def _last(kind: str) -> AuditRecord:
    return AuditRecord.objects.filter(object_kind=kind).latest("pk")


def _undo(client: Client, obj: Any, kind: str, **sent: Any) -> Any:
    """The button of the newest entry of the history, its page, and its POST."""
    newest, *_ = client.get(_url(obj, "history")).context["entries"]
    assert newest.record == _last(kind)
    assert newest.revert_url == _url(obj, "revert", newest.record.pk)
    page = client.get(newest.revert_url)
    sent = {"newest": page.context["form"]["newest"].value(), "reason": "Ticket 5", **sent}
    return page, client.post(newest.revert_url, sent)


def test_admin__what_staff_change__can_be_undone_or_is_named_here() -> None:
    admins: dict[Any, Any] = dict(admin.site._registry)
    changed = {model: one for model, one in admins.items() if one.has_hook("update_object")}

    without = {model for model, one in changed.items() if not one.can_revert()}

    assert without == set(NOT_UNDONE)
    assert {undo.model for undo in UNDOS.values()} <= changed.keys()


# The catalogue


def test_undo__network__says_how_many_monitors_it_concerns_and_is_as_before(staff: Client) -> None:
    network = Network.objects.get(pk="base")
    before = network.block_time_ms
    network_update(network=network, data={"block_time_ms": 900}, actor=SAM)

    page, answer = _undo(staff, network, "network")

    facts = dict(page.context["facts"])
    assert facts["Monitors that have it in their documents"] == "0"
    assert [change.name for change in page.context["changes"]] == ["block_time_ms"]
    assert answer["Location"] == _url(network, "history")
    network.refresh_from_db()
    assert network.block_time_ms == before


def test_undo__script__its_earlier_content_is_published(staff: Client, acme: Tenant) -> None:
    script = FilterScript.objects.order_by("pk").first()
    assert script is not None
    script_publish_version(script=script, content="echo true\n", actor=SAM)
    number = script.versions.count()

    _undo(staff, script, "filter_script")

    newest = script.versions.order_by("-version").first()
    assert newest is not None
    assert newest.version == number + 1
    assert newest.content != "echo true\n"
    # The history of a version is the script's.
    told = staff.get(_url(newest, "history")).context["entries"]
    assert told[0].record == _last("filter_script")
    assert told[0].revert_url == ""


def test_undo__template__is_as_before(staff: Client) -> None:
    template = MonitorTemplateFactory.create(name="Transfers")
    template_update(template=template, data={"name": "Spoilt", "enabled": False}, actor=SAM)

    _undo(staff, template, "template")

    assert MonitorTemplate.objects.get(pk=template.pk).name == "Transfers"


# Triggers and their secrets


@pytest.fixture
def trigger(acme: Tenant) -> Trigger:
    """One whose name and URL were changed."""
    with in_tenant(acme.pk):
        made = trigger_create(tenant=acme, data=document(), actor=SAM)
        config = {"slack_url": {"type": "Plain", "value": OTHER_URL}}
        config["message"] = document()["config"]["message"]
        return trigger_update(trigger=made, data={"name": "Spoilt", "config": config}, actor=SAM)


def _now(trigger: Trigger, acme: Tenant) -> tuple[str, str]:
    with in_tenant(acme.pk):
        trigger.refresh_from_db()
        return trigger.name, opened(trigger)["slack_url"]["value"]


def test_undo__trigger_with_a_secret__is_asked_for_it_and_takes_it(
    inside: Client, trigger: Trigger, acme: Tenant
) -> None:
    page, refused = _undo(inside, trigger, "trigger")

    assert "the history keeps no secrets" in "".join(page.context["problems"])
    assert "the history keeps no secrets" in refused.context["form"].errors["secret_0"][0]
    assert OTHER_URL not in page.content.decode() + refused.content.decode()
    assert _now(trigger, acme) == ("Spoilt", OTHER_URL)

    _undo(inside, trigger, "trigger", secret_0=SLACK_URL)

    assert _now(trigger, acme) == (document()["name"], SLACK_URL)
    assert SLACK_URL not in inside.get(_url(trigger, "history")).content.decode()


def test_undo__trigger_with_a_secret_to_keep__the_rest_is_undone(
    inside: Client, trigger: Trigger, acme: Tenant
) -> None:
    _undo(inside, trigger, "trigger", keep_secret_0="on")

    assert _now(trigger, acme) == (document()["name"], OTHER_URL)


def test_undo__trigger_by_who_only_looks__no_button_and_403(
    looking: Client, trigger: Trigger
) -> None:
    (newest, *_) = looking.get(_url(trigger, "history")).context["entries"]

    assert newest.revert_url == ""
    assert looking.get(_url(trigger, "revert", newest.record.pk)).status_code == 403


def test_undo__trigger_that_is_deleted__history_without_buttons(
    inside: Client, trigger: Trigger, acme: Tenant
) -> None:
    entry = _last("trigger").pk
    with in_tenant(acme.pk):
        trigger_delete(trigger=trigger, actor=SAM)

    page = inside.get(_url(trigger, "history"))

    assert page.context["is_gone"]
    assert {one.revert_url for one in page.context["entries"]} == {""}
    assert inside.get(_url(trigger, "revert", entry)).status_code == 404


def test_undo__monitor_that_named_a_trigger_that_is_gone__refused_with_its_place(
    inside: Client, trigger: Trigger, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        made = monitor_create(
            tenant=acme, data=make_monitor_document(triggers=[trigger.slug]), actor=SAM
        )
        monitor_update(monitor=made, data={"triggers": []}, actor=SAM)
        trigger_delete(trigger=trigger, actor=SAM)

    page, refused = _undo(inside, made, "monitor")

    (told,) = page.context["problems"]
    assert told.startswith("triggers/0: ")
    assert trigger.slug in told
    assert refused.context["form"].errors
    with in_tenant(acme.pk):
        assert not MonitorTrigger.objects.filter(monitor=made).exists()


# Tenants and people


def test_undo__alert_preferences_of_a_tenant__as_before(staff: Client, acme: Tenant) -> None:
    preferences = {"alert_threshold_amount": 3, "alert_threshold_window_s": 60}
    tenant_update(tenant=acme, data=preferences, actor=SAM)
    tenant_update(tenant=acme, data={"alert_severity": "critical"}, actor=SAM)
    record = AuditRecord.objects.filter(action="tenant.updated").order_by("pk")[0]
    url = _url(acme, "revert", record.pk)

    newest = staff.get(url).context["form"]["newest"].value()
    staff.post(url, {"newest": newest, "reason": ""})

    acme.refresh_from_db()
    assert (acme.alert_threshold_amount, acme.alert_threshold_window_s) == (None, None)
    assert acme.alert_severity == "critical"
    assert _last("tenant").reason == f"undo of entry {record.pk}"


def test_undo__role_of_a_member__as_before_in_that_tenant_alone(
    staff: Client, acme: Tenant, globex: Tenant
) -> None:
    eli = Membership.objects.get(tenant=acme, role="editor")
    other = Membership.objects.create(tenant=globex, user=eli.user, role="editor")
    member_change_role(membership=eli, role="viewer", actor=SAM)
    changed = _last("member")
    member_change_role(membership=other, role="admin", actor=SAM)
    assert "admin" not in str(
        [entry.record.after for entry in staff.get(_url(eli, "history")).context["entries"]]
    )
    url = _url(eli, "revert", changed.pk)

    newest = staff.get(url).context["form"]["newest"].value()
    staff.post(url, {"newest": newest, "reason": ""})

    eli.refresh_from_db()
    other.refresh_from_db()
    assert (eli.role, other.role) == ("editor", "admin")


def test_undo__role_of_the_last_owner__refused_with_why(staff: Client, acme: Tenant) -> None:
    ana = Membership.objects.get(tenant=acme, role="owner")
    eli = Membership.objects.get(tenant=acme, role="editor")
    member_change_role(membership=eli, role="owner", actor=SAM)
    made_owner = _last("member")
    member_change_role(membership=ana, role="viewer", actor=SAM)

    page = staff.get(_url(eli, "revert", made_owner.pk))

    assert "the only active owner" in "".join(page.context["problems"])


@pytest.mark.parametrize("factory", [StaffSessionFactory, TokenFamilyFactory])
def test_history__of_a_sign_in__is_that_of_its_account(staff: Client, factory: Any) -> None:
    one = factory.create()
    record = AuditRecord.objects.create(
        actor_kind="system",
        actor_name="tests",
        action="user.updated",
        object_kind="user",
        object_id=str(one.user_id),
    )

    assert record in [entry.record for entry in staff.get(_url(one, "history")).context["entries"]]

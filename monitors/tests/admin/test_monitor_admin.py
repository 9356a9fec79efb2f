"""The monitor form: it round-trips, its errors stand at their fields, its buttons call services."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.tenancy import in_tenant
from monitors.models import Monitor, MonitorTrigger
from monitors.selectors import monitor_representation
from monitors.services import monitor_create
from monitors.tests.factories import MonitorFactory, make_monitor_document
from tenants.models import AuditRecord, Tenant
from triggers.tests.factories import SlackTriggerFactory

ADD = "/admin/monitors/monitor/add/"
LIST = "/admin/monitors/monitor/"
READ_ONLY = ("id", "version", "created_at", "updated_at", "snoozed_until")


def _url(monitor: Monitor, page: str = "change") -> str:
    return reverse(f"admin:monitors_monitor_{page}", args=[monitor.pk])


def _sent(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The form's input for a document."""
    alerting = document["alerting"]
    return {
        "tenant": str(Tenant.objects.get(slug="acme").pk),
        "name": document["name"],
        "slug": document["slug"],
        "description": document["description"],
        "networks": document["networks"],
        "triggers": document["triggers"],
        **{
            key: json.dumps(document[key])
            for key in (
                "addresses",
                "match_conditions",
                "trigger_conditions",
                "chain_configurations",
            )
        },
        "severity": alerting["severity"],
        "threshold_amount": alerting["threshold"]["amount"],
        "threshold_window_s": alerting["threshold"]["window_s"],
        "min_interval_s": alerting["min_interval_s"],
        **changes,
    }


def _made(acme: Tenant, **changes: Any) -> Monitor:
    with in_tenant(acme.pk):
        return monitor_create(
            tenant=acme, data=make_monitor_document(**changes), actor=Actor.system("test")
        )


def _read(acme: Tenant, monitor: Monitor) -> dict[str, Any]:
    with in_tenant(acme.pk):
        shown = monitor_representation(Monitor.objects.get(pk=monitor.pk))
    return {key: value for key, value in shown.items() if key not in READ_ONLY}


def test_add__whole_document__stored_as_written(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        slugs = [SlackTriggerFactory.create().slug for _ in range(2)]
    document = make_monitor_document(
        networks=["base", "ethereum_mainnet"], triggers=[slugs[1], slugs[0]]
    )

    response = inside.post(ADD, _sent(document))

    assert response.status_code == 302, response.context["adminform"].form.errors
    with in_tenant(acme.pk):
        monitor = Monitor.objects.get(slug=document["slug"])
    assert _read(acme, monitor) == document
    record = AuditRecord.objects.get(action="monitor.created")
    assert (record.actor_name, record.tenant_id) == ("sam@blip0.test", acme.pk)


def test_add__page__no_more_queries_with_more_monitors(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        MonitorFactory.create_batch(3)

    assert inside.get(ADD).status_code == 200


def test_change__untouched__nothing_changes(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    before = _read(acme, monitor)
    form = inside.get(_url(monitor)).context["adminform"].form
    sent = {bound.name: bound.value() for bound in form if bound.value() not in (None, False)}

    response = inside.post(_url(monitor), sent)

    assert response.status_code == 302, response.context["adminform"].form.errors
    assert _read(acme, monitor) == before
    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=monitor.pk).version == monitor.version


def test_change__conditions__replaced(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    document = make_monitor_document(paused=True)
    document["match_conditions"]["events"] = []

    inside.post(_url(monitor), _sent(document, paused="on", version=monitor.version))

    assert _read(acme, monitor) == document


def test_change__bad_expression__error_at_its_field_with_the_place(
    inside: Client, acme: Tenant
) -> None:
    monitor = _made(acme)
    document = make_monitor_document(name="Renamed")
    document["match_conditions"]["events"] = [{"signature": "Nothing("}]

    page = inside.post(_url(monitor), _sent(document, version=monitor.version))

    form = page.context["adminform"].form
    assert form.errors["match_conditions"][0].startswith("Line 1, /events/0/signature: ")
    assert form["name"].value() == "Renamed"
    assert _read(acme, monitor)["name"] != "Renamed"


def test_change__broken_json__error_with_line_and_input_kept(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    sent = _sent(make_monitor_document(), version=monitor.version, addresses='[\n{"address": }]')

    page = inside.post(_url(monitor), sent)

    form = page.context["adminform"].form
    assert form.errors["addresses"][0].startswith("Line 2, column ")
    assert form["addresses"].value() == '[\n{"address": }]'


def test_change__name_of_another__error_at_the_name(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    with in_tenant(acme.pk):
        MonitorFactory.create(name="Taken")

    page = inside.post(
        _url(monitor), _sent(make_monitor_document(name="taken"), version=monitor.version)
    )

    assert "is free" in page.context["adminform"].form.errors["name"][0]


def test_change__half_a_threshold__error_there(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)

    page = inside.post(
        _url(monitor),
        _sent(make_monitor_document(), version=monitor.version, threshold_window_s=""),
    )

    assert "threshold_amount" in page.context["adminform"].form.errors


def test_change__older_version__clear_error_and_nothing_saved(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    inside.post(_url(monitor), _sent(make_monitor_document(name="First"), version=1))

    page = inside.post(_url(monitor), _sent(make_monitor_document(name="Second"), version=1))

    assert "Somebody has changed this meanwhile" in page.content.decode()
    assert _read(acme, monitor)["name"] == "First"


def test_change__without_any_version__refused(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)

    inside.post(_url(monitor), _sent(make_monitor_document(name="Blind")))

    assert _read(acme, monitor)["name"] != "Blind"


def test_change__viewing_key_as_shown__kept(inside: Client, acme: Tenant) -> None:
    Tenant.objects.filter(pk=acme.pk).update(allow_viewing_keys=True)
    acme.refresh_from_db()
    key = {"type": "Plain", "value": "mn_shield-esk_" + "1" * 60}
    configuration = {"midnight": {"viewing_keys": [key]}}
    monitor = _made(
        acme,
        networks=["midnight_testnet"],
        addresses=[{"address": "0" * 68}],
        match_conditions={
            "functions": [{"signature": "transfer(address)"}],
            "events": [],
            "transactions": [],
        },
        trigger_conditions=[],
        chain_configurations=[configuration],
    )
    page = inside.get(_url(monitor))
    form = page.context["adminform"].form
    sent = {bound.name: bound.value() for bound in form if bound.value() not in (None, False)}

    response = inside.post(_url(monitor), {**sent, "description": "Same key."})

    assert "1" * 60 not in page.content.decode()
    assert response.status_code == 302, response.context["adminform"].form.errors
    with in_tenant(acme.pk):
        stored = Monitor.objects.get(pk=monitor.pk)
    assert stored.description == "Same key."
    assert stored.chain_configurations == monitor.chain_configurations


def test_buttons__pause_and_resume__by_the_services(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)

    inside.post(_url(monitor, "pause"))
    assert _read(acme, monitor)["paused"]

    inside.post(_url(monitor, "resume"))
    assert not _read(acme, monitor)["paused"]


def test_buttons__by_a_get__only_ask(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)

    for button in ("pause", "resume", "snooze", "wake", "clone"):
        assert inside.get(_url(monitor, button)).status_code == 200

    assert not _read(acme, monitor)["paused"]


def test_snooze__until_tomorrow__and_wake(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)
    until = timezone.now() + timedelta(days=1)

    inside.post(
        _url(monitor, "snooze"),
        {"until_0": f"{until:%Y-%m-%d}", "until_1": f"{until:%H:%M:%S}", "reason": "Migration."},
    )
    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=monitor.pk).snoozed_until == until.replace(microsecond=0)

    inside.post(_url(monitor, "wake"))
    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=monitor.pk).snoozed_until is None


def test_snooze__until_yesterday__error_at_the_field(inside: Client, acme: Tenant) -> None:
    monitor = _made(acme)

    page = inside.post(
        _url(monitor, "snooze"), {"until_0": "2020-01-01", "until_1": "00:00", "reason": ""}
    )

    assert "must be in the future" in page.content.decode()


def test_list_actions__pause_selected__each_by_the_service(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        rows = MonitorFactory.create_batch(2)

    inside.post(
        LIST,
        {
            "action": "pause_selected",
            "confirmed": "",
            "_selected_action": [str(row.pk) for row in rows],
        },
    )

    with in_tenant(acme.pk):
        assert Monitor.objects.filter(paused=True).count() == 2
    assert AuditRecord.objects.filter(action="monitor.paused").count() == 2


def test_list_actions__those_of_a_clerk__not_even_offered(
    clerk: Callable[..., Client], enter: Callable[[Client], None], acme: Tenant
) -> None:
    client = clerk("tenants.view_tenant", "tenants.enter_tenant", "monitors.view_monitor")
    enter(client)
    monitor = _made(acme)

    page = client.get(_url(monitor)).content.decode()
    listed = client.get(LIST).content.decode()
    pressed = client.post(_url(monitor, "pause"))

    assert "Large USDC transfers" in page
    assert "/pause/" not in page
    assert "pause_selected" not in listed
    assert pressed.status_code == 403
    assert not _read(acme, monitor)["paused"]


def test_delete__soft_and_its_trigger_is_free(inside: Client, acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create()
    monitor = _made(acme, triggers=[trigger.slug])
    blocked = inside.get(reverse("admin:triggers_trigger_delete", args=[trigger.pk]))

    inside.post(_url(monitor, "delete"), {"post": "yes"})

    assert f"monitor {monitor.slug}" in blocked.content.decode()
    with in_tenant(acme.pk):
        assert Monitor.objects.get(pk=monitor.pk).deleted_at is not None
        assert not MonitorTrigger.objects.exists()
    assert inside.get(_url(monitor)).status_code == 302

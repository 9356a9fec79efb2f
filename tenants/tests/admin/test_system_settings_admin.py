"""The page of system settings: all that are registered, edited by type, reset by a button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from blip0.common.setting_kinds import Number, Switch, Text
from blip0.common.system_settings import SETTINGS, SettingDefinition
from tenants.models import AuditRecord, SystemSetting
from tenants.tests.factories import SystemSettingFactory

LIST = "/admin/tenants/systemsetting/"
PAGE = f"{LIST}allowed_5Ftargets/change/"
RESET = f"{LIST}allowed_5Ftargets/reset/"


def page_of(client: Client, url: str = LIST) -> str:
    return client.get(url).content.decode()


def actions() -> list[str]:
    return list(
        AuditRecord.objects.filter(object_kind="system_setting")
        .order_by("id")
        .values_list("action", flat=True)
    )


def test_list__nobody_set_anything__every_setting_with_its_default(staff: Client, settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["env.internal"]

    page = page_of(staff)

    assert f'href="{PAGE}"' in page
    assert page.count("env.internal") == 2, "as value and as default"
    assert "/admin/tenants/systemsetting/add/" not in page


def test_list__set_by_somebody__value_default_who_and_when(staff: Client, settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["env.internal"]
    row = SystemSettingFactory.create(value=["set.internal"], updated_by="ana & co")
    SystemSettingFactory.create(key="of_another_release")

    page = page_of(staff)

    for shown in ("set.internal", "env.internal", escape("ana & co"), f"{row.updated_at:%H:%M:%S}"):
        assert shown in page
    assert "of_another_release" not in page


def test_change__lines_of_the_form__stored_audited_and_shown(staff: Client) -> None:
    assert "One a line." in page_of(staff, PAGE)

    response = staff.post(PAGE, {"value": "Hooks.Internal\r\n\r\n 10.1.0.0/16 \r\n"})

    assert response.status_code == 302
    row = SystemSetting.objects.get()
    assert (row.key, row.value) == ("allowed_targets", ["hooks.internal", "10.1.0.0/16"])
    assert row.updated_by == "sam@blip0.test"
    record = AuditRecord.objects.get(action="system_setting.updated")
    assert (record.actor_kind, record.actor_name) == ("staff", "sam@blip0.test")
    assert "hooks.internal\n10.1.0.0/16" in page_of(staff, PAGE)


def test_change__bad_entry__error_at_the_field_and_the_input_kept(staff: Client) -> None:
    response = staff.post(PAGE, {"value": "hooks.internal\n10.0.0.1/8"})

    form = response.context["adminform"].form
    assert form.errors["value"] == [
        "allowed_targets: `10.0.0.1/8` has bits beyond its mask. Write 10.0.0.0/8."
    ]
    assert form["value"].value() == "hooks.internal\n10.0.0.1/8"
    assert (SystemSetting.objects.count(), actions()) == (0, [])


def test_change__saved_as_it_is__writes_nothing(staff: Client) -> None:
    assert staff.post(PAGE, {"value": ""}).status_code == 302

    assert (SystemSetting.objects.count(), actions()) == (0, [])


def test_reset__button__only_where_something_is_set_and_removes_it(staff: Client) -> None:
    assert RESET not in page_of(staff, PAGE)
    staff.post(PAGE, {"value": "hooks.internal"})
    assert RESET in page_of(staff, PAGE)
    assert staff.get(RESET).status_code == 200
    assert SystemSetting.objects.count() == 1, "a look changes nothing"

    staff.post(RESET, {})

    assert SystemSetting.objects.count() == 0
    assert actions() == ["system_setting.updated", "system_setting.reset"]
    assert RESET not in page_of(staff, PAGE)


@pytest.mark.parametrize("key", ["nothing", "of_5Fanother_5Frelease"])
def test_unknown_key__no_page_and_nothing_written(staff: Client, key: str) -> None:
    SystemSettingFactory.create(key="of_another_release", value=1)
    page = f"{LIST}{key}/change/"

    assert staff.get(page).status_code == 302
    assert staff.post(page, {"value": "2"}).status_code == 302
    assert staff.post(f"{LIST}{key}/reset/", {}).status_code == 404

    assert list(SystemSetting.objects.values_list("key", "value")) == [("of_another_release", 1)]
    assert actions() == []


def test_add_and_delete__nobody_may(staff: Client) -> None:
    SystemSettingFactory.create()

    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}allowed_5Ftargets/delete/", {"post": "yes"}).status_code == 403
    assert SystemSetting.objects.count() == 1


def test_pages__staff_who_may_view__see_and_change_nothing(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.view_systemsetting")
    SystemSettingFactory.create()

    assert "hooks.internal" in page_of(client)
    assert "hooks.internal" in page_of(client, PAGE)
    assert RESET not in page_of(client, PAGE)
    assert client.post(PAGE, {"value": "other.internal"}).status_code == 403
    assert client.post(RESET, {}).status_code == 403
    assert SystemSetting.objects.get().value == ["hooks.internal"]
    assert actions() == []


def test_pages__other_staff__403(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.view_tenant")

    for url in (LIST, PAGE, RESET):
        assert client.get(url).status_code == 403
    assert client.post(PAGE, {"value": "other.internal"}).status_code == 403
    assert SystemSetting.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "default", "widget", "sent", "stored"),
    [
        (Switch(), False, 'type="checkbox"', {"value": "on"}, True),
        (Switch(), True, "checked", {}, False),
        (Number(least=1, most=90), 30, 'type="number"', {"value": "7"}, 7),
        (Text(longest=99), "", "<textarea", {"value": "Back at 12:00 <b>"}, "Back at 12:00 <b>"),
    ],
    ids=["switch-on", "switch-off", "number", "text"],
)
def test_form__each_type__has_its_field(
    staff: Client,
    monkeypatch: pytest.MonkeyPatch,
    kind: Any,
    default: Any,
    widget: str,
    sent: dict[str, str],
    stored: Any,
) -> None:
    sample: Any = SettingDefinition(
        key="sample", label="Sample", help="", kind=kind, default=lambda: default
    )
    monkeypatch.setitem(SETTINGS._items, "sample", sample)
    page = reverse("admin:tenants_systemsetting_change", args=["sample"])
    assert widget in page_of(staff, page)

    assert staff.post(page, sent).status_code == 302

    assert SystemSetting.objects.get().value == stored
    assert "<b>" not in page_of(staff)


def test_form__number_that_breaks_the_rule__is_refused_at_the_field(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample: Any = SettingDefinition(
        key="sample", label="Sample", help="", kind=Number(least=1, most=90), default=lambda: 30
    )
    monkeypatch.setitem(SETTINGS._items, "sample", sample)
    page = reverse("admin:tenants_systemsetting_change", args=["sample"])

    told = staff.post(page, {"value": "91"}).context["adminform"].form.errors["value"]

    assert told == ["sample: is 91; must be from 1 to 90."]
    assert "value" in staff.post(page, {"value": "x"}).context["adminform"].form.errors

"""The service and the command behind system settings."""

from __future__ import annotations

import json
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import InvalidField, NotFound
from tenants.models import AuditRecord, SystemSetting
from tenants.services.system_settings import setting_reset, setting_update
from tenants.tests.factories import SystemSettingFactory

SAM = Actor(kind="staff", id="1", name="sam@blip0.test")
KEY = "allowed_targets"


def stored() -> list[object]:
    return list(SystemSetting.objects.values_list("value", flat=True))


def records() -> list[tuple[str, Any, Any]]:
    rows = AuditRecord.objects.filter(object_kind="system_setting", object_id=KEY).order_by("id")
    return list(rows.values_list("action", "before", "after"))


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("setting", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_update__new_value__stored_in_normal_form_with_who_and_audited() -> None:
    setting_update(key=KEY, value=["Hooks.Internal.", "10.1.0.0/16", "hooks.internal"], actor=SAM)

    row = SystemSetting.objects.get()
    assert (row.value, row.updated_by) == (["hooks.internal", "10.1.0.0/16"], SAM.name)
    record = AuditRecord.objects.get(action="system_setting.updated")
    assert (record.actor_kind, record.actor_id, record.actor_name) == ("staff", "1", SAM.name)
    assert (record.object_id, record.tenant_id) == (KEY, None)
    assert record.before == {"value": [], "is_default": True}
    assert record.after == {"value": ["hooks.internal", "10.1.0.0/16"], "is_default": False}


@pytest.mark.django_db
def test_update__changed_again__record_has_both_values() -> None:
    setting_update(key=KEY, value=["a.internal"], actor=SAM)
    setting_update(key=KEY, value=["b.internal"], actor=Actor.system("other"))

    assert records()[1] == (
        "system_setting.updated",
        {"value": ["a.internal"]},
        {"value": ["b.internal"]},
    )
    assert SystemSetting.objects.get().updated_by == "other"


@pytest.mark.django_db
def test_update__value_that_holds_already__writes_nothing() -> None:
    setting_update(key=KEY, value=["a.internal"], actor=SAM)
    setting_update(key=KEY, value=["A.internal"], actor=Actor.system("other"))
    assert (len(records()), SystemSetting.objects.get().updated_by) == (1, SAM.name)

    setting_reset(key=KEY, actor=SAM)
    setting_update(key=KEY, value=[], actor=SAM)
    setting_reset(key=KEY, actor=SAM)
    assert len(records()) == 2


@pytest.mark.django_db
def test_update__to_the_default__removes_the_row_and_follows_the_environment(settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["env.internal"]
    setting_update(key=KEY, value=["a.internal"], actor=SAM)

    setting_update(key=KEY, value=["env.internal"], actor=SAM)

    assert stored() == []
    assert records()[1] == (
        "system_setting.reset",
        {"value": ["a.internal"], "is_default": False},
        {"value": ["env.internal"], "is_default": True},
    )


@pytest.mark.django_db
def test_update__nothing_where_the_environment_allows_something__is_kept(settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["env.internal"]

    setting_update(key=KEY, value=[], actor=SAM)

    assert stored() == [[]]


@pytest.mark.django_db
def test_update__stored_value_is_not_usable__is_replaced_or_removed() -> None:
    SystemSettingFactory.create(key=KEY, value={"no": "list"})
    setting_update(key=KEY, value=["a.internal"], actor=SAM)
    assert stored() == [["a.internal"]]

    SystemSetting.objects.update(value=["*"])
    setting_update(key=KEY, value=[], actor=SAM)
    assert stored() == []
    assert [before["value"] for _, before, _ in records()] == [{"no": "list"}, ["*"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["10.0.0.1/8"], "allowed_targets: `10.0.0.1/8` has bits beyond its mask. Write 10.0.0.0"),
        (["ok.internal", "http://no"], "allowed_targets: `http://no` is not a network"),
        ("hooks.internal", "allowed_targets: must be a list of texts"),
        (["a.internal"] * 201, "allowed_targets: has 201 entries; 200 are allowed"),
        (None, "allowed_targets: must be a list of texts"),
    ],
)
def test_update__bad_value__refused_with_rule_and_fix_and_nothing_written(value, said) -> None:
    with pytest.raises(InvalidField) as refused:
        setting_update(key=KEY, value=value, actor=SAM)

    assert str(refused.value).startswith(said)
    assert refused.value.pointer == "/value"
    assert (stored(), records()) == ([], [])


@pytest.mark.django_db
@pytest.mark.parametrize("service", [setting_reset, lambda **kw: setting_update(value=1, **kw)])
def test_update__unknown_key__not_found_and_nothing_written(service) -> None:
    SystemSettingFactory.create(key="of_another_release", value=1)

    for key in ("nothing", "of_another_release"):
        with pytest.raises(NotFound, match=KEY):
            service(key=key, actor=SAM)

    assert SystemSetting.objects.get().key == "of_another_release"


def test_update__two_at_once__each_record_says_what_was_before_it(committed: None) -> None:
    def work() -> None:
        try:
            setting_update(key=KEY, value=["b.internal"], actor=SAM)
        finally:
            connections.close_all()

    other = threading.Thread(target=work)
    with transaction.atomic():
        setting_update(key=KEY, value=["a.internal"], actor=SAM)
        other.start()
        other.join(0.3)
        assert other.is_alive(), "it waits"
    other.join()

    assert [after["value"] for _, _, after in records()] == [["a.internal"], ["b.internal"]]
    assert records()[1][1] == {"value": ["a.internal"]}
    assert stored() == [["b.internal"]]


# The command


@pytest.mark.django_db
def test_command__a_whole_life__prints_what_holds(settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["env.internal"]

    assert 'allowed_targets  ["env.internal"]  default\n' in run("list")
    assert json.loads(run("get", KEY)) == ["env.internal"]
    assert json.loads(run("set", KEY, "A.internal", "10.1.0.0/16")) == ["a.internal", "10.1.0.0/16"]
    assert 'allowed_targets  ["a.internal", "10.1.0.0/16"]  set 20' in run("list")
    assert run("list").partition("\n")[0].endswith("by manage.py setting")
    assert json.loads(run("set", KEY)) == []
    assert json.loads(run("reset", KEY)) == ["env.internal"]
    assert [action.partition(".")[2] for action, _, _ in records()] == ["updated"] * 2 + ["reset"]


@pytest.mark.django_db
def test_command__stored_value_is_not_usable__list_says_so() -> None:
    SystemSettingFactory.create(key=KEY, value=["*"], updated_by="sam")

    assert "allowed_targets  []  set 20" in run("list")
    assert "by sam; not used: allowed_targets: `*` is not the name of a host" in run("list")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "nothing"), "There is no setting 'nothing'. There are: allowed_targets, "),
        (("set", "nothing", "1"), "There is no setting 'nothing'"),
        (("reset", "nothing"), "There is no setting 'nothing'"),
        (("set", KEY, "http://a"), "allowed_targets: `http://a` is not a network"),
    ],
)
def test_command__refused__one_line(arguments, said) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert str(refused.value).startswith(said)
    assert refused.value.returncode == 1


@pytest.mark.django_db
def test_stored_settings__table_is_the_platforms_in_every_schema(in_acme) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'tenants_systemsetting'")
        assert cursor.fetchall() == [("public",)]

"""Settings that staff change: their types, and who sees a change how soon."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connections, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import InvalidField, NotFound
from blip0.common.setting_kinds import Number, Switch, Text, Texts
from blip0.common.system_settings import (
    KEPT_S,
    PROVIDER,
    SETTING_PROVIDERS,
    SETTINGS,
    SettingDefinition,
    setting_definition,
    setting_value,
    settings_forget,
)
from blip0.testing import PROJECT_ROOT
from blip0.testing.queries import count_queries
from tenants.models import SystemSetting, Tenant
from tenants.services.system_settings import setting_update
from tenants.tests.lives import database_url

ACTOR = Actor.system("tests")
DAYS = SettingDefinition(
    key="sample_days", label="Days", help="", kind=Number(least=1, most=90), default=lambda: 30
)


@pytest.fixture(autouse=True)
def _sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS._items, DAYS.key, DAYS)


def store(value: object) -> None:
    """Past the service, as another process would have done it."""
    SystemSetting.objects.update_or_create(pk=DAYS.key, defaults={"value": value})


def elsewhere(act: Callable[[], object]) -> list[object]:
    """What `act` gives in a thread, on a connection of its own."""
    outcome: list[object] = []

    def work() -> None:
        try:
            outcome.append(act())
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return outcome


# Types


@pytest.mark.parametrize(
    ("kind", "value", "typed"),
    [
        (Switch(), True, True),
        (Number(least=0, most=9), 9, 9),
        (Text(longest=3), "äöü", "äöü"),
        (Text(longest=3), "", ""),
        (Texts(most=2, longest=3), ["a", "b"], ("a", "b")),
        (Texts(most=2, longest=3), [], ()),
    ],
)
def test_kind__value_of_its_type__is_read(kind, value, typed) -> None:
    assert kind.read(value) == typed
    assert type(kind.read(value)) is type(typed)


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        (Switch(), 1, "must be true or false"),
        (Number(least=0, most=9), True, "must be a whole number from 0 to 9"),
        (Number(least=0, most=9), 1.5, "must be a whole number from 0 to 9"),
        (Number(least=0, most=9), "1", "must be a whole number from 0 to 9"),
        (Number(least=0, most=9), 10, "is 10; must be from 0 to 9"),
        (Text(longest=3), "abcd", "has 4 characters; 3 are allowed"),
        (Text(longest=3), None, "must be a text"),
        (Text(longest=3), "a\0", "U[+]0000"),
        (Texts(most=2, longest=3), "a", "must be a list of texts"),
        (Texts(most=2, longest=3), ["a", 1], "must be a text"),
        (Texts(most=2, longest=3), ["a", "b", "c"], "has 3 entries; 2 are allowed"),
    ],
)
def test_kind__another_value__is_refused_with_the_rule(kind, value, rule) -> None:
    with pytest.raises(InvalidField, match=rule):
        kind.read(value)


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        (Switch(), ["true"], True),
        (Switch(), ["false"], False),
        (Number(least=-9, most=9), ["-7"], -7),
        (Text(longest=3), ["a b"], "a b"),
        (Texts(most=2, longest=3), ["a", "b"], ["a", "b"]),
        (Texts(most=2, longest=3), [], []),
    ],
)
def test_kind__words_of_a_command_line__are_a_json_value(kind, words, value) -> None:
    assert kind.parse(words) == value


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Switch(), ["yes"]),
        (Switch(), []),
        (Number(least=0, most=9), ["1_0"]),
        (Number(least=0, most=9), ["٣"]),
        (Number(least=0, most=9), ["1", "2"]),
        (Text(longest=3), ["a", "b"]),
    ],
)
def test_kind__words_that_are_no_value__are_refused(kind, words) -> None:
    with pytest.raises(InvalidField):
        kind.read(kind.parse(words))


def test_definition__bad_value__names_the_setting() -> None:
    with pytest.raises(InvalidField, match="sample_days: is 0; must be from 1 to 90") as refused:
        DAYS.read(0)

    assert refused.value.pointer == "/value"


def test_setting_definition__unknown_key__lists_what_there_is() -> None:
    with pytest.raises(NotFound, match=r"There are: allowed_targets, .*sample_days"):
        setting_definition("nothing")


# What holds


def test_setting_value__nobody_set_it__is_the_default(acme: Tenant) -> None:
    assert setting_value(DAYS) == 30


def test_setting_value__no_provider__is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SETTING_PROVIDERS._items, PROVIDER)

    assert setting_value(DAYS) == 30


def test_setting_value__inside_a_tenant__is_the_platforms(in_acme: Tenant) -> None:
    store(7)

    with count_queries() as log:
        assert setting_value(DAYS) == 7
    assert len(log) == 1


def test_setting_value__stored_one_breaks_a_newer_rule__default_and_an_error_in_the_log(
    acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    store(9_999)

    assert setting_value(DAYS) == 30
    assert "setting.unusable" in caplog.text
    assert "must be from 1 to 90" in caplog.text


# Who sees a change, and when


def test_setting_value__read_again__costs_no_query(committed: None) -> None:
    setting_value(DAYS)

    with count_queries() as log:
        assert [setting_value(DAYS) for _ in range(100)] == [30] * 100

    assert len(log) == 0


def test_setting_value__changed_by_the_service__is_seen_at_once_by_every_thread(
    committed: None,
) -> None:
    assert elsewhere(lambda: setting_value(DAYS)) == [30]

    setting_update(key=DAYS.key, value=7, actor=ACTOR)

    assert elsewhere(lambda: setting_value(DAYS)) == [7]


def test_setting_value__inside_a_transaction__is_of_now_whatever_was_read_before(
    committed: None,
) -> None:
    assert setting_value(DAYS) == 30
    store(7)
    assert setting_value(DAYS) == 30, "kept, for a while"

    with transaction.atomic():
        assert setting_value(DAYS) == 7


def test_setting_value__of_a_transaction_that_rolls_back__is_not_kept(committed: None) -> None:
    settings_forget()
    with transaction.atomic():
        setting_update(key=DAYS.key, value=7, actor=ACTOR)
        assert setting_value(DAYS) == 7
        assert elsewhere(lambda: setting_value(DAYS)) == [30]
        transaction.set_rollback(True)

    assert setting_value(DAYS) == 30


def test_setting_value__changed_by_another_process__is_seen_within_the_bound(
    committed: None, in_haste: None
) -> None:
    """The other process only knows the real settings."""
    allowed = setting_definition("allowed_targets")
    assert setting_value(allowed) == ()
    command = [sys.executable, "manage.py", "setting", "set", "allowed_targets", "hooks.internal"]
    other = subprocess.Popen(
        command,
        env={**os.environ, "DATABASE_URL": database_url()},
        cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL,
    )
    while other.poll() is None:
        setting_value(allowed)  # so that an old value is as young as can be
        time.sleep(0.01)
    ended = time.monotonic()

    assert other.returncode == 0
    asked = time.monotonic()
    while setting_value(allowed) == ():
        assert asked - ended < KEPT_S
        time.sleep(0.01)
        asked = time.monotonic()
    assert setting_value(allowed) == ("hooks.internal",)


def test_setting_value__slow_thread_read_before_a_change__does_not_bring_it_back(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, begun, go_on = {"sample_days": 1}, threading.Event(), threading.Event()

    def provider() -> dict[str, object]:
        read: dict[str, object] = dict(stored)
        if threading.current_thread() is slow:
            begun.set()
            go_on.wait(10)
        return read

    monkeypatch.setitem(SETTING_PROVIDERS._items, PROVIDER, provider)
    slow = threading.Thread(target=lambda: setting_value(DAYS))
    slow.start()
    begun.wait(10)
    stored["sample_days"] = 2
    assert setting_value(DAYS) == 2
    go_on.set()
    slow.join()

    assert setting_value(DAYS) == 2


@pytest.fixture
def no_cache(settings) -> None:
    default = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": default}
    with pytest.raises(Exception, match="refused"):
        cache.set("a", 1)


def test_settings__cache_is_away__are_read_and_changed(committed: None, no_cache: None) -> None:
    setting_update(key=DAYS.key, value=7, actor=ACTOR)

    assert setting_value(DAYS) == 7

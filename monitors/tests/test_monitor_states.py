"""Pausing and snoozing, and the end of a snooze."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import DomainError, Stale
from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.services import (
    monitor_delete,
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_wake,
    snoozes_end,
)
from monitors.tasks import end_snoozes
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord

ANA = Actor(kind="user", id="1", name="Ana")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def monitor(in_acme):
    return MonitorFactory.create()


def actions():
    records = AuditRecord.objects.filter(object_kind="monitor").order_by("id")
    return list(records.values_list("action", flat=True))


def test_pause_and_resume__each_twice__changes_once(monitor):
    for service in (monitor_pause, monitor_pause, monitor_resume, monitor_resume):
        service(monitor=monitor, actor=ANA)

    assert actions() == ["monitor.paused", "monitor.resumed"]
    monitor.refresh_from_db()
    assert (monitor.paused, monitor.version) == (False, 3)


def test_pause__takes_it_out_of_the_running(monitor):
    monitor_pause(monitor=monitor, actor=ANA)

    assert not Monitor.objects.running().exists()


def test_pause__older_version__is_stale(monitor):
    monitor_pause(monitor=monitor, actor=ANA, expected_version=1)

    with pytest.raises(Stale):
        monitor_resume(monitor=monitor, actor=ANA, expected_version=1)

    assert Monitor.objects.get().paused


def test_snooze__until_a_time__is_recorded_with_its_reason(monitor):
    monitor_snooze(monitor=monitor, until=NOW + HOUR, now=NOW, reason="upgrade", actor=ANA)

    monitor.refresh_from_db()
    assert (monitor.snoozed_until, monitor.snooze_reason) == (NOW + HOUR, "upgrade")
    assert monitor.version == 2
    entry = AuditRecord.objects.latest("id")
    assert (entry.action, entry.reason) == ("monitor.snoozed", "upgrade")


def test_snooze__again_alike__changes_nothing(monitor):
    for _ in range(2):
        monitor_snooze(monitor=monitor, until=NOW + HOUR, now=NOW, actor=ANA)

    assert (Monitor.objects.get().version, len(actions())) == (2, 1)


@pytest.mark.parametrize(
    ("until", "reason", "pointer"),
    [
        (NOW, "", "/until"),
        (NOW - HOUR, "", "/until"),
        ((NOW + HOUR).replace(tzinfo=None), "", "/until"),
        (NOW + HOUR, "x" * 501, "/reason"),
        (NOW + HOUR, "\x00", "/reason"),
    ],
)
def test_snooze__breaks_a_rule__changes_nothing(monitor, until, reason, pointer):
    with pytest.raises(DomainError) as caught:
        monitor_snooze(monitor=monitor, until=until, now=NOW, reason=reason, actor=ANA)

    assert caught.value.pointer == pointer
    monitor.refresh_from_db()
    assert (monitor.snoozed_until, monitor.version, actions()) == (None, 1, [])


def test_wake__snoozed_and_paused__stays_paused(monitor):
    monitor_snooze(monitor=monitor, until=NOW + HOUR, now=NOW, actor=ANA)
    monitor_pause(monitor=monitor, actor=ANA)

    monitor_wake(monitor=monitor, actor=ANA)
    woken = monitor_wake(monitor=monitor, actor=ANA)

    assert (woken.snoozed_until, woken.snooze_reason, woken.paused) == (None, "", True)
    assert actions() == ["monitor.snoozed", "monitor.paused", "monitor.woken"]


def test_snoozes_end__some_are_due__ends_these_alone(in_acme):
    due = MonitorFactory.create(snoozed_until=NOW, snooze_reason="x")
    later = MonitorFactory.create(snoozed_until=NOW + HOUR)
    MonitorFactory.create()

    assert snoozes_end(now=NOW) == 1
    assert snoozes_end(now=NOW) == 0

    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.snoozed_until, due.snooze_reason, due.version) == (None, "", 2)
    assert (later.snoozed_until, later.version) == (NOW + HOUR, 1)
    assert actions() == ["monitor.snooze_ended"]


def test_delete__snoozed__ends_the_snooze(monitor):
    monitor_snooze(monitor=monitor, until=NOW + HOUR, now=NOW, actor=ANA)

    monitor_delete(monitor=monitor, actor=ANA)

    assert Monitor.objects.get().snoozed_until is None
    assert snoozes_end(now=NOW + 2 * HOUR) == 0


def test_end_snoozes__two_tenants__ends_them_in_each(acme, globex):
    past = timezone.now() - HOUR
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            MonitorFactory.create(snoozed_until=past)

    end_snoozes()

    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            assert Monitor.objects.get().snoozed_until is None


def test_end_snoozes__nothing_is_due__asks_once_for_all_tenants(acme, globex, count_queries):
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            MonitorFactory.create(snoozed_until=timezone.now() + HOUR)

    with count_queries() as log:
        end_snoozes()

    assert len(log) == 2  # the schemas, and one question to all of them
    assert log.statements[1].count("UNION ALL") == 1

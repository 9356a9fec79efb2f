"""The commands that are buttons' twins: they do it, and say what isn't there."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord, Tenant
from tenants.tests.factories import (
    ApiKeyFactory,
    InvitationFactory,
    StaffSessionFactory,
    TokenFamilyFactory,
)
from triggers.models import Trigger
from triggers.tests.factories import SlackTriggerFactory


@pytest.fixture
def monitor(acme: Tenant) -> Monitor:
    with in_tenant(acme.pk):
        return MonitorFactory.create(name="Watched", slug="watched")


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def _now(monitor: Monitor, acme: Tenant) -> Monitor:
    with in_tenant(acme.pk):
        return Monitor.objects.get(pk=monitor.pk)


def test_monitor__each_act__is_done_and_on_record(acme: Tenant, monitor: Monitor) -> None:
    _run("monitor", "pause", "acme", "watched")
    assert _now(monitor, acme).paused
    _run("monitor", "resume", "acme", "watched")
    assert not _now(monitor, acme).paused
    assert "snoozed until" in _run("monitor", "snooze", "acme", "watched", "--minutes=5")
    assert _now(monitor, acme).snoozed_until is not None
    _run("monitor", "wake", "acme", "watched")
    assert _now(monitor, acme).snoozed_until is None

    record = AuditRecord.objects.filter(object_kind="monitor").latest("id")
    assert record.actor_name == "manage.py monitor"


def test_monitor__unknown__refused_by_name(acme: Tenant) -> None:
    with pytest.raises(CommandError, match="acme has no monitor 'lost'"):
        _run("monitor", "pause", "acme", "lost")


def test_trigger__disable_and_enable__is_done(acme: Tenant) -> None:
    with in_tenant(acme.pk):
        trigger = SlackTriggerFactory.create(slug="on-call")
    for act, enabled in (("disable", False), ("enable", True)):
        _run("trigger", act, "acme", "on-call")
        with in_tenant(acme.pk):
            assert Trigger.objects.get(pk=trigger.pk).enabled is enabled
    with pytest.raises(CommandError, match="acme has no trigger 'lost'"):
        _run("trigger", "enable", "acme", "lost")


def test_twins__a_reason__is_on_record(acme: Tenant, monitor: Monitor) -> None:
    with in_tenant(acme.pk):
        SlackTriggerFactory.create(slug="on-call")

    for command, act, slug in (
        ("monitor", "pause", "watched"),
        ("monitor", "resume", "watched"),
        ("trigger", "disable", "on-call"),
        ("trigger", "enable", "on-call"),
    ):
        _run(command, act, "acme", slug, f"--reason=To {act}")
        assert AuditRecord.objects.latest("id").reason == f"To {act}"


def test_access_end__one_sign_in__the_others_stand(acme: Tenant) -> None:
    one = TokenFamilyFactory.create(tenant=acme)
    other = TokenFamilyFactory.create(tenant=acme, user=one.user)
    command = ("access_end", "sign-in", "acme", one.user.email, "--reason=Lost laptop")

    assert _run(*command, f"--only={one.pk}").endswith("ended: 1\n")

    for family in (one, other):
        family.refresh_from_db()
    assert one.ended_at is not None
    assert other.ended_at is None
    with pytest.raises(CommandError, match="has no sign-in"):
        _run(*command, f"--only={one.pk}")


def test_staff_sessions_end__one__the_others_stand(acme: Tenant) -> None:
    one = StaffSessionFactory.create()
    other = StaffSessionFactory.create(user=one.user)
    command = ("staff_sessions", "end", one.user.email, "--reason=Lost laptop")

    assert str(one.pk) in _run("staff_sessions", "list")
    assert _run(*command, f"--only={one.pk}").endswith("ended: 1\n")

    for session in (one, other):
        session.refresh_from_db()
    assert one.ended_at is not None
    assert other.ended_at is None
    with pytest.raises(CommandError, match="has no session"):
        _run(*command, f"--only={one.pk}")


def test_changepassword__strong__is_set_on_record_and_ends_sign_ins(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = TokenFamilyFactory.create(tenant=acme)
    command = ("changepassword", family.user.email)

    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        _run(*command)
    monkeypatch.setattr("sys.stdin", StringIO("a long and unusual sentence\n"))
    _run(*command)

    family.refresh_from_db()
    family.user.refresh_from_db()
    assert family.user.check_password("a long and unusual sentence")
    assert family.ended_at is not None
    record = AuditRecord.objects.latest("id")
    assert (record.action, record.actor_name) == ("user.password_set", "manage.py changepassword")
    with pytest.raises(CommandError, match="No account has the address"):
        _run("changepassword", "nobody@acme.test")


def test_access_end__key_invitation_and_sign_in__open_nothing_more(acme: Tenant) -> None:
    key = ApiKeyFactory.create(tenant=acme)
    invitation = InvitationFactory.create(tenant=acme, email="eva@acme.test")
    family = TokenFamilyFactory.create(tenant=acme)

    _run("access_end", "key", key.prefix, "--reason=Leaked")
    _run("access_end", "invitation", "acme", "eva@acme.test", "--reason=Typo")
    said = _run("access_end", "sign-in", "acme", family.user.email, "--reason=Lost laptop")

    for row in (key, invitation, family):
        row.refresh_from_db()
    assert key.revoked_at is not None
    assert invitation.revoked_at is not None
    assert family.ended_at is not None
    assert said.endswith("ended: 1\n")
    with pytest.raises(CommandError, match="no key that begins with"):
        _run("access_end", "key", "nothing", "--reason=x")

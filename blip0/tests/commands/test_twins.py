"""The commands that are buttons' twins: they do it, and say what isn't there."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from blip0.common.tenancy import in_tenant
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord, Tenant
from tenants.tests.factories import ApiKeyFactory, InvitationFactory, TokenFamilyFactory
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

"""Cloning and deleting monitors."""

import pytest

from blip0.common.exceptions import DomainError, NotFound, Stale
from blip0.common.usage import users_of
from monitors.models import Monitor
from monitors.services import (
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_pause,
    monitor_update,
)
from monitors.tests.factories import make_monitor_document
from monitors.tests.support import ANA, reread, update
from tenants.models import AuditRecord, LimitOverride


def test_clone__is_equal_but_for_its_identity(monitor):
    copy = monitor_clone(monitor=monitor, name="Copy", actor=ANA)

    read, original = reread(copy), reread(monitor)
    own = {"id", "name", "slug", "created_at", "updated_at"}
    assert {key for key in read if read[key] != original[key]} == own
    assert (read["slug"], read["version"]) == ("copy", 1)
    assert AuditRecord.objects.get(object_id=str(copy.pk)).reason == "clone of large-usdc-transfers"


def test_clone__older_version__is_stale(monitor):
    update(monitor, {"paused": True})

    with pytest.raises(Stale) as caught:
        monitor_clone(monitor=monitor, name="Copy", actor=ANA, expected_version=1)

    assert caught.value.current_version == 2
    assert Monitor.objects.count() == 1
    assert monitor_clone(monitor=monitor, name="Copy", actor=ANA, expected_version=2).version == 1


def test_clone__no_room__is_refused(in_acme, monitor):
    LimitOverride.objects.create(tenant=in_acme, limit="monitors", value=1)

    with pytest.raises(DomainError, match="Your plan allows 1 monitors"):
        monitor_clone(monitor=monitor, name="Copy", actor=ANA)

    assert Monitor.objects.count() == 1


def test_delete__frees_slug_and_name__and_what_it_used(in_acme, monitor):
    trigger = monitor.trigger_links.get().trigger
    assert users_of("trigger", [str(trigger.pk)]).named == ["monitor large-usdc-transfers"]

    monitor_delete(monitor=monitor, actor=ANA)

    assert Monitor.objects.get(pk=monitor.pk).deleted_at is not None
    assert users_of("trigger", [str(trigger.pk)]).named == []
    assert users_of("network", ["base"]).number == 0
    assert users_of("filter_script", ["even_blocks"]).number == 0
    assert monitor.match_conditions.count() == 3
    again = monitor_create(tenant=in_acme, data=make_monitor_document(), actor=ANA)
    assert again.slug == monitor.slug


def test_delete__is_audited__with_the_whole_monitor(monitor):
    monitor_delete(monitor=monitor, actor=ANA)

    entry = AuditRecord.objects.get(action="monitor.deleted")
    before = entry.before or {}
    assert before["networks"] == ["ethereum_mainnet", "base"]
    assert before["triggers"] == ["on-call"]


def test_delete__older_version__is_stale(monitor):
    monitor_pause(monitor=monitor, actor=ANA)

    with pytest.raises(Stale):
        monitor_delete(monitor=monitor, actor=ANA, expected_version=1)

    assert Monitor.objects.live().count() == 1


@pytest.mark.parametrize(
    ("service", "arguments"),
    [
        (monitor_update, {"data": {"name": "x"}}),
        (monitor_clone, {"name": "x"}),
        (monitor_delete, {}),
        (monitor_pause, {}),
    ],
)
def test_deleted__any_service__says_it_is_gone(monitor, service, arguments):
    monitor_delete(monitor=monitor, actor=ANA)

    with pytest.raises(NotFound) as caught:
        service(monitor=monitor, actor=ANA, **arguments)

    assert caught.value.code == "monitor_gone"

"""A document that cannot be rendered any more: what stays, what must not, who else notices."""

from __future__ import annotations

import pytest

from blip0.common.sealing import Place, keyring
from cachesync.models import ProjectedDocument
from cachesync.services.project import scope_project
from cachesync.tests.conftest import ACTOR, make_monitor, make_trigger
from monitors.models import Monitor
from tenants.models import Tenant
from triggers.services import trigger_update

pytestmark = pytest.mark.usefixtures("committed")


def use_viewing_key(tenant: Tenant, monitor: Monitor, plain: str) -> None:
    sealed = keyring().seal(plain, Place(tenant.pk, monitor.pk, "viewing_keys"))
    keys = [{"type": "Plain", "value": sealed}]
    Monitor.objects.filter(pk=monitor.pk).update(
        chain_configurations=[{"midnight": {"viewing_keys": keys}}]
    )


@pytest.mark.parametrize("replaced", [True, False])
def test_last_good__viewing_key_replaced__leaves_the_set(
    replaced: bool, in_acme, scope, store, projection_redis
):
    monitor = make_monitor(in_acme)
    use_viewing_key(in_acme, monitor, "the first key")
    scope_project(scope=scope, store=store)
    assert "viewing_keys" in projection_redis.get(scope.document(str(monitor.pk)))

    Monitor.objects.filter(pk=monitor.pk).update(name=" ")
    if replaced:
        use_viewing_key(in_acme, monitor, "the second key")
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == (set() if replaced else {str(monitor.pk)})


def test_plain_delivery__viewing_key_that_does_not_open__holds_up_no_other_monitor(
    in_acme, scope, store, projection_redis, settings
):
    settings.PROJECTION_SECRET_DELIVERY = "plain"
    lost, fine = make_monitor(in_acme, "lost"), make_monitor(in_acme, "fine")
    use_viewing_key(in_acme, fine, "a key")
    Monitor.objects.filter(pk=lost.pk).update(
        chain_configurations=[{"midnight": {"viewing_keys": ["sealed:v1:gone:AAAA"]}}]
    )
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == {str(fine.pk)}
    assert '"a key"' in projection_redis.get(scope.document(str(fine.pk)))
    row = ProjectedDocument.objects.get(object_id=str(lost.pk))
    assert row.state == "invalid"
    assert row.reason.startswith("a viewing key can't be opened: ")


def test_scope_project__last_good_document__stays_until_it_tells_too_much(
    in_acme, scope, store, projection_redis
):
    """A monitor that can't be rendered any more keeps running as it was, but not its old secret."""
    trigger = make_trigger(in_acme)
    monitor = make_monitor(in_acme, triggers=["ops"])
    scope_project(scope=scope, store=store)
    good = projection_redis.get(scope.document(str(monitor.pk)))

    Monitor.objects.filter(pk=monitor.pk).update(name=" ")
    scope_project(scope=scope, store=store)
    assert projection_redis.get(scope.document(str(monitor.pk))) == good
    assert projection_redis.smembers(scope.active) == {str(monitor.pk)}
    row = ProjectedDocument.objects.get(scope=scope.id)
    assert (row.state, row.reason) == ("invalid", "name_missing")

    url = {"type": "Plain", "value": "https://hooks.slack.com/services/T0/B0/another"}
    config = {"slack_url": url, "message": {"title": "title", "body": "body"}}
    trigger_update(trigger=trigger, data={"config": config}, actor=ACTOR)
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == set()


def test_scope_project__never_rendered__not_in_the_set(in_acme, scope, store, projection_redis):
    monitor = make_monitor(in_acme)
    Monitor.objects.filter(pk=monitor.pk).update(name=" ")
    scope_project(scope=scope, store=store)
    assert projection_redis.smembers(scope.active) == set()
    assert not projection_redis.exists(scope.document(str(monitor.pk)))

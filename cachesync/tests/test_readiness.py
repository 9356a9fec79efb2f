"""When a process may be given requests: the projection moves, and has everything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from blip0.common.readiness import NotReady
from cachesync.keys import PLATFORM, READY
from cachesync.models import ProjectedScope
from cachesync.services.readiness import NEW, require_projected
from cachesync.services.sweep import sweep
from tenants.models import ConfigVersion

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def projected(acme, globex, store):
    """Everything is in Redis, and has been there for long."""
    long_ago = timezone.now() - timedelta(days=1)
    ConfigVersion.objects.update(changed_at=long_ago)
    sweep(store=store)
    return store


def _ask(store, **later) -> None:
    require_projected(store=store, now=timezone.now() + timedelta(**later))


def test_require_projected__everything_is_there__passes_with_one_query(projected, count_queries):
    with count_queries() as log:
        _ask(projected)
    words = [statement.partition(" ")[0] for statement in log.statements]
    assert words == ["BEGIN", "SET", "SELECT", "COMMIT"]


def test_require_projected__nothing_was_ever_swept__says_so(acme, store):
    with pytest.raises(NotReady, match="the last sweep was at None"):
        _ask(store)


def test_require_projected__heartbeat_is_old__says_when_it_was(projected):
    _ask(projected, seconds=55)
    with pytest.raises(NotReady, match="the last sweep was at 20"):
        _ask(projected, seconds=65)


@pytest.mark.parametrize(("field", "value"), [("epoch", "7"), ("schema", "7")])
def test_require_projected__ready_tells_of_another_projection__is_refused(
    projected, projection_redis, field, value
):
    projection_redis.hset(READY, field, value)
    with pytest.raises(NotReady, match="nobody has declared"):
        _ask(projected)


def test_require_projected__redis_flushed__is_refused_though_sweeps_go_on(
    projected, projection_redis
):
    projection_redis.flushall()
    projected.set_heartbeat(timezone.now())
    with pytest.raises(NotReady, match="nobody has declared"):
        _ask(projected)


def test_require_projected__a_tenant_is_missing__names_one(projected, scope, projection_redis):
    projection_redis.delete(scope.meta)
    with pytest.raises(NotReady, match=f"nothing of 1 scopes, such as {scope.id}"):
        _ask(projected)


def test_require_projected__a_new_tenant_is_missing__is_waited_for(
    projected, scope, projection_redis
):
    projection_redis.delete(scope.meta)
    ConfigVersion.objects.filter(scope=scope.id).update(changed_at=timezone.now())
    _ask(projected)
    projected.set_heartbeat(timezone.now() + NEW)
    with pytest.raises(NotReady):
        _ask(projected, seconds=NEW.total_seconds() + 1)


@pytest.mark.parametrize(
    ("condition", "failures", "passes"),
    [("failing", 2, False), ("failing", 3, True), ("ahead", 0, True), ("diverged", 0, True)],
)
def test_require_projected__missing_tenant_has_an_alert_of_its_own__takes_the_web_from_nobody(
    projected, scope, projection_redis, condition, failures, passes
):
    projection_redis.delete(scope.meta)
    ProjectedScope.objects.filter(pk=scope.id).update(condition=condition, failures=failures)
    if passes:
        _ask(projected)
    else:
        with pytest.raises(NotReady):
            _ask(projected)


def test_require_projected__platform_is_missing__is_excused_by_nothing(projected, projection_redis):
    projection_redis.delete(PLATFORM.meta)
    ProjectedScope.objects.filter(pk=PLATFORM.id).update(condition="failing", failures=9)
    with pytest.raises(NotReady, match="such as platform"):
        _ask(projected)


def test_require_projected__deleted_tenant__is_not_expected(projected, scope, projection_redis):
    projection_redis.delete(scope.meta)
    ConfigVersion.objects.filter(scope=scope.id).update(status=ConfigVersion.Status.DELETED)
    _ask(projected)

"""The projection's figures, as Postgres, Redis and the runtimes have them."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.utils import timezone

from blip0.common.tenancy import in_tenant
from cachesync.gauges import DOCUMENTS_KEPT_S, KEPT_S, ProjectionCollector
from cachesync.keys import PLATFORM, Scope
from cachesync.models import ProjectedDocument, ProjectedScope, Sample
from cachesync.reader.acks import Acks
from cachesync.services.figures import Figures, RedisFigures, figures_read
from cachesync.services.reconcile import reconcile
from cachesync.services.samples import KEPT, sample_take
from cachesync.services.sweep import sweep
from cachesync.store import Store
from cachesync.tests.conftest import ACTOR, make_monitor
from monitors.services import monitor_pause
from tenants.models import ConfigChange, ConfigVersion

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def nowhere(settings) -> None:
    """The projection's Redis is away."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.REDIS_PROJECTION_URL = f"redis://127.0.0.1:{free.getsockname()[1]}/0"


@pytest.fixture
def projected(acme, globex, store):
    """Both tenants with a monitor, all of it in Redis."""
    for tenant in (acme, globex):
        with in_tenant(tenant.pk):
            make_monitor(tenant)
    reconcile(store=store)
    return store


def read(store: Store, **later: int) -> Figures:
    return figures_read(store=store, now=timezone.now() + timedelta(**later))


def held(store: Store, **later: int) -> RedisFigures:
    redis = read(store, **later).redis
    assert redis is not None
    return redis


def make_monitor_later(tenant) -> None:
    with in_tenant(tenant.pk):
        make_monitor(tenant, slug="later")


# Scopes


def test_figures__all_is_well__nothing_is_dirty_and_coverage_is_full(projected):
    redis = held(projected)
    assert (redis.expected, redis.covered, redis.dirty) == (3, 3, 0)
    assert (redis.coverage, redis.is_ready) == (1.0, True)
    assert set(redis.staleness_s.values()) == {0.0}
    assert redis.heartbeat_age_s is not None
    assert 0 <= redis.heartbeat_age_s < 60


def test_figures__all_is_well__scopes_are_settled_and_verified(projected):
    figures = read(projected)
    assert figures.scopes.conditions == {"settled": 3, "failing": 0, "ahead": 0, "diverged": 0}
    assert figures.scopes.tenants["active"] == 2
    assert figures.scopes.unverified == 0


def test_figures__commits_that_redis_lacks__staleness_is_since_the_first(projected, acme, scope):
    for minutes in (9, 5):
        with in_tenant(acme.pk):
            make_monitor(acme, slug=f"later-{minutes}")
        ago = timezone.now() - timedelta(minutes=minutes)
        newest = ConfigVersion.objects.get(scope=scope.id).version
        ConfigChange.objects.filter(scope=scope.id, version=newest).update(created_at=ago)

    redis = held(projected)
    assert redis.dirty == 1
    assert redis.staleness_s["settled"] == pytest.approx(9 * 60, abs=5)

    sweep(store=projected)
    redis = held(projected)
    assert (redis.dirty, redis.staleness_s["settled"]) == (0, 0.0)


def test_figures__log_no_longer_reaches_that_far__staleness_is_since_the_last_change(
    projected, acme, scope
):
    make_monitor_later(acme)
    ConfigChange.objects.filter(scope=scope.id).delete()
    ConfigVersion.objects.filter(scope=scope.id).update(
        changed_at=timezone.now() - timedelta(hours=3)
    )
    redis = held(projected)
    assert redis.staleness_s["settled"] == pytest.approx(3 * 3600, abs=5)


def test_figures__a_scope_that_fails_is_late__is_told_apart_from_the_others(projected, acme, scope):
    make_monitor_later(acme)
    ProjectedScope.objects.filter(pk=scope.id).update(
        condition="failing", failures=4, error="ProgrammingError: relation is missing"
    )
    figures = read(projected, seconds=40)
    assert figures.redis is not None
    assert figures.redis.staleness_s["failing"] > 39
    assert figures.redis.staleness_s["settled"] == 0.0
    assert figures.scopes.errors == {"ProgrammingError": 1}
    assert figures.scopes.conditions["failing"] == 1


def test_figures__redis_is_newer_than_what_postgres_said__is_not_late(projected, scope):
    """A commit and its write-through came after Postgres was asked, or Redis is ahead."""
    ConfigVersion.objects.filter(scope=scope.id).update(
        version=1, changed_at=timezone.now() - timedelta(days=2)
    )
    redis = held(projected)
    assert redis.dirty == 1
    assert redis.staleness_s["settled"] == 0.0


def test_figures__metas_are_lost__coverage_says_so(projected, scope, projection_redis):
    projection_redis.delete(scope.meta)
    redis = held(projected)
    assert (redis.covered, redis.excused) == (2, 0)
    assert redis.coverage == pytest.approx(2 / 3)
    ProjectedScope.objects.filter(pk=scope.id).update(condition="diverged")
    redis = held(projected)
    assert redis.excused == 1


def test_figures__bytes_not_compared_for_two_cycles__are_counted(projected, scope):
    cycle = timedelta(seconds=django_settings.PROJECTION_DEEP_CYCLE_S)
    ProjectedScope.objects.update(verified_at=timezone.now() - cycle)
    assert read(projected).scopes.unverified == 0
    ProjectedScope.objects.filter(pk=scope.id).update(verified_at=timezone.now() - 3 * cycle)
    assert read(projected).scopes.unverified == 1


# Documents


def test_figures__documents__are_counted_by_kind_state_and_reason(projected, in_acme, scope):
    paused = make_monitor(in_acme, slug="quiet", name="A much longer name than the other one has")
    monitor_pause(monitor=paused, actor=ACTOR)
    sweep(store=projected)
    documents = read(projected).documents
    assert documents.counts["monitor", "active", ""] == 2
    assert documents.counts["monitor", "paused", "paused"] == 1
    rows = ProjectedDocument.objects.filter(kind="monitor")
    assert documents.sizes["monitor"] == sum(row.size for row in rows)
    assert documents.largest_tenant is not None
    assert (documents.largest_tenant.scope, documents.largest_tenant.documents) == (scope.id, 2)
    assert documents.largest_document is not None
    assert documents.largest_document.size == max(
        row.size for row in ProjectedDocument.objects.all()
    )


@pytest.mark.parametrize(
    ("reason", "counted_as"),
    [
        ("trigger 3fa85f64-5717-4562-b3fc-2c963f66afa6: a secret can't be opened", "trigger"),
        ("too_large: 1048577 bytes, at most 1048576", "too_large"),
        ("no_network", "no_network"),
        ("a viewing key can't be opened: wrong key", "other"),
    ],
)
def test_figures__reason_of_an_invalid_document__is_counted_without_what_is_special_in_it(
    projected, scope, reason, counted_as
):
    ProjectedDocument.objects.filter(scope=scope.id).update(state="invalid", reason=reason)
    assert read(projected).documents.counts["monitor", "invalid", counted_as] == 1


def test_figures__nothing_is_projected_yet__there_is_no_largest(acme, store):
    documents = read(store).documents
    assert (documents.largest_tenant, documents.largest_document) == (None, None)


# Runtimes


@pytest.fixture
def runtime(projected, projection_redis):
    """One that runs everything that is in Redis."""
    acks = Acks(projection_redis, "runtime-1")
    scopes = [PLATFORM, *map(Scope, projected.tenants())]
    for scope, version in zip(scopes, projected.versions(scopes), strict=True):
        acks.take(scope.id, (version.epoch, version.rev), {})
    acks.write(everything=True)
    return acks


def test_figures__runtime_runs_all__it_is_neither_late_nor_refuses(projected, runtime):
    redis = held(projected)
    runtimes = redis.runtimes
    assert (runtimes.alive, runtimes.behind, runtimes.lag_s) == (1, 0, 0.0)
    assert (runtimes.unacknowledged, runtimes.refused) == (0, 0)


def test_figures__runtime_runs_an_older_version__lag_is_since_the_change_that_it_lacks(
    projected, runtime, acme, scope
):
    make_monitor_later(acme)
    sweep(store=projected)
    ago = timezone.now() - timedelta(minutes=7)
    newest = ConfigVersion.objects.get(scope=scope.id).version
    ConfigChange.objects.filter(scope=scope.id, version=newest).update(created_at=ago)
    redis = held(projected)
    assert redis.runtimes.behind == 1
    assert redis.runtimes.lag_s == pytest.approx(7 * 60, abs=5)


def test_figures__runtime_refuses__the_scope_is_counted_once(
    projected, runtime, scope, projection_redis
):
    [version] = projected.versions([scope])
    for name in ("runtime-1", "runtime-2"):
        acks = Acks(projection_redis, name)
        acks.take(scope.id, (version.epoch, version.rev), {"": "no"})
        acks.write(everything=False)
    redis = held(projected)
    assert redis.runtimes.refused == 1
    assert (redis.runtimes.alive, redis.runtimes.unacknowledged) == (2, 2)


def test_figures__deleted_tenant_of_which_no_runtime_speaks__is_not_missed(
    projected, runtime, scope
):
    runtime.drop(scope.id)
    runtime.write(everything=True)
    assert held(projected).runtimes.unacknowledged == 1
    ConfigVersion.objects.filter(scope=scope.id).update(status=ConfigVersion.Status.DELETED)
    assert held(projected).runtimes.unacknowledged == 0


def test_figures__runtime_was_not_seen_for_long__does_not_count(projected, runtime):
    redis = held(projected, minutes=5)
    assert redis.runtimes.alive == 0


# What is away, and what it costs


def test_figures__redis_is_away__postgres_figures_are_there(projected, nowhere):
    figures = read(Store(timeout_s=0.2))
    assert figures.redis is None
    assert figures.scopes.conditions["settled"] == 3
    assert figures.documents.counts["monitor", "active", ""] == 2


def test_figures__table_is_locked__gives_up_within_a_second(projected):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE cachesync_projecteddocument")
        with pytest.raises(OperationalError):
            read(projected)
    finally:
        other.close()


def test_figures__more_tenants__cost_no_more_queries(projected, count_queries, globex):
    with count_queries() as few:
        read(projected)
    ConfigVersion.objects.bulk_create(
        ConfigVersion(
            scope=f"00000000-0000-4000-8000-{number:012}",
            version=1,
            token="00000000-0000-4000-8000-000000000000",
            changed_at=timezone.now(),
        )
        for number in range(50)
    )
    with count_queries() as many:
        read(projected)
    assert len(many) <= len(few) + 1  # when the first change was that Redis lacks


def _names(collector) -> dict[str, float]:
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in collector.collect()
        for sample in family.samples
    }


def test_collector__asked_again__reads_nothing(projected, count_queries):
    collector = ProjectionCollector()
    first = _names(collector)
    with count_queries() as log:
        assert _names(collector) == first
    assert len(log) == 0


def test_collector__a_little_later__reads_no_document(projected, count_queries, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("cachesync.gauges.time.monotonic", lambda: clock[0])
    collector = ProjectionCollector()
    _names(collector)
    clock[0] += KEPT_S + 1
    with count_queries() as log:
        _names(collector)
    assert len(log) > 0
    assert not [statement for statement in log.statements if "projecteddocument" in statement]
    clock[0] += DOCUMENTS_KEPT_S
    with count_queries() as log:
        _names(collector)
    assert [statement for statement in log.statements if "projecteddocument" in statement]


def test_collector__redis_is_away__its_gauges_are_absent(projected, nowhere):
    names = _names(ProjectionCollector())
    assert names["blip0_projection_redis_up[]"] == 0
    assert names["blip0_projection_postgres_up[]"] == 1
    assert not [name for name in names if "staleness" in name or "heartbeat" in name]


def test_collector__postgres_is_away__says_only_that(projected):
    connection.close()
    before = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        names = _names(ProjectionCollector())
    finally:
        connection.settings_dict["PORT"] = before
        connection.close()
    assert names == {"blip0_projection_postgres_up[]": 0}


def test_collector__no_sweep_ever__its_age_is_above_every_limit(acme):
    assert _names(ProjectionCollector())["blip0_projection_heartbeat_age_seconds[]"] == float("inf")


# Samples


def test_sample__taken_twice_in_a_minute__is_one_row(projected):
    now = timezone.now().replace(second=0)
    assert sample_take(store=projected, now=now)
    assert not sample_take(store=projected, now=now + timedelta(seconds=59))
    assert sample_take(store=projected, now=now + timedelta(seconds=60))
    assert Sample.objects.count() == 2
    newest = Sample.objects.latest("taken_at")
    assert newest.taken_at.second == newest.taken_at.microsecond == 0
    assert newest.values["redis"]["coverage"] == 1.0
    assert {"kind": "monitor", "state": "active", "reason": "", "count": 2} in newest.values[
        "documents"
    ]


def test_sample__of_a_week_ago__is_forgotten(projected):
    now = timezone.now()
    for age in (KEPT - timedelta(minutes=5), KEPT + timedelta(minutes=5)):
        Sample.objects.create(taken_at=now - age, values={})
    sample_take(store=projected, now=now)
    assert Sample.objects.count() == 2


def test_sample__redis_is_away__holds_what_is_known(projected, nowhere):
    sample_take(store=Store(timeout_s=0.2), now=timezone.now())
    values = Sample.objects.get().values
    assert values["redis"] is None
    assert values["conditions"]["settled"] == 3

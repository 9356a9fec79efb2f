"""Real transactions: versions, references into the catalogue, races."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, connections, transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InUse, LimitReached
from blip0.common.reseal import Resealed
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from monitors.models import (
    ContractSpec,
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from monitors.selectors import monitor_representation
from monitors.services import monitor_create, monitor_update, viewing_keys_reseal
from monitors.tests.factories import (
    ContractSpecFactory,
    MatchConditionFactory,
    MonitorAddressFactory,
    MonitorFactory,
    MonitorNetworkFactory,
    MonitorTriggerFactory,
    ScriptConditionFactory,
    make_monitor_document,
    whole_monitor,
)
from platform_catalog.models import FilterScript, Network
from tenants.models import ConfigChange, ConfigVersion, LimitOverride, Tenant
from triggers.services import trigger_delete
from triggers.tests.factories import TriggerFactory

ANA = Actor(kind="user", id="1", name="Ana")
CHILDREN = [
    (MonitorNetworkFactory, MonitorNetwork, {"position": 5}),
    (MonitorTriggerFactory, MonitorTrigger, {"position": 5}),
    (MonitorAddressFactory, MonitorAddress, {"address": "0x00"}),
    (MatchConditionFactory, MatchCondition, {"expression": "value > 1"}),
    (ScriptConditionFactory, ScriptCondition, {"timeout_ms": 7}),
]


@pytest.fixture
def tenant(committed, acme):
    with in_tenant(acme.pk):
        yield acme


class Versions:
    """What the block committed to a tenant's version: by how much, and which objects."""

    def __init__(self, tenant):
        self._scope = str(tenant.pk)

    def __enter__(self):
        self._before = self._version()
        return self

    def __exit__(self, *_error):
        self.moved = self._version() - self._before
        changes = ConfigChange.objects.filter(scope=self._scope, version__gt=self._before)
        self.changed = set(changes.values_list("kind", "object_id"))

    def _version(self):
        rows = ConfigVersion.objects.filter(scope=self._scope).values_list("version", flat=True)
        return next(iter(rows), 0)


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_create__whole_monitor__is_one_version_and_one_object(tenant):
    TriggerFactory.create(slug="on-call")

    with Versions(tenant) as versions:
        document = make_monitor_document(triggers=["on-call"])
        monitor = monitor_create(tenant=tenant, data=document, actor=ANA)

    assert versions.moved == 1
    assert versions.changed == {("monitor", str(monitor.pk))}


def test_update__as_it_is_read__moves_no_version(tenant):
    monitor = monitor_create(tenant=tenant, data=make_monitor_document(), actor=ANA)

    with Versions(tenant) as versions:
        monitor_update(monitor=monitor, data=monitor_representation(monitor), actor=ANA)

    assert (versions.moved, versions.changed) == (0, set())


def test_create__rolled_back__moves_no_version(tenant):
    with Versions(tenant) as versions, transaction.atomic():
        monitor_create(tenant=tenant, data=make_monitor_document(), actor=ANA)
        transaction.set_rollback(True)

    assert (versions.moved, versions.changed) == (0, set())
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(("make", "model", "change"), CHILDREN)
def test_child__each_way_to_write_it__moves_the_version_of_its_monitor(tenant, make, model, change):
    monitor = MonitorFactory.create()
    table = model._meta.db_table
    expected = (1, {("monitor", str(monitor.pk))})
    row = make.build(
        monitor=monitor, **({"trigger": TriggerFactory.create()} if model is MonitorTrigger else {})
    )
    if model is MonitorAddress:
        row.contract_spec = ContractSpecFactory.create()

    with Versions(tenant) as bulk_create:
        model.objects.bulk_create([row])
    with Versions(tenant) as queryset_update:
        model.objects.filter(monitor=monitor).update(**change)
    with Versions(tenant) as unchanged:
        model.objects.filter(monitor=monitor).update(**change)
    with Versions(tenant) as raw:
        sql(f"DELETE FROM {table} WHERE monitor_id = %s", monitor.pk)

    seen = [(each.moved, each.changed) for each in (bulk_create, queryset_update, unchanged, raw)]
    assert seen == [expected, expected, (0, set()), expected]


def test_child__moved_to_another_monitor__concerns_both(tenant):
    one, two = MonitorFactory.create(), MonitorFactory.create()
    MatchConditionFactory.create(monitor=one)

    with Versions(tenant) as versions:
        MatchCondition.objects.update(monitor=two)

    assert versions.changed == {("monitor", str(one.pk)), ("monitor", str(two.pk))}


def test_monitor__hard_delete__cascades_within_one_version(tenant):
    monitor = whole_monitor()

    with Versions(tenant) as versions:
        Monitor.objects.filter(pk=monitor.pk).delete()

    assert (versions.moved, versions.changed) == (1, {("monitor", str(monitor.pk))})


@pytest.mark.parametrize("model", [model for _, model, _ in CHILDREN])
def test_child__truncate__concerns_the_whole_tenant(tenant, model):
    whole_monitor()

    with Versions(tenant) as versions:
        sql(f"TRUNCATE {model._meta.db_table}")

    assert (versions.moved, versions.changed) == (1, {("all", "*")})


def test_monitors__more_than_two_hundred__become_one_change(tenant):
    with Versions(tenant) as two_hundred:
        Monitor.objects.bulk_create(MonitorFactory.build() for _ in range(200))
    with Versions(tenant) as more:
        Monitor.objects.bulk_create(MonitorFactory.build() for _ in range(201))

    assert (two_hundred.moved, len(two_hundred.changed)) == (1, 200)
    assert (more.moved, more.changed) == (1, {("all", "*")})


def test_spec__its_insert_and_delete__mean_nothing_yet(tenant):
    with Versions(tenant) as versions:
        ContractSpecFactory.create()
        ContractSpec.objects.all().delete()

    assert versions.moved == 0


def test_spec__content_that_isnt_its_hash__is_refused(tenant):
    ContractSpecFactory.create()

    with pytest.raises(IntegrityError, match="contract_spec_hash"):
        sql("UPDATE monitors_contractspec SET content = '[]'")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("monitors_monitornetwork", "network_id, position) VALUES (%s, 'nowhere', 0"),
        (
            "monitors_scriptcondition",
            "script_id, position, timeout_ms) VALUES (%s, 'nothing', 0, 1",
        ),
    ],
)
def test_reference__to_nothing__is_refused_by_the_database(tenant, table, columns):
    monitor = MonitorFactory.create()

    with pytest.raises(IntegrityError, match="which is not in platform_catalog"):
        sql(f"INSERT INTO {table} (monitor_id, {columns})", monitor.pk)


@pytest.mark.parametrize(
    ("statement", "model"),
    [
        ("DELETE FROM platform_catalog_network WHERE slug = 'ethereum_mainnet'", Network),
        ("DELETE FROM platform_catalog_filterscript WHERE name = 'even_blocks'", FilterScript),
    ],
)
def test_catalogue__used_row__cannot_be_deleted_by_raw_sql(tenant, statement, model):
    whole_monitor()
    before = model.objects.count()

    for table in ("platform_catalog_filterscriptversion", "platform_catalog_rpcendpoint"):
        sql(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError, match="is in use"):
        sql(statement)

    assert model.objects.count() == before


def test_slug__deleted_one__is_free_by_constraint(tenant):
    MonitorFactory.create(slug="a", name="A", deleted_at="2026-01-01T00:00:00Z")
    MonitorFactory.create(slug="a", name="a")

    with pytest.raises(IntegrityError, match="monitor_name_unique"):
        MonitorFactory.create(slug="b", name=" A ")
    with pytest.raises(IntegrityError, match="monitor_slug_unique"):
        MonitorFactory.create(slug="a", name="B")


# Races


def in_threads(tenant, count, work):
    """The results of `work(n)` run at once, each in a transaction of its own connection."""
    barrier = Barrier(count)

    def run(number):
        try:
            with in_tenant(tenant.pk):
                barrier.wait(timeout=30)
                return work(number)
        except Exception as error:  # the test looks at what was raised
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_create__eight_at_once_for_three_places__three_get_one(tenant):
    LimitOverride.objects.create(tenant=tenant, limit="monitors", value=3)

    def create(number):
        document = make_monitor_document(name=f"Monitor {number}", slug=f"monitor-{number}")
        return monitor_create(tenant=Tenant.objects.get(pk=tenant.pk), data=document, actor=ANA)

    results = in_threads(tenant, 8, create)

    assert sum(isinstance(result, Monitor) for result in results) == 3
    assert sum(isinstance(result, LimitReached) for result in results) == 5
    assert Monitor.objects.live().count() == 3


def test_create__one_slug_at_once__one_gets_it(tenant):
    def create(number):
        document = make_monitor_document(name=f"Monitor {number}")
        return monitor_create(tenant=Tenant.objects.get(pk=tenant.pk), data=document, actor=ANA)

    results = in_threads(tenant, 4, create)

    assert sum(isinstance(result, Monitor) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3


def test_specs__dropped_and_named_at_once__are_never_missing(tenant):
    monitors = [
        monitor_create(
            tenant=tenant, data=make_monitor_document(name=f"M {n}", slug=f"m-{n}"), actor=ANA
        )
        for n in range(4)
    ]
    with_spec = make_monitor_document()["addresses"]
    without = [{"address": with_spec[0]["address"]}]

    def flip(number):
        for turn in range(6):
            addresses = with_spec if (turn + number) % 2 else without
            monitor_update(monitor=monitors[number], data={"addresses": addresses}, actor=ANA)

    assert in_threads(tenant, 4, flip) == [None] * 4
    named = MonitorAddress.objects.filter(contract_spec__isnull=False)
    assert ContractSpec.objects.count() == (1 if named.exists() else 0)


def test_triggers__linked_and_deleted_at_once__are_never_both(tenant):
    """Whoever comes second is refused: the monitor by a finding, the deletion by its user."""
    triggers = [TriggerFactory.create(slug=f"trigger-{number}") for number in range(4)]
    document = make_monitor_document(triggers=[trigger.slug for trigger in triggers])

    def race(number):
        if number < len(triggers):
            return trigger_delete(trigger=triggers[number], actor=ANA)
        named = {**document, "name": f"M {number}", "slug": f"m-{number}"}
        return monitor_create(tenant=tenant, data=named, actor=ANA)

    results = in_threads(tenant, 6, race)

    assert not MonitorTrigger.objects.filter(trigger__deleted_at__isnull=False).exists()
    unexpected = [
        result
        for result in results
        if isinstance(result, Exception) and not isinstance(result, InUse | InvalidDocument)
    ]
    assert unexpected == []


def test_reseal__after_a_new_key__moves_viewing_keys_under_it(tenant, settings):
    Tenant.objects.filter(pk=tenant.pk).update(allow_viewing_keys=True)
    document = make_monitor_document(
        networks=["midnight_testnet"],
        addresses=[],
        match_conditions={"functions": [{"signature": "post()"}], "events": [], "transactions": []},
        chain_configurations=[
            {"midnight": {"viewing_keys": [{"type": "Plain", "value": "k" * 40}]}}
        ],
    )
    tenant.refresh_from_db()
    monitor = monitor_create(tenant=tenant, data=document, actor=ANA)
    read = monitor_representation(monitor)
    settings.SEALING_KEYS = f"newer:{'A' * 43}=,{settings.SEALING_KEYS}"

    assert sum(viewing_keys_reseal(dry_run=True), Resealed()) == Resealed(1, 1)
    assert sum(viewing_keys_reseal(dry_run=False), Resealed()) == Resealed(1, 1)
    assert sum(viewing_keys_reseal(dry_run=False), Resealed()) == Resealed(1, 0)

    again = Monitor.objects.get(pk=monitor.pk)
    [configuration] = again.chain_configurations
    assert configuration["midnight"]["viewing_keys"][0]["value"].startswith("sealed:v1:newer:")
    assert monitor_representation(again) == read

"""Updating, cloning and deleting monitors: what differs is written, and nothing else."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, DomainError, NotFound, Stale
from blip0.common.tenancy import in_tenant
from blip0.common.usage import users_of
from blip0.common.validation import InvalidDocument
from monitors.models import ContractSpec, Monitor, MonitorAddress
from monitors.selectors import monitor_representation
from monitors.services import (
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_pause,
    monitor_update,
)
from monitors.tests.factories import ERC20_ABI, USDC, WETH, make_monitor_document
from platform_catalog.models import Network
from tenants.models import AuditRecord, LimitOverride
from triggers.tests.factories import TriggerFactory

ANA = Actor(kind="user", id="1", name="Ana")
TABLES = ("monitornetwork", "monitortrigger", "monitoraddress", "matchcondition", "scriptcondition")
KEY = "a" * 64
MIDNIGHT = {
    "networks": ["midnight_testnet"],
    "addresses": [{"address": "02" * 35}],
    "match_conditions": {
        "functions": [{"signature": "post()"}],
        "events": [],
        "transactions": [],
    },
    "trigger_conditions": [],
}


def keys(*values):
    return [{"midnight": {"viewing_keys": [{"type": "Plain", "value": value} for value in values]}}]


@pytest.fixture
def monitor(in_acme):
    TriggerFactory.create(slug="on-call")
    TriggerFactory.create(slug="archive")
    document = make_monitor_document(triggers=["on-call"], networks=["ethereum_mainnet", "base"])
    return monitor_create(tenant=in_acme, data=document, actor=ANA)


def update(monitor, data, **options):
    return monitor_update(monitor=monitor, data=data, actor=ANA, **options)


def row_states():
    """Each row's physical version: a write of any kind changes it."""
    with connection.cursor() as cursor:
        states = {}
        for table in ("monitor", "contractspec", *TABLES):
            cursor.execute(f"SELECT ctid::text, xmin::text, t.* FROM monitors_{table} t ORDER BY 3")
            states[table] = cursor.fetchall()
    return states


def written_tables(before, after):
    return {table for table in before if before[table] != after[table]}


def reread(monitor):
    return monitor_representation(Monitor.objects.get(pk=monitor.pk))


def test_update__as_it_is_read__writes_nothing(monitor):
    before, audited = row_states(), AuditRecord.objects.count()

    same = update(monitor, reread(monitor))

    assert row_states() == before
    assert AuditRecord.objects.count() == audited
    assert same.version == 1


@pytest.mark.parametrize(
    ("data", "tables"),
    [
        ({"name": "New"}, set()),
        ({"alerting": {}}, set()),
        ({"networks": ["ethereum_mainnet"]}, {"monitornetwork"}),
        ({"networks": ["base", "ethereum_mainnet"]}, {"monitornetwork"}),
        ({"triggers": ["archive", "on-call"]}, {"monitortrigger"}),
        ({"triggers": []}, {"monitortrigger"}),
        ({"addresses": [{"address": WETH, "contract_spec": ERC20_ABI}]}, {"monitoraddress"}),
        ({"trigger_conditions": []}, {"scriptcondition"}),
        (
            {
                "match_conditions": {
                    "functions": [],
                    "events": [],
                    "transactions": [{"status": "Any"}],
                }
            },
            {"matchcondition"},
        ),
    ],
)
def test_update__one_part__writes_that_part_alone(monitor, data, tables):
    before, read = row_states(), reread(monitor)

    changed = update(monitor, data)

    assert written_tables(before, row_states()) == {"monitor", *tables}
    assert changed.version == 2
    after = reread(monitor)
    differing = {key for key in after if after[key] != read[key]}
    assert differing == {*data, "version", "updated_at"}
    assert {key: after[key] for key in data} == data


def test_update__one_address_of_two__keeps_the_others_row(in_acme, monitor):
    two = [{"address": USDC, "contract_spec": ERC20_ABI}, {"address": WETH}]
    update(monitor, {"addresses": two})
    before = row_states()["monitoraddress"]

    update(monitor, {"addresses": [two[0], {"address": WETH, "contract_spec": []}]})

    after = row_states()["monitoraddress"]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_update__true_for_one__is_a_change(monitor):
    spec = [{"type": "constructor", "inputs": [], "payable": True}]
    update(monitor, {"addresses": [{"address": USDC, "contract_spec": spec}]})
    first = ContractSpec.objects.get().sha256

    spec = [{"type": "constructor", "inputs": [], "payable": True, "note": 1}]
    update(monitor, {"addresses": [{"address": USDC, "contract_spec": spec}]})
    spec = [{"type": "constructor", "inputs": [], "payable": True, "note": True}]
    update(monitor, {"addresses": [{"address": USDC, "contract_spec": spec}]})

    assert ContractSpec.objects.get().sha256 != first
    assert ContractSpec.objects.get().content.count("true") == 2


def test_update__last_address_of_a_spec__removes_the_spec(monitor):
    update(monitor, {"addresses": [{"address": USDC}]})

    assert not ContractSpec.objects.exists()


def test_update__spec_named_by_a_deleted_monitor__stays(in_acme, monitor):
    other = monitor_clone(monitor=monitor, name="Copy", actor=ANA)
    monitor_delete(monitor=other, actor=ANA)

    update(monitor, {"addresses": []})

    assert ContractSpec.objects.count() == 1


def test_update__is_audited__with_the_fields_that_differ(monitor):
    update(monitor, {"name": "New", "paused": False})

    entry = AuditRecord.objects.get(action="monitor.updated")
    assert (entry.before, entry.after) == ({"name": "Large USDC transfers"}, {"name": "New"})


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"networks": ["nowhere"]}, "/networks/0"),
        ({"match_conditions": {"functions": []}}, "/match_conditions"),
        ({"name": None}, "/name"),
        ({"version": 7}, "/version"),
        ({"created_at": "now"}, "/created_at"),
        ({"colour": "red"}, "/colour"),
        ({"networks": ["stellar_mainnet"]}, "/addresses/0/address"),
    ],
)
def test_update__breaks_a_rule__changes_nothing(monitor, data, pointer):
    before = row_states()

    with pytest.raises(InvalidDocument) as caught:
        update(monitor, {"description": "new", **data})

    assert pointer in {finding.pointer for finding in caught.value.findings}
    assert row_states() == before
    assert not AuditRecord.objects.filter(action="monitor.updated").exists()


def test_update__older_version__is_stale(monitor):
    update(monitor, {"paused": True}, expected_version=1)
    before = row_states()

    with pytest.raises(Stale) as caught:
        update(monitor, {"paused": False}, expected_version=1)

    assert caught.value.current_version == 2
    assert row_states() == before


def test_update__taken_slug__changes_nothing(monitor):
    monitor_clone(monitor=monitor, name="Copy", slug="copy", actor=ANA)
    before = row_states()

    with pytest.raises(Conflict, match="`copy-2` is free") as caught:
        update(monitor, {"slug": "copy", "triggers": []})

    assert caught.value.pointer == "/slug"
    assert row_states() == before


def test_update__disabled_network__may_stay_and_not_return(monitor):
    Network.objects.filter(slug="base").update(enabled=False)

    update(monitor, {"networks": ["base", "ethereum_mainnet"], "description": "x"})
    update(monitor, {"networks": ["ethereum_mainnet"]})
    with pytest.raises(InvalidDocument, match="disabled"):
        update(monitor, {"networks": ["ethereum_mainnet", "base"]})

    assert reread(monitor)["networks"] == ["ethereum_mainnet"]


def test_update__after_a_downgrade__what_exists_stays(in_acme, monitor):
    for limit in ("addresses_per_monitor", "conditions_per_monitor", "triggers_per_monitor"):
        LimitOverride.objects.create(tenant=in_acme, limit=limit, value=0)

    update(monitor, {**reread(monitor), "name": "New"})
    with pytest.raises(InvalidDocument):
        update(monitor, {"addresses": [{"address": WETH}]})

    assert (reread(monitor)["name"], MonitorAddress.objects.get().address) == ("New", USDC)


def test_update__foreign_monitor__is_gone(in_acme, globex, monitor):
    with in_tenant(globex.pk), pytest.raises(NotFound):
        update(monitor, {"name": "Mine"})

    assert reread(monitor)["name"] == "Large USDC transfers"


# Viewing keys


def test_viewing_keys__tenant_without_permission__is_refused(in_acme):
    document = make_monitor_document(**MIDNIGHT, chain_configurations=keys(KEY))

    with pytest.raises(InvalidDocument) as caught:
        monitor_create(tenant=in_acme, data=document, actor=ANA)

    [finding] = caught.value.findings
    assert finding.pointer == "/chain_configurations/0/midnight/viewing_keys"
    assert KEY not in str(caught.value)


@pytest.fixture
def keyed(in_acme):
    type(in_acme).objects.filter(pk=in_acme.pk).update(allow_viewing_keys=True)
    in_acme.refresh_from_db()
    document = make_monitor_document(
        **MIDNIGHT, chain_configurations=[*keys(KEY, "b" * 64), {"evm": {}, "unknown": 1.5}]
    )
    return monitor_create(tenant=in_acme, data=document, actor=ANA)


def stored_keys(monitor):
    configurations = Monitor.objects.get(pk=monitor.pk).chain_configurations
    return [
        key["value"]
        for configuration in configurations
        for key in configuration.get("midnight", {}).get("viewing_keys", [])
    ]


def test_viewing_keys__stored__are_sealed_and_masked_on_read(keyed):
    assert all(text.startswith("sealed:v1:") for text in stored_keys(keyed))
    read = reread(keyed)
    assert read["chain_configurations"] == [
        {
            "midnight": {
                "viewing_keys": [{"set": True, "hint": "…aaaa"}, {"set": True, "hint": "…bbbb"}]
            }
        },
        {"evm": {}},
    ]
    entry = AuditRecord.objects.get(action="monitor.created")
    assert KEY not in str(entry.after)


def test_viewing_keys__sent_back_as_read_or_plain__keep_their_bytes(keyed):
    before, states = stored_keys(keyed), row_states()

    update(keyed, reread(keyed))
    update(keyed, {"chain_configurations": [*keys(KEY, "b" * 64), {"evm": {}}]})

    assert stored_keys(keyed) == before
    assert row_states() == states


def test_viewing_keys__reordered_and_one_new__keep_what_they_were(keyed):
    first, second = stored_keys(keyed)
    masks = reread(keyed)["chain_configurations"][0]["midnight"]["viewing_keys"]
    new = {"type": "plain", "value": "c" * 64}

    update(
        keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [masks[1], new, masks[0]]}}]}
    )

    after = stored_keys(keyed)
    assert (after[0], after[2]) == (second, first)
    assert after[1] not in {first, second}
    after_audit = AuditRecord.objects.get(action="monitor.updated").after or {}
    assert after_audit.keys() == {"chain_configurations"}


def test_viewing_keys__unknown_mask__is_refused(keyed):
    mask = {"set": True, "hint": "…zzzz"}

    with pytest.raises(InvalidDocument):
        update(keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [mask]}}]})


def test_viewing_keys__environment_reference__is_refused(keyed):
    reference = {"type": "Environment", "value": "PLATFORM_SECRET"}

    with pytest.raises(InvalidDocument, match="refers to a secret of the platform"):
        update(keyed, {"chain_configurations": [{"midnight": {"viewing_keys": [reference]}}]})


def test_viewing_keys__permission_revoked__other_parts_still_change(in_acme, keyed):
    type(in_acme).objects.filter(pk=in_acme.pk).update(allow_viewing_keys=False)

    update(keyed, {"name": "New"})
    with pytest.raises(InvalidDocument):
        update(keyed, {"chain_configurations": keys("c" * 64)})

    assert reread(keyed)["name"] == "New"


def test_clone__with_viewing_keys__seals_them_for_itself(keyed):
    copy = monitor_clone(monitor=keyed, name="Copy", actor=ANA)

    assert not set(stored_keys(copy)) & set(stored_keys(keyed))
    shown = reread(copy)["chain_configurations"]
    assert shown == reread(keyed)["chain_configurations"]


# Cloning and deleting


def test_clone__is_equal_but_for_its_identity(monitor):
    copy = monitor_clone(monitor=monitor, name="Copy", actor=ANA)

    read, original = reread(copy), reread(monitor)
    own = {"id", "name", "slug", "created_at", "updated_at"}
    assert {key for key in read if read[key] != original[key]} == own
    assert (read["slug"], read["version"]) == ("copy", 1)
    assert AuditRecord.objects.get(object_id=str(copy.pk)).reason == "clone of large-usdc-transfers"


def test_clone__no_room__is_refused(in_acme, monitor):
    LimitOverride.objects.create(tenant=in_acme, limit="monitors", value=1)

    with pytest.raises(DomainError, match="Your plan allows 1 monitors"):
        monitor_clone(monitor=monitor, name="Copy", actor=ANA)

    assert Monitor.objects.count() == 1


def test_delete__frees_slug_and_name__and_what_it_used(in_acme, monitor):
    trigger = monitor.trigger_links.get().trigger
    assert users_of("trigger", [str(trigger.pk)]) == ["monitor large-usdc-transfers"]

    monitor_delete(monitor=monitor, actor=ANA)

    assert Monitor.objects.get(pk=monitor.pk).deleted_at is not None
    assert users_of("trigger", [str(trigger.pk)]) == []
    assert users_of("network", ["base"]) == []
    assert users_of("filter_script", ["even_blocks"]) == []
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


def test_update__stamps__move_with_the_change_alone(monitor):
    then = datetime(2020, 1, 1, tzinfo=UTC)
    Monitor.objects.filter(pk=monitor.pk).update(updated_at=then)

    update(monitor, {"paused": False})
    assert Monitor.objects.get(pk=monitor.pk).updated_at == then
    update(monitor, {"paused": True})
    assert Monitor.objects.get(pk=monitor.pk).updated_at > then

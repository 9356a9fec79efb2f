"""Updating monitors: what differs is written, and nothing else."""

from datetime import UTC, datetime

import pytest

from blip0.common.exceptions import Conflict, NotFound, Stale
from blip0.common.tenancy import in_tenant
from blip0.common.validation import InvalidDocument
from monitors.models import ContractSpec, Monitor, MonitorAddress
from monitors.services import monitor_clone, monitor_delete
from monitors.tests.factories import ERC20_ABI, USDC, WETH
from monitors.tests.support import ANA, reread, row_states, update, written_tables
from platform_catalog.models import Network
from tenants.models import AuditRecord, LimitOverride


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


def test_update__stamps__move_with_the_change_alone(monitor):
    then = datetime(2020, 1, 1, tzinfo=UTC)
    Monitor.objects.filter(pk=monitor.pk).update(updated_at=then)

    update(monitor, {"paused": False})
    assert Monitor.objects.get(pk=monitor.pk).updated_at == then
    update(monitor, {"paused": True})
    assert Monitor.objects.get(pk=monitor.pk).updated_at > then

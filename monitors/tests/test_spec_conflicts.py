"""Different specs for one address of a network: found over all tenants, as the runtime compares."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from blip0.common.db import schemas
from blip0.common.tenancy import in_tenant, schema_name_for
from monitors.choices import SpecKind
from monitors.models import Monitor
from monitors.selectors import SpecConflict, spec_conflicts
from monitors.services import monitor_create, monitor_delete
from monitors.tests.factories import (
    USDC,
    WETH,
    ContractSpecFactory,
    MonitorAddressFactory,
    MonitorFactory,
    MonitorNetworkFactory,
    make_monitor_document,
)
from monitors.tests.support import ANA
from tenants.models import Tenant
from tenants.services.schemas import schema_create

ONE: list[Any] = [{"type": "function", "name": "one", "inputs": []}]
TWO: list[Any] = [{"type": "function", "name": "two", "inputs": []}]
STELLAR = "CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75"


def watch(
    tenant: Tenant,
    slug: str,
    spec: Any = None,
    *,
    address: str = USDC,
    networks: tuple[str, ...] = ("ethereum_mainnet",),
    kind: str = SpecKind.EVM,
    **columns: Any,
) -> Monitor:
    """A monitor of this address, past the services; without `spec` it brings none."""
    with in_tenant(tenant.pk):
        monitor = MonitorFactory.create(slug=slug, **columns)
        for position, network in enumerate(networks):
            MonitorNetworkFactory.create(monitor=monitor, network_id=network, position=position)
        row = None if spec is None else ContractSpecFactory.create(value=spec, kind=kind)
        MonitorAddressFactory.create(monitor=monitor, address=address, contract_spec=row)
    return monitor


def holders(conflict: SpecConflict) -> list[list[str]]:
    """Who holds each spec, those without one last."""
    assert list(conflict.specs)[:-1] == sorted(list(conflict.specs)[:-1])
    return [[f"{one.tenant}/{one.monitor}" for one in some] for some in conflict.specs.values()]


def test_conflicts__one_tenant_two_specs__both_monitors(acme: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(acme, "b", TWO)
    watch(acme, "c", TWO)

    (conflict,) = spec_conflicts()

    assert (conflict.network, conflict.address) == ("ethereum_mainnet", USDC)
    assert sorted(holders(conflict)) == [["acme/a"], ["acme/b", "acme/c"]]
    assert {len(sha256) for sha256 in conflict.specs} == {64}
    assert conflict.specs.keys() == {
        row.sha256
        for row in (ContractSpecFactory.build(value=ONE), ContractSpecFactory.build(value=TWO))
    }


def test_conflicts__two_tenants__named_with_their_ids(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(globex, "g", TWO)

    (conflict,) = spec_conflicts()

    found = {one.tenant: one.tenant_id for some in conflict.specs.values() for one in some}
    assert found == {"acme": acme.pk, "globex": globex.pk}


def test_conflicts__saved_by_the_service__are_found(acme: Tenant, globex: Tenant) -> None:
    for tenant, abi in ((acme, ONE), (globex, TWO)):
        document = make_monitor_document(
            addresses=[{"address": USDC, "contract_spec": [{**abi[0], "outputs": []}]}],
            match_conditions={"functions": [], "events": [], "transactions": []},
        )
        with in_tenant(tenant.pk):
            monitor_create(tenant=tenant, data=document, actor=ANA)

    assert len(spec_conflicts()) == 1


def test_conflicts__equal_specs_or_other_places__none(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(globex, "g", ONE)
    watch(globex, "other-address", TWO, address=WETH)
    watch(globex, "other-network", TWO, networks=("base",))

    assert spec_conflicts() == []


def test_conflicts__several_networks__one_for_each_that_is_shared(acme: Tenant) -> None:
    watch(acme, "a", ONE, networks=("ethereum_mainnet", "base"))
    watch(acme, "b", TWO, networks=("base", "ethereum_mainnet"))
    watch(acme, "c", TWO, networks=("base",))

    assert [conflict.network for conflict in spec_conflicts()] == ["base", "ethereum_mainnet"]
    assert [conflict.network for conflict in spec_conflicts(network="base")] == ["base"]
    assert spec_conflicts(network="stellar_mainnet") == []


def test_conflicts__deleted_monitor__does_not_count(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    gone = watch(globex, "g", TWO)
    assert len(spec_conflicts()) == 1

    with in_tenant(globex.pk):
        monitor_delete(monitor=gone, actor=ANA)

    watch(globex, "with-all-rows", TWO, deleted_at=timezone.now())

    assert spec_conflicts() == []


def test_conflicts__paused_or_snoozed_monitor__counts(acme: Tenant) -> None:
    watch(acme, "a", ONE, paused=True)
    watch(acme, "b", TWO, snoozed_until=timezone.now())

    assert len(spec_conflicts()) == 1


@pytest.mark.parametrize(
    ("network", "address", "kind"),
    [
        ("ethereum_mainnet", USDC, SpecKind.EVM),
        ("stellar_mainnet", STELLAR, SpecKind.STELLAR),
        ("solana_mainnet", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", SpecKind.SOLANA),
    ],
)
def test_conflicts__other_capitals__are_the_same_address(
    acme: Tenant, globex: Tenant, network: str, address: str, kind: str
) -> None:
    """The runtime compares none of them by capitals; what is shown is how somebody wrote it."""
    watch(acme, "a", ONE, address=address, networks=(network,), kind=kind)
    lower = address.lower()
    watch(globex, "g", TWO, address=lower, networks=(network,), kind=kind)

    (conflict,) = spec_conflicts()

    assert conflict.address in (address, lower)


def test_conflicts__no_spec_beside_one__is_none(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(globex, "g")
    watch(globex, "h")

    assert spec_conflicts() == []


def test_conflicts__no_spec_beside_two__is_listed_last(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(acme, "b", TWO)
    watch(globex, "g")

    (conflict,) = spec_conflicts()

    assert list(conflict.specs)[-1] == ""
    assert holders(conflict)[-1] == ["globex/g"]


def test_conflicts__spec_of_another_chain__is_as_none(acme: Tenant) -> None:
    """The runtime skips it; an empty list, an EVM ABI to it, may stand at a Stellar address."""
    watch(acme, "a", ONE, address=STELLAR, networks=("stellar_mainnet",), kind=SpecKind.STELLAR)
    watch(acme, "b", [], address=STELLAR, networks=("stellar_mainnet",))
    assert spec_conflicts() == []

    watch(acme, "c", TWO, address=STELLAR, networks=("stellar_mainnet",), kind=SpecKind.STELLAR)
    (conflict,) = spec_conflicts()
    assert holders(conflict)[-1] == ["acme/b"]


def test_conflicts__network_without_specs__none(acme: Tenant) -> None:
    address = "ab" * 32
    watch(acme, "a", ONE, address=address, networks=("midnight_testnet",))
    watch(acme, "b", TWO, address=address, networks=("midnight_testnet",))
    watch(acme, "c", address=address, networks=("midnight_testnet",))

    assert spec_conflicts() == []


def test_conflicts__schema_of_no_tenant__is_passed_over(committed: None, acme: Tenant) -> None:
    nobody = Tenant(pk=UUID(int=7))
    schema_create(schema_name_for(nobody.pk))
    watch(acme, "a", ONE)
    watch(nobody, "b", TWO)

    assert spec_conflicts() == []


def test_conflicts__more_tenants_and_monitors__two_queries_and_one_a_batch(
    acme: Tenant, globex: Tenant, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(acme, "a", ONE)
    with count_queries() as few:
        spec_conflicts()
    for number in range(10):
        watch(acme, f"a{number}", ONE)
        watch(globex, f"g{number}", TWO)

    with count_queries() as many:
        assert len(spec_conflicts()) == 1
    monkeypatch.setattr(schemas, "BATCH", 1)
    with count_queries() as batches:
        assert len(spec_conflicts()) == 1

    assert len(few) == len(many) == 4, "the list of schemas, and two tables"
    assert len(batches) == 5


# The command


def run(*options: str) -> tuple[int, str, str]:
    """Exit code, what is printed, and the error."""
    out = StringIO()
    try:
        call_command("spec_conflicts", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), ""


def test_command__no_conflict__says_so_and_0(acme: Tenant) -> None:
    assert run() == (0, "No address has several specs\n", "")
    assert run("--json") == (0, "", "")


def test_command__conflicts__who_and_3(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(globex, "g", TWO)
    watch(globex, "h")

    code, printed, said = run()

    assert (code, said) == (3, "1 addresses have several specs")
    first, *lines = printed.splitlines()
    assert first == f"ethereum_mainnet  {USDC}"
    assert {line[16:] for line in lines} == {"a of acme", "g of globex", "h of globex"}
    assert lines[-1] == "  no spec       h of globex"


def test_command__json__whole_hashes_and_null_for_no_spec(acme: Tenant, globex: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(globex, "g", TWO)
    watch(globex, "h")

    code, printed, _ = run("--json", "--network", "ethereum_mainnet")

    (line,) = printed.splitlines()
    conflict = json.loads(line)
    assert code == 3
    assert (conflict["network"], conflict["address"]) == ("ethereum_mainnet", USDC)
    assert [len(spec["sha256"]) for spec in conflict["specs"][:2]] == [64, 64]
    assert conflict["specs"][2] == {
        "sha256": None,
        "monitors": [{"tenant": "globex", "monitor": "h"}],
    }


def test_command__network__that_one_only_and_an_unknown_one_is_refused(acme: Tenant) -> None:
    watch(acme, "a", ONE)
    watch(acme, "b", TWO)

    assert run("--network", "base")[0] == 0
    assert run("--network", "ethereum_mainnet")[0] == 3
    assert run("--network", "nowhere") == (1, "", "There is no network 'nowhere'.")

"""The shipped catalogue: complete, valid, loaded once, and never over what staff changed."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command

from blip0.common.actors import Actor
from blip0.testing.queries import count_queries
from platform_catalog.choices import NetworkType
from platform_catalog.contracts import LoadReport
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.projections import network_documents
from platform_catalog.services.loading import CATALOGUE, load_catalog
from platform_catalog.services.networks import network_delete, network_disable, network_update
from tenants.models import AuditRecord

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("test")


@pytest.fixture(autouse=True)
def _empty_catalogue() -> None:
    """The world of the tests has networks of the same names."""
    MonitorTemplate.objects.all().delete()
    FilterScript.objects.all().delete()
    Network.objects.all().delete()


def test_load_catalog__empty_database__all_of_it_and_valid() -> None:
    report = load_catalog(actor=ACTOR)

    assert len(report.added) == (
        Network.objects.count() + FilterScript.objects.count() + MonitorTemplate.objects.count()
    )
    assert Network.objects.count() >= 35
    assert FilterScript.objects.count() >= 8
    assert MonitorTemplate.objects.count() >= 12
    assert set(Network.objects.values_list("network_type", flat=True)) == set(NetworkType.values)
    assert set(FilterScript.objects.values_list("language", flat=True)) == {
        "Bash",
        "Python",
        "JavaScript",
    }
    assert not Network.objects.get(pk="anvil_local").enabled


def test_load_catalog__again__nothing_and_few_queries() -> None:
    load_catalog(actor=ACTOR)
    records = AuditRecord.objects.count()

    with count_queries() as log:
        report = load_catalog(actor=ACTOR, update=True)

    assert report == LoadReport()
    assert AuditRecord.objects.count() == records
    assert len(log) <= 5


def test_load_catalog__staff_changed_some__kept_and_reported_until_update() -> None:
    load_catalog(actor=ACTOR)
    base = Network.objects.get(pk="base")
    network_update(
        network=base, data={"confirmation_blocks": 99, "max_past_blocks": 7}, actor=ACTOR
    )
    network_disable(network=Network.objects.get(pk="zora_mainnet"), actor=ACTOR)

    report = load_catalog(actor=ACTOR)
    assert sorted(report.kept) == ["network base", "network zora_mainnet"]
    assert network_documents(["base"])["base"].body["confirmation_blocks"] == 99

    report = load_catalog(actor=ACTOR, update=True)
    assert sorted(report.updated) == ["network base", "network zora_mainnet"]
    body = network_documents(["base"])["base"].body
    assert body["confirmation_blocks"] == 3
    assert "max_past_blocks" not in body
    assert Network.objects.get(pk="zora_mainnet").enabled


def test_load_catalog__staff_deleted_one__stays_deleted() -> None:
    load_catalog(actor=ACTOR)
    network_delete(network=Network.objects.get(pk="base"), actor=ACTOR)

    report = load_catalog(actor=ACTOR)

    assert report.left_out == ["network base"]
    assert not Network.objects.filter(pk="base").exists()


def test_load_catalog__script_changed_by_staff__update_publishes_a_version() -> None:
    load_catalog(actor=ACTOR)
    script = FilterScript.objects.get(pk="evm_min_value")
    script.versions.update(content="print('true')\n")

    report = load_catalog(actor=ACTOR, update=True)

    assert report.updated == ["filter_script evm_min_value"]
    script.refresh_from_db()
    assert script.current_version == 2


def test_load_catalog__command__says_what_it_did() -> None:
    first, second = StringIO(), StringIO()

    call_command("load_catalog", stdout=first)
    call_command("load_catalog", stdout=second)

    assert "  network base\n" in first.getvalue()
    assert second.getvalue() == "Nothing to load.\n"


def test_networks_file__each_entry__names_source_and_date_and_a_chain_of_its_own() -> None:
    entries = json.loads((CATALOGUE / "networks.json").read_text())

    assert all(re.fullmatch(r"https://\S+", entry["source"]) for entry in entries)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", entry["seen"]) for entry in entries)
    chains = [
        entry["network"]["chain_id"]
        for entry in entries
        if entry["network"]["network_type"] == "EVM"
    ]
    assert len(chains) == len(set(chains))
    stellar = [
        entry["network"]["network_passphrase"]
        for entry in entries
        if entry["network"]["network_type"] == "Stellar"
    ]
    assert len(stellar) == len(set(stellar)) == 3

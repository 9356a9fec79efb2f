"""Importing networks and scripts: mapped to the catalogue, never written."""

from __future__ import annotations

from typing import Any

from monitors.selectors import monitor_representation
from monitors.tests.openzeppelin.support import (
    FILE,
    MONITOR,
    TRIGGER,
    changed,
    configuration,
    monitor_by_slug,
    plain,
    remarks,
    run_import,
    statuses,
)
from platform_catalog.models import FilterScript, Network
from platform_catalog.projections import network_documents
from tenants.models import Tenant


def network(of: str, **changes: Any) -> dict[str, Any]:
    return changed(network_documents([of])[of].body, **changes)


def test_import__network_as_in_the_catalogue__is_unchanged(in_acme: Tenant) -> None:
    report = run_import(in_acme, {"networks/base.json": network("base")})

    assert statuses(report) == {"networks/base.json": "mapped"}


def test_import__network_that_differs__is_reported_and_never_written(in_acme: Tenant) -> None:
    endpoint = {"type_": "rpc", "url": plain("https://x.example.org/api-key-secret"), "weight": 1}
    body = network("base", block_time_ms=777, rpc_urls=[endpoint], chain_id=8453)

    report = run_import(in_acme, {"networks/base.json": body})

    notes = {note.pointer: note.message for note in report.entries[0].notes}
    assert notes.keys() == {"/block_time_ms", "/rpc_urls", "/chain_id"}
    assert "777 here, 12000 there" in notes["/block_time_ms"]
    assert "secret" not in str(report.as_json())
    assert Network.objects.get(slug="base").block_time_ms == 12_000


def test_import__network_file_with_another_stem__is_mapped_by_its_slug(in_acme: Tenant) -> None:
    files = configuration(
        networks__mainnet=network("ethereum_mainnet"),
        **{"monitors__large-transfers": changed(MONITOR, networks=["mainnet"])},
    )

    report = run_import(in_acme, files)

    assert statuses(report)[FILE] == "imported"
    shown = monitor_representation(monitor_by_slug("large-transfers"))
    assert shown["networks"] == ["ethereum_mainnet"]


def test_import__network_that_the_catalogue_lacks__is_refused_where_it_is_used(
    in_acme: Tenant,
) -> None:
    unknown = network("base", slug="atlantis", name="Atlantis")
    unused = network("base", slug="lemuria", name="Lemuria")
    files = configuration(
        networks__atlantis=unknown,
        networks__lemuria=unused,
        **{"monitors__large-transfers": changed(MONITOR, networks=["base", "atlantis"])},
    )

    report = run_import(in_acme, files)

    assert statuses(report) == {
        "networks/atlantis.json": "refused",
        "networks/lemuria.json": "ignored",
        TRIGGER: "imported",
        FILE: "refused",
    }


def test_import__unreadable_network_file__refuses_what_names_it(in_acme: Tenant) -> None:
    body = {**network("ethereum_mainnet"), "chain_id": "1"}

    report = run_import(in_acme, configuration(networks__ethereum_mainnet=body))

    assert remarks(report, "networks/ethereum_mainnet.json") == {
        ("error", "shape.type", "/chain_id")
    }
    assert remarks(report, FILE) == {("error", "network.refused", "/networks/0")}


def test_import__scripts__are_compared_by_stem_and_language(in_acme: Tenant) -> None:
    files = {
        "monitors/m.json": changed(MONITOR, triggers=[]),
        "filters/even_blocks.sh": 'echo "true"\n',
        "filters/large_only.py": "print(1)",
        "filters/even_blocks.py": "print(2)",
        "filters/README.md": "words",
    }

    report = run_import(in_acme, files)

    assert statuses(report) == {
        "filters/README.md": "ignored",
        "filters/even_blocks.py": "ignored",
        "filters/even_blocks.sh": "mapped",
        "filters/large_only.py": "mapped",
        "monitors/m.json": "imported",
    }
    assert FilterScript.objects.count() == 2

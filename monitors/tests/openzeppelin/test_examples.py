"""The files that OpenZeppelin Monitor's users start from, against the shipped catalogue."""

from __future__ import annotations

import pytest

from blip0.testing import shared_dir
from monitors.models import Monitor
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.sources import Source, read_source
from monitors.tests.openzeppelin.support import ACTOR, VIEWING_KEY
from platform_catalog.services.loading import load_catalog
from tenants.models import Tenant


@pytest.fixture
def examples() -> Source:
    shared = shared_dir()
    if shared is None:
        pytest.skip("the maintainers' reference data is not beside this checkout")
    return read_source(shared / "openzeppelin-examples")


def test_import__real_files__all_but_the_script_trigger(examples: Source, in_acme: Tenant) -> None:
    load_catalog(actor=ACTOR)

    report = openzeppelin_import(tenant=in_acme, source=examples, actor=ACTOR)

    assert [entry.title for entry in report.refused] == [
        "triggers/script_notifications.json#evm_large_transfer_usdc_script"
    ]
    triggers = [entry.status for entry in report.entries if entry.kind == "trigger"]
    assert triggers.count("imported") == len(triggers) - 1 == 12
    monitors = {e.slug: e.status for e in report.entries if e.kind == "monitor"}
    assert monitors == {
        "evm_transfer_usdc": "imported",
        "midnight_testnet_bulletin_post": "changed",
        "solana_upgrade": "imported",
        "stellar_swap_dex": "imported",
    }
    assert Monitor.objects.get(slug="midnight_testnet_bulletin_post").paused


def test_import__real_files_with_the_viewing_key__runs_the_midnight_monitor(
    examples: Source, in_acme: Tenant
) -> None:
    load_catalog(actor=ACTOR)
    Tenant.objects.filter(pk=in_acme.pk).update(allow_viewing_keys=True)
    in_acme.refresh_from_db()

    report = openzeppelin_import(
        tenant=in_acme,
        source=examples,
        actor=ACTOR,
        variables={"MIDNIGHT_VIEWING_KEY": VIEWING_KEY},
    )

    [entry] = [e for e in report.entries if e.slug == "midnight_testnet_bulletin_post"]
    assert entry.status == "imported"
    assert not Monitor.objects.get(slug="midnight_testnet_bulletin_post").paused

"""Every shipped template makes a monitor, on each type of network that it names."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from blip0.common.actors import Actor
from monitors.selectors import monitor_representation
from monitors.services import monitor_create
from platform_catalog.choices import NetworkType
from platform_catalog.contracts import document_from_template
from platform_catalog.models import Network
from platform_catalog.services.loading import CATALOGUE, load_catalog
from tenants.models import Tenant
from triggers.tests.factories import TriggerFactory

ANA = Actor(kind="user", id="1", name="Ana")
TEMPLATES = json.loads((CATALOGUE / "templates.json").read_text(encoding="utf-8"))
ADDRESSES = {
    NetworkType.EVM: (
        "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    ),
    NetworkType.STELLAR: ("CAS3J7GYLGXMF6TDJBBYYSE3HQ6BBSMLNUQ34T6TZMYMW2EVH34XOWMA",),
    NetworkType.SOLANA: ("BPFLoaderUpgradeab1e11111111111111111111111",),
    NetworkType.MIDNIGHT: ("0" * 68,),
}
OWN_ABI = [{"type": "event", "name": "Ping", "anonymous": False, "inputs": []}]


def test_templates__shipped__at_least_twelve() -> None:
    assert len(TEMPLATES) >= 12


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        pytest.param(template, NetworkType(kind), id=f"{template['slug']}-{kind}")
        for template in TEMPLATES
        for kind in template["network_types"]
    ],
)
def test_monitor_create__from_a_template__valid_and_all_of_it(
    in_acme: Tenant, template: dict[str, Any], kind: NetworkType
) -> None:
    load_catalog(actor=ANA)
    TriggerFactory.create(slug="on-call")
    network = Network.objects.filter(network_type=kind, enabled=True).first()
    assert network is not None
    before = copy.deepcopy(template)

    document = document_from_template(
        template["document"],
        name=template["name"],
        networks=[network.slug],
        addresses=[{"address": address} for address in ADDRESSES[kind]],
        triggers=["on-call"],
    )
    read = monitor_representation(monitor_create(tenant=in_acme, data=document, actor=ANA))

    assert template == before
    wanted = {"trigger_conditions": [], **template["document"]}
    spec = wanted.pop("contract_spec", None)
    assert {key: read[key] for key in wanted} == wanted
    assert (read["name"], read["networks"]) == (template["name"], [network.slug])
    assert read["triggers"] == ["on-call"]
    assert [entry["address"] for entry in read["addresses"]] == list(ADDRESSES[kind])
    assert all(entry.get("contract_spec") == spec for entry in read["addresses"])
    conditions = wanted["match_conditions"]
    if kind == NetworkType.EVM and (conditions["functions"] or conditions["events"]):
        assert spec, "without an ABI nothing can match"


def test_document_from_template__address_with_its_own_abi__keeps_it() -> None:
    [template] = [found for found in TEMPLATES if found["slug"] == "large-transfer"]

    document = document_from_template(
        template["document"],
        name="Mine",
        networks=["base"],
        addresses=[{"address": "0x1", "contract_spec": OWN_ABI}, {"address": "0x2"}],
        triggers=[],
    )

    specs = [address["contract_spec"] for address in document["addresses"]]
    assert specs == [OWN_ABI, template["document"]["contract_spec"]]
    assert "contract_spec" not in document

"""A change by a service reaches the platform's configuration version, once and at commit."""

from __future__ import annotations

from blip0.common.actors import Actor
from platform_catalog.models import Network
from platform_catalog.services.networks import network_disable, network_update
from tenants.models import ConfigVersion, Tenant

ACTOR = Actor.system("test")


def version(scope: str) -> int:
    return ConfigVersion.objects.get(scope=scope).version


def test_network_update__name_and_endpoints__one_new_version(committed: None) -> None:
    network = Network.objects.get(pk="base")
    before = version("platform")

    network_update(
        network=network,
        data={
            "name": "Base!",
            "rpc_urls": [
                {
                    "type_": "rpc",
                    "url": {"type": "Plain", "value": "https://new.example.org"},
                    "weight": 100,
                }
            ],
        },
        actor=ACTOR,
    )

    assert version("platform") == before + 1


def test_network_update__nothing_new__same_version(committed: None) -> None:
    network = Network.objects.get(pk="base")
    before = version("platform")

    network_update(network=network, data={}, actor=ACTOR)

    assert version("platform") == before


def test_network_disable__in_use_or_not__every_tenant_gets_a_version(
    committed: None, acme: Tenant
) -> None:
    before = version(str(acme.pk))

    network_disable(network=Network.objects.get(pk="base"), actor=ACTOR)

    assert version(str(acme.pk)) == before + 1

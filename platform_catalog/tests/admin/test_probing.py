"""The button that probes a network's endpoints, against a real node on the loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from platform_catalog.choices import UrlKind
from platform_catalog.models import RpcEndpoint
from platform_catalog.tests.factories import NetworkFactory, RpcEndpointFactory
from platform_catalog.tests.nodes import BASE, NodeServer, node

__all__ = ["node"]
URL = reverse("admin:platform_catalog_network_probe", args=["test_chain"])


@pytest.fixture
def endpoints(acme: object, node: NodeServer) -> list[RpcEndpoint]:
    """One that is well, one that is switched off and serves no JSON, and a secret one."""
    network = NetworkFactory.create(slug="test_chain", chain_id=BASE, endpoint=None)
    add = RpcEndpointFactory.create
    return [
        add(network=network, position=0, url=node.url()),
        add(network=network, position=1, url=node.url("/garbage"), enabled=False),
        add(network=network, position=2, url="TEST_CHAIN_URL", url_kind=UrlKind.ENVIRONMENT),
    ]


def test_probe__asked__says_how_many_and_asks_nobody(
    staff: Client, node: NodeServer, endpoints: list[RpcEndpoint]
) -> None:
    page = staff.get(URL)

    assert dict(page.context["facts"]) == {"Endpoints": 3, "Of these, asked": 2}
    assert node.asked == []


def test_probe__confirmed__each_endpoint_with_latency_height_and_why_not(
    staff: Client, node: NodeServer, endpoints: list[RpcEndpoint], settings: Any
) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["127.0.0.1"]

    page = staff.post(URL)

    well, bad, secret = page.context["table"]["rows"]
    assert "Ok" in well[1]
    assert well[2].endswith(" ms")
    assert well[3] == "38,000,001"
    assert "the answer is not JSON" in bad[1]
    assert "a secret of the runtime" in secret[1]
    assert "<html>" not in str(bad)


def test_probe__host_that_is_not_public__refused_and_never_asked(
    staff: Client, node: NodeServer, endpoints: list[RpcEndpoint]
) -> None:
    page = staff.post(URL)

    assert "Nothing can be sent to this host" in page.context["table"]["rows"][0][1]
    assert node.asked == []


def test_probe__staff_who_may_only_look__403_and_nobody_asked(
    clerk: Callable[..., Client], node: NodeServer, endpoints: list[RpcEndpoint]
) -> None:
    assert clerk("platform_catalog.view_network").post(URL).status_code == 403
    assert node.asked == []

"""Probing endpoints, against a real server that answers well and badly."""

from __future__ import annotations

import json
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from blip0.common.connecting import Connector
from blip0.common.exceptions import NotFound
from blip0.common.net import Allowed
from blip0.testing.queries import count_queries
from blip0.tests.sender.servers import LOOPBACK
from platform_catalog.choices import NetworkType, RpcType, UrlKind
from platform_catalog.contracts import Outcome, Probe, ProbeTarget
from platform_catalog.models import Network, RpcEndpoint
from platform_catalog.services.loading import shipped_genesis_hashes
from platform_catalog.services.probes import (
    AT_ONCE,
    endpoint_probe,
    endpoints_probe,
    probe_targets,
)
from platform_catalog.tests.factories import NetworkFactory
from platform_catalog.tests.nodes import (
    BASE,
    GENESIS,
    HEIGHT,
    PASSPHRASE,
    TIMEOUT_S,
    NodeServer,
    node,
)

__all__ = ["node"]


def ask(target: ProbeTarget, timeout_s: float = TIMEOUT_S) -> Probe:
    return endpoint_probe(target, timeout_s, Connector(allowed=LOOPBACK))


def target(url: str, kind: NetworkType = NetworkType.EVM, expected: str = str(BASE)) -> ProbeTarget:
    return ProbeTarget("base", kind, url, expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (NetworkType.EVM, str(BASE)),
        (NetworkType.STELLAR, PASSPHRASE),
        (NetworkType.SOLANA, GENESIS),
    ],
)
def test_endpoint_probe__right_network__ok_with_latency(
    node: NodeServer, kind: NetworkType, expected: str
) -> None:
    probe = ask(target(node.url("/?key=1"), kind, expected))

    assert (probe.outcome, probe.detail) == (Outcome.OK, "")
    assert probe.latency_ms is not None
    assert 0 <= probe.latency_ms < TIMEOUT_S * 1000
    assert probe.height == HEIGHT
    assert node.asked == ["/?key=1"] * 2


@pytest.mark.parametrize(
    ("path", "why"), [("/no-height", "HTTP 403"), ("/huge-height", "eth_blockNumber gave 0xfff")]
)
def test_endpoint_probe__height_not_told__ok_all_the_same_and_why(
    node: NodeServer, path: str, why: str
) -> None:
    probe = ask(target(node.url(path)))

    assert (probe.outcome, probe.height) == (Outcome.OK, None)
    assert f"its height is not known: {why}" in probe.detail


def test_endpoint_probe__host_that_is_not_public__refused_and_never_asked(
    node: NodeServer,
) -> None:
    probe = endpoint_probe(target(node.url("/key")), TIMEOUT_S, Connector(allowed=Allowed.of([])))

    assert probe.outcome == Outcome.UNREACHABLE
    assert "Nothing can be sent to this host" in probe.detail
    assert "key" not in probe.detail
    assert node.asked == []


@pytest.mark.parametrize(
    ("kind", "expected", "detail"),
    [
        (NetworkType.EVM, "1", "is 8453, not 1"),
        (NetworkType.EVM, "84", "is 8453, not 84"),
        (NetworkType.STELLAR, "Public", f"is {PASSPHRASE}, not Public"),
        (NetworkType.SOLANA, "5eykt", f"is {GENESIS}wcaWoxPkrZBG, not 5eykt"),
    ],
)
def test_endpoint_probe__another_network__wrong_chain_and_which(
    node: NodeServer, kind: NetworkType, expected: str, detail: str
) -> None:
    probe = ask(target(node.url(), kind, expected))

    assert (probe.outcome, probe.detail) == (Outcome.WRONG_CHAIN, detail)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/number", "eth_chainId gave 8453"),
        ("/text", "eth_chainId gave eight thousand"),
        ("/long", "eth_chainId gave 0xfff"),
        ("/nothing", "not an answer of JSON-RPC"),
        ("/list", "not an answer of JSON-RPC"),
        ("/garbage", "the answer is not JSON"),
        ("/deep", "the answer is not JSON"),
        ("/refused", "JSON-RPC error"),
        ("/huge", "an answer of more than 64 KiB"),
        ("/busy", "HTTP 429"),
        ("/elsewhere", "HTTP 307 to http://169.254.169.254/"),
        ("/hangs-up", "The target broke off"),
    ],
)
def test_endpoint_probe__answers_not_as_a_node__unreachable_and_why(
    node: NodeServer, path: str, detail: str
) -> None:
    probe = ask(target(node.url(path)))

    assert probe.outcome == Outcome.UNREACHABLE
    assert detail in probe.detail
    assert len(probe.detail) < 150
    assert probe.detail.isprintable()
    assert node.asked == [path]  # and nothing else: no redirect, no second try


@pytest.mark.parametrize("path", ["/slow", "/drip", "/drip-body"])
def test_endpoint_probe__slow__given_up_in_time(node: NodeServer, path: str) -> None:
    began = time.monotonic()

    probe = ask(target(node.url(path)), 0.2)

    assert 0.2 <= time.monotonic() - began < TIMEOUT_S
    assert (probe.outcome, probe.detail) == (Outcome.UNREACHABLE, "no answer in time")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://nowhere.invalid/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "file:///etc/passwd",
        "https://",
        "",
    ],
)
def test_endpoint_probe__no_such_place__unreachable(url: str) -> None:
    probe = ask(target(url))

    assert probe.outcome == Outcome.UNREACHABLE
    assert probe.detail


def test_endpoints_probe__many__a_few_at_once_and_in_order(node: NodeServer) -> None:
    targets = [target(node.url(path)) for path in ["/brief"] * 20 + ["/busy"]]
    connector = Connector(allowed=LOOPBACK)

    probes = list(endpoints_probe(targets, timeout_s=TIMEOUT_S, connector=connector))

    assert [probe.outcome for probe in probes] == [Outcome.OK] * 20 + [Outcome.UNREACHABLE]
    assert 1 < node.most <= AT_ONCE


@pytest.fixture
def networks(db: None, node: NodeServer, settings: Any) -> None:
    """Only what a test puts there: the world of the tests has networks of its own."""
    settings.DELIVERY_ALLOWED_TARGETS = ["127.0.0.1"]
    RpcEndpoint.objects.all().delete()
    Network.objects.update(enabled=False)


def add(slug: str, *urls: str, **fields: Any) -> Network:
    network = NetworkFactory.create(slug=slug, **{"chain_id": BASE, **fields}, endpoint=None)
    for position, url in enumerate(urls):
        RpcEndpoint.objects.create(network=network, url=url, position=position)
    return network


def test_probe_targets__kinds_of_endpoints__asked_or_why_not(networks: None) -> None:
    add("one", "https://a.example", "https://b.example")
    RpcEndpoint.objects.filter(url="https://b.example").update(enabled=False)
    secret = add("two")
    RpcEndpoint.objects.create(network=secret, url_kind=UrlKind.ENVIRONMENT, url="TWO_URL")
    midnight = add("three", network_type=NetworkType.MIDNIGHT)
    RpcEndpoint.objects.create(network=midnight, rpc_type=RpcType.WS_RPC, url="wss://c.example")
    add("four", "https://d.example", chain_id=None)
    add("five", "https://e.example", network_type=NetworkType.SOLANA)
    add("off", "https://f.example", enabled=False)

    with count_queries() as queries:
        targets = probe_targets()

    assert len(queries) == 2
    assert {(found.network, found.endpoint): found.expected for found in targets} == {
        ("one", "https://a.example"): str(BASE),
        ("two", "Environment TWO_URL"): "",
        ("three", "wss://c.example"): "",
        ("four", "https://d.example"): "",
        ("five", "https://e.example"): "",
    }
    assert all(bool(found.expected) != bool(found.why_not) for found in targets)
    assert [found.network for found in probe_targets(["off"])] == ["off"]
    everything = probe_targets(["one"], disabled_endpoints=True)
    assert [found.endpoint for found in everything] == ["https://a.example", "https://b.example"]
    with pytest.raises(NotFound, match="no network nowhere"):
        probe_targets(["one", "nowhere"])


def test_shipped_genesis_hashes__solana__each_of_its_networks() -> None:
    assert shipped_genesis_hashes().keys() == {"solana_mainnet", "solana_devnet", "solana_testnet"}


def run(*arguments: str) -> tuple[str, int, str]:
    """What is printed, the exit status and the last line of the error."""
    out = StringIO()
    try:
        call_command("catalog_probe", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), error.returncode, str(error)
    return out.getvalue(), 0, ""


def test_catalog_probe__outcomes__a_line_each_and_the_exit_status(
    networks: None, node: NodeServer
) -> None:
    add("good", node.url())
    add("wrong", node.url("/?wrong"), chain_id=1)
    add("down", node.url("/busy"))

    printed, status, said = run()
    good = run("good")

    lines = {line.split("  ")[0].strip() for line in printed.splitlines()}
    assert lines == {"ok", "wrong chain", "unreachable"}
    assert "(is 8453, not 1)" in printed
    assert (status, said) == (3, "1 ok, 1 wrong chain, 1 unreachable, 0 not probed")
    assert good[1] == 0
    assert good[0].endswith("1 ok, 0 wrong chain, 0 unreachable, 0 not probed\n")
    assert run("good", "down")[1] == 4
    assert run("nowhere")[1:] == (1, "There is no network nowhere.")


def test_catalog_probe__of_one_with_its_disabled_endpoints__as_its_button(
    networks: None, node: NodeServer
) -> None:
    add("good", node.url(), node.url("/busy"))
    add("down", node.url("/slow"))
    RpcEndpoint.objects.filter(url=node.url("/busy")).update(enabled=False)

    assert run("good")[0].endswith("1 ok, 0 wrong chain, 0 unreachable, 0 not probed\n")
    _printed, status, said = run("good", "--disabled-endpoints")

    assert (status, said) == (4, "1 ok, 0 wrong chain, 1 unreachable, 0 not probed")


def test_catalog_probe__json__all_of_it_and_the_same_exit_status(
    networks: None, node: NodeServer
) -> None:
    add("good", node.url())
    add("down", node.url("/slow"))

    printed, status, _said = run("--json", "--timeout", "0.2")

    found = {probe["network"]: probe for probe in json.loads(printed)}
    assert status == 4
    assert found["good"]["outcome"] == "ok"
    assert isinstance(found["good"]["latency_ms"], int)
    assert found["down"]["detail"] == "no answer in time"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "61", "x"])
def test_catalog_probe__senseless_timeout__refused(seconds: str) -> None:
    with pytest.raises(CommandError, match="--timeout"):
        call_command("catalog_probe", f"--timeout={seconds}")

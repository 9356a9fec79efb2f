"""Does each endpoint of the catalogue serve the network that it is said to serve, and how far?

Nothing is written. Only what the sender lets through is asked: hosts on the public internet, and
those that staff allow (`blip0.common.allowed_targets`). No redirect is followed, and an answer may
have `MAX_ANSWER` bytes. No word of a URL's path is in what is told of a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.db.models import Prefetch

from blip0.common.connecting import Connector, DeliveryFailed, TargetRefused, TookTooLong
from blip0.common.exceptions import NotFound
from blip0.common.sender import http_send
from platform_catalog.choices import NetworkType, RpcType, UrlKind
from platform_catalog.contracts import Outcome, Probe, ProbeTarget
from platform_catalog.models import Network, RpcEndpoint
from platform_catalog.services.loading import shipped_genesis_hashes

AT_ONCE: Final = 8
MAX_ANSWER: Final = 64 * 1024
MAX_HEIGHT: Final = 2**63 - 1


class NoAnswer(Exception):
    """The endpoint does not answer, or not as a node does; the text says how."""


@dataclass(frozen=True)
class _Question:
    """A method of JSON-RPC, and what to read in its result. `read` raises what it likes to."""

    method: str
    read: Callable[[Any], Any]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_HEIGHT:
        return value
    raise ValueError


WHICH: Final[Mapping[NetworkType, _Question]] = {
    NetworkType.EVM: _Question("eth_chainId", lambda found: str(int(found, 16))),
    NetworkType.STELLAR: _Question("getNetwork", lambda found: _text(found["passphrase"])),
    NetworkType.SOLANA: _Question("getGenesisHash", _text),
}
"""What tells which network an endpoint serves, in the form of `ProbeTarget.expected`."""
HOW_FAR: Final[Mapping[NetworkType, _Question]] = {
    NetworkType.EVM: _Question("eth_blockNumber", lambda found: _number(int(found, 16))),
    NetworkType.STELLAR: _Question("getLatestLedger", lambda found: _number(found["sequence"])),
    NetworkType.SOLANA: _Question("getSlot", _number),
}


def probe_targets(
    slugs: Collection[str] = (), *, disabled_endpoints: bool = False
) -> list[ProbeTarget]:
    """The enabled endpoints of these networks; without `slugs`, of every enabled one.

    Two queries. Raises `NotFound` for a slug that no network has.
    """
    endpoints = RpcEndpoint.objects.all()
    if not disabled_endpoints:
        endpoints = endpoints.filter(enabled=True)
    networks = Network.objects.prefetch_related(Prefetch("rpc_endpoints", endpoints))
    networks = networks.filter(slug__in=slugs) if slugs else networks.filter(enabled=True)
    if unknown := set(slugs) - {network.slug for network in networks}:
        raise NotFound(f"There is no network {', '.join(sorted(unknown))}.")
    genesis = shipped_genesis_hashes()
    return [
        _target(network, endpoint, genesis.get(network.slug, ""))
        for network in networks
        for endpoint in network.rpc_endpoints.all()
    ]


def endpoints_probe(
    targets: Iterable[ProbeTarget], *, timeout_s: float, connector: Connector | None = None
) -> Iterator[Probe]:
    """Ask them, `AT_ONCE` at a time; the probes come in the order of the targets.

    At most one query, for what staff allow.
    """
    # Made here: its query belongs to this thread's connection.
    guard = connector or Connector()
    with ThreadPoolExecutor(AT_ONCE) as executor:
        yield from executor.map(lambda target: endpoint_probe(target, timeout_s, guard), targets)


def endpoint_probe(target: ProbeTarget, timeout_s: float, connector: Connector) -> Probe:
    """Ask one endpoint; takes at most `timeout_s` seconds, whatever the other side does.

    `latency_ms` is the first answer's. No queries.
    """
    if not target.expected:
        return Probe(target.network, target.endpoint, Outcome.NOT_PROBED, target.why_not)
    kind, url = NetworkType(target.network_type), target.endpoint
    began = time.monotonic()
    try:
        identity = _ask(url, WHICH[kind], timeout_s, connector)
    except NoAnswer as error:
        identity, outcome, detail = None, Outcome.UNREACHABLE, str(error)
    else:
        right = identity == target.expected or (
            kind == NetworkType.SOLANA and identity.startswith(target.expected)
        )
        outcome = Outcome.OK if right else Outcome.WRONG_CHAIN
        detail = "" if right else f"is {_shown(identity)}, not {_shown(target.expected)}"
    took = time.monotonic() - began
    height = None
    if outcome == Outcome.OK and took < timeout_s:
        try:
            height = _ask(url, HOW_FAR[kind], timeout_s - took, connector)
        except NoAnswer as error:
            detail = f"its height is not known: {error}"
    return Probe(target.network, target.endpoint, outcome, detail, round(took * 1000), height)


def _target(network: Network, endpoint: RpcEndpoint, genesis: str) -> ProbeTarget:
    expected = {
        NetworkType.EVM: "" if network.chain_id is None else str(network.chain_id),
        NetworkType.STELLAR: network.network_passphrase,
        NetworkType.SOLANA: genesis,
    }.get(NetworkType(network.network_type), "")
    if endpoint.url_kind != UrlKind.PLAIN:
        why_not = "its URL is a secret of the runtime"
    elif endpoint.rpc_type != RpcType.RPC or network.network_type not in WHICH:
        why_not = "not JSON-RPC over HTTP"
    else:
        why_not = "" if expected else "nothing known to compare the answer with"
    return ProbeTarget(
        network=network.slug,
        network_type=network.network_type,
        endpoint=(
            endpoint.url
            if endpoint.url_kind == UrlKind.PLAIN
            else f"{endpoint.url_kind} {endpoint.url}"
        ),
        expected="" if why_not else expected,
        why_not=why_not,
    )


def _ask(url: str, question: _Question, timeout_s: float, connector: Connector) -> Any:
    result = _result(url, question.method, timeout_s, connector)
    try:
        return question.read(result)
    except (TypeError, ValueError, KeyError) as error:
        raise NoAnswer(f"{question.method} gave {_shown(result)}") from error


def _result(url: str, method: str, timeout_s: float, connector: Connector) -> Any:
    """The member `result` of the answer to one call. Raises `NoAnswer`."""
    try:
        answer = http_send(
            "POST",
            url,
            headers={"Content-Type": "application/json"},
            body=orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}),
            timeout_s=timeout_s,
            max_body=MAX_ANSWER,
            connector=connector,
        )
    except TookTooLong:
        raise NoAnswer("no answer in time") from None
    except (TargetRefused, DeliveryFailed) as error:
        raise NoAnswer(error.message) from error
    if answer.status != HTTPStatus.OK:
        location = answer.headers.get("Location")
        whither = f" to {_shown(location)}" if location else ""
        raise NoAnswer(f"HTTP {answer.status}{whither}")
    if answer.cut:
        raise NoAnswer(f"an answer of more than {MAX_ANSWER // 1024} KiB")
    return _result_in(answer.body)


def _result_in(answer: bytes) -> Any:
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise NoAnswer("the answer is not JSON") from None
    if not isinstance(document, dict) or document.get("result") is None:
        error = document.get("error") if isinstance(document, dict) else None
        raise NoAnswer(f"JSON-RPC error {_shown(error)}" if error else "not an answer of JSON-RPC")
    return document["result"]


def _shown(value: object) -> str:
    """What came from outside, for a terminal: short, and without control characters."""
    text = value if isinstance(value, str) else repr(value)
    printable = "".join(char if char.isprintable() else "�" for char in text)
    return printable if len(printable) <= 100 else f"{printable[:100]}…"

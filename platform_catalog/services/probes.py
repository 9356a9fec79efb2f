"""Does each endpoint of the catalogue serve the network that it is said to serve?

Nothing is written. An endpoint is asked once, over plain HTTP(S): no redirect is followed, no
proxy of the environment is used, and an answer may have `MAX_ANSWER` bytes.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.db.models import Prefetch

from blip0.common.exceptions import NotFound
from platform_catalog.choices import NetworkType, RpcType, UrlKind
from platform_catalog.contracts import Outcome, Probe, ProbeTarget
from platform_catalog.models import Network, RpcEndpoint
from platform_catalog.services.loading import shipped_genesis_hashes

AT_ONCE = 8
MAX_ANSWER = 64 * 1024
METHODS = {
    NetworkType.EVM: "eth_chainId",
    NetworkType.STELLAR: "getNetwork",
    NetworkType.SOLANA: "getGenesisHash",
}


class NoAnswer(Exception):
    """The endpoint does not answer, or not as a node does; the text says how."""


def probe_targets(slugs: Collection[str] = ()) -> list[ProbeTarget]:
    """The enabled endpoints of these networks; without `slugs`, of every enabled one.

    Two queries. Raises `NotFound` for a slug that no network has.
    """
    endpoints = RpcEndpoint.objects.filter(enabled=True)
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


def endpoints_probe(targets: Iterable[ProbeTarget], *, timeout_s: float) -> Iterator[Probe]:
    """Ask them, `AT_ONCE` at a time; the probes come in the order of the targets. No queries."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        yield from executor.map(lambda target: endpoint_probe(target, timeout_s), targets)


def endpoint_probe(target: ProbeTarget, timeout_s: float) -> Probe:
    """Ask one endpoint; takes at most `timeout_s` seconds, whatever the other side does."""
    if not target.expected:
        return Probe(target.network, target.endpoint, Outcome.NOT_PROBED, target.why_not)
    began = time.monotonic()
    try:
        identity = _identity(NetworkType(target.network_type), target.endpoint, timeout_s)
    except NoAnswer as error:
        outcome, detail = Outcome.UNREACHABLE, str(error)
    else:
        right = identity == target.expected or (
            target.network_type == NetworkType.SOLANA and identity.startswith(target.expected)
        )
        outcome = Outcome.OK if right else Outcome.WRONG_CHAIN
        detail = "" if right else f"is {_shown(identity)}, not {_shown(target.expected)}"
    latency_ms = round((time.monotonic() - began) * 1000)
    return Probe(target.network, target.endpoint, outcome, detail, latency_ms)


def _target(network: Network, endpoint: RpcEndpoint, genesis: str) -> ProbeTarget:
    expected = {
        NetworkType.EVM: "" if network.chain_id is None else str(network.chain_id),
        NetworkType.STELLAR: network.network_passphrase,
        NetworkType.SOLANA: genesis,
    }.get(NetworkType(network.network_type), "")
    if endpoint.url_kind != UrlKind.PLAIN:
        why_not = "its URL is a secret of the runtime"
    elif endpoint.rpc_type != RpcType.RPC or network.network_type not in METHODS:
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


def _identity(kind: NetworkType, url: str, timeout_s: float) -> str:
    """Which network the endpoint says it serves, in the form of `ProbeTarget.expected`."""
    result = _Call(url, METHODS[kind], timeout_s).result()
    try:
        if kind == NetworkType.EVM:
            return str(int(result, 16))
        identity = result["passphrase"] if kind == NetworkType.STELLAR else result
        if isinstance(identity, str):
            return identity
    except (TypeError, ValueError, KeyError) as error:
        raise NoAnswer(f"{METHODS[kind]} gave {_shown(result)}") from error
    raise NoAnswer(f"{METHODS[kind]} gave {_shown(result)}")


@dataclass
class _Call:
    """One JSON-RPC call, in a thread of its own: nothing can interrupt the resolving of a name.

    When the time is over the connection is shut down, which ends the thread soon.
    """

    url: str
    method: str
    timeout_s: float
    _socket: socket.socket | None = None

    def result(self) -> Any:
        """The member `result` of the answer. Raises `NoAnswer`."""
        outcome = SimpleQueue[Any]()
        threading.Thread(
            target=self._run, args=(outcome,), name=f"probe {self.url}", daemon=True
        ).start()
        try:
            answer = outcome.get(timeout=self.timeout_s)
        except Empty:
            self._hang_up()
            raise self._too_late() from None
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    def _run(self, outcome: SimpleQueue[Any]) -> None:
        try:
            outcome.put(_result_in(self._answer()))
        except NoAnswer as error:
            outcome.put(error)
        except TimeoutError:  # the socket's own limit, a moment before ours
            outcome.put(self._too_late())
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            outcome.put(NoAnswer(_shown(said)))

    def _too_late(self) -> NoAnswer:
        return NoAnswer(f"no answer within {self.timeout_s:g} s")

    def _answer(self) -> bytes:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NoAnswer("not a URL of HTTP")
        secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(parts.hostname, parts.port, timeout=self.timeout_s)
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": self.method, "params": []})
        headers = {"Content-Type": "application/json", "User-Agent": "blip0"}
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with closing(connection):
            connection.connect()
            self._socket = connection.sock  # the connection forgets it once it has the headers
            connection.request("POST", path, body, headers)
            with connection.getresponse() as response:
                if response.status != http.client.OK:
                    location = response.getheader("Location")
                    whither = f" to {_shown(location)}" if location else ""
                    raise NoAnswer(f"HTTP {response.status}{whither}")
                answer = response.read(MAX_ANSWER + 1)
        if len(answer) > MAX_ANSWER:
            raise NoAnswer(f"an answer of more than {MAX_ANSWER // 1024} KiB")
        return answer

    def _hang_up(self) -> None:
        if self._socket:
            with suppress(OSError):  # it has ended meanwhile
                self._socket.shutdown(socket.SHUT_RDWR)


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

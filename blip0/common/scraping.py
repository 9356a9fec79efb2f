"""Who may read metrics, and where: `/metrics` of the web process, a port of the other ones'."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from blip0.common.metrics import exposition

logger = structlog.get_logger(__name__)

PATH = "/metrics"
LOOPBACK = ("127.0.0.0/8", "::1/128")
REFUSED = (
    "Metrics: with the token of BLIP0_METRICS_TOKEN, or from a network of BLIP0_METRICS_NETWORKS "
    "and not through a proxy.\n"
)
_OF_PROXIES = frozenset({"forwarded", "via", "x-real-ip"})


def may_scrape(peer: str, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether this request may read metrics: by its token, else by where it comes from.

    A proxy's address says nothing about who is behind it, so what came through one needs the
    token. Where neither token nor networks are set, this machine may.
    """
    given = {name.lower(): value for name, value in headers}
    token = settings.METRICS_TOKEN
    if token and constant_time_compare(given.get("authorization", ""), f"Bearer {token}"):
        return True
    if any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in given):
        return False
    try:
        address = ip_address(peer)
    except ValueError:  # a Unix socket has none, and a proxy at its other end
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in scrape_networks())


def scrape_networks() -> tuple[IPv4Network | IPv6Network, ...]:
    """From where no token is needed. Raises `ImproperlyConfigured`."""
    listed = tuple(settings.METRICS_NETWORKS)
    return _networks(listed or (() if settings.METRICS_TOKEN else LOOPBACK))


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(map(ip_network, texts))
    except ValueError as problem:
        raise ImproperlyConfigured(f"BLIP0_METRICS_NETWORKS: {problem}") from problem


class MetricsMiddleware:
    """Answers `/metrics` before hosts, sessions and tenants are looked at, as probes are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        if not may_scrape(request.META.get("REMOTE_ADDR", ""), request.headers.items()):
            return HttpResponse(REFUSED, status=403, content_type="text/plain")
        return HttpResponse(
            exposition(with_state=True),
            content_type=CONTENT_TYPE_PLAIN_0_0_4,
            headers={"Cache-Control": "no-store"},
        )


class _Handler(BaseHTTPRequestHandler):
    """The same for a process that serves nothing else. The state is the web process' to tell."""

    server_version = "blip0"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        if self.path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, b"")
        elif not may_scrape(self.client_address[0], self.headers.items()):
            self._answer(HTTPStatus.FORBIDDEN, REFUSED.encode())
        else:
            self._answer(HTTPStatus.OK, exposition(with_state=False))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing: the log is for what happens, and this happens four times a minute."""

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(socketserver.ThreadingTCPServer):
    """Not the standard library's HTTP server: that one asks DNS for its own name first."""

    allow_reuse_address = True
    daemon_threads = True


def listen_address() -> tuple[str, int] | None:
    """What `BLIP0_METRICS_LISTEN` says, None for nothing. Raises `ImproperlyConfigured`."""
    if not settings.METRICS_LISTEN:
        return None
    host, _, port = settings.METRICS_LISTEN.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ImproperlyConfigured(
            f"BLIP0_METRICS_LISTEN={settings.METRICS_LISTEN}: must be address:port, such as "
            "0.0.0.0:9464."
        )
    return host, int(port)


def serve_metrics() -> socketserver.BaseServer | None:
    """Serve this process' metrics at `BLIP0_METRICS_LISTEN`, in a thread; None: it isn't set.

    A port that can't be had is logged: the process has more important things to do. Raises
    `ImproperlyConfigured`, which a check has told before.
    """
    address = listen_address()
    if address is None:
        return None
    try:
        server = _Server(address, _Handler)
    except OSError as error:
        logger.error("metrics.not_served", listen=settings.METRICS_LISTEN, error=repr(error))
        return None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server

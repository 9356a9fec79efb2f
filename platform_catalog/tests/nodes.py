"""A node of a blockchain on the loopback, which answers well on `/` and badly elsewhere."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from platform_catalog.services.probes import MAX_ANSWER

TIMEOUT_S = 5.0
BASE = 8453
HEIGHT = 38_000_001
PASSPHRASE = "Test SDF Network ; September 2015"
GENESIS = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"
RESULTS: dict[str, Any] = {
    "eth_chainId": hex(BASE),
    "getNetwork": {"passphrase": PASSPHRASE, "protocolVersion": 23},
    "getGenesisHash": GENESIS + "wcaWoxPkrZBG",
    "eth_blockNumber": hex(HEIGHT),
    "getLatestLedger": {"sequence": HEIGHT},
    "getSlot": HEIGHT,
}


def _result(value: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": value}).encode()


BODIES = {
    "/number": _result(BASE),
    "/text": _result("eight thousand"),
    "/long": _result("0x" + "f" * 20_000),
    "/nothing": _result(None),
    "/garbage": b"<html>\x1b[2J",
    "/deep": b"[" * 60_000,
    "/list": b"[1]",
    "/refused": b'{"error": {"code": -32601, "message": "\\u001b[2Jno such method"}}',
    "/huge": _result("0" * MAX_ANSWER),
}


class Node(BaseHTTPRequestHandler):
    """A node on `/`; on other paths one of the ways in which an endpoint may misbehave."""

    server: NodeServer

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path:
            case "/slow":
                self.server.over.wait(TIMEOUT_S * 2)
            case "/drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not self.server.over.wait(0.02):
                    self.wfile.write(b"X")
            case "/drip-body":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
                while not self.server.over.wait(0.02):
                    self.wfile.write(b" ")
            case "/elsewhere":
                self.send_response(307)
                self.send_header("Location", "http://169.254.169.254/\x1b[2J")
                self.end_headers()
            case "/no-height" if call["method"] != "eth_chainId":
                self.send_error(403)
            case "/huge-height" if call["method"] != "eth_chainId":
                self._answer(_result("0x" + "f" * 20_000))
            case "/busy":
                self.send_error(429)
            case "/hangs-up":
                self.close_connection = True
            case "/brief":
                with self.server.counting:
                    self.server.inside += 1
                    self.server.most = max(self.server.most, self.server.inside)
                time.sleep(0.05)
                with self.server.counting:
                    self.server.inside -= 1
                self._answer(_result(RESULTS[call["method"]]))
            case path:
                self._answer(BODIES.get(path) or _result(RESULTS[call["method"]]))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing on the terminal."""


class NodeServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Node)
        self.over = threading.Event()
        self.counting = threading.Lock()
        self.inside = self.most = 0
        self.asked: list[str] = []

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_args: object) -> None:
        """Clients hang up here: that is what is tested."""


@pytest.fixture
def node() -> Iterator[NodeServer]:
    with NodeServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()

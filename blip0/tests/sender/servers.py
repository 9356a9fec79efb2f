"""Servers of this machine that answer, drip and misbehave, and resolvers that lead to them."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from contextlib import contextmanager

from blip0.common.connecting import Connector
from blip0.common.net import Allowed

LOOPBACK = Allowed.of(["127.0.0.0/8"])
HERE = Connector(allowed=LOOPBACK)
NAME = "hooks.example.test"
TIMES, PAUSE_S = 200, 0.05
"""Of what `/drip` and `/endless` send."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    seen: list[str]

    def handle_error(self, *_arguments):
        """A broken handshake is the test's intent."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what it got; `/redirect`, `/huge`, `/drip` and `/endless` misbehave."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self):
        self.server.seen.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/huge":
            self.send_response(200)
            self.end_headers()
            self._write(b"x" * 65536)
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            self._write(b"x", pause=PAUSE_S)
        elif self.path == "/endless":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n", pause=PAUSE_S)
        else:
            answer = {"path": self.path, "headers": dict(self.headers), "body": body.decode()}
            text = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    do_GET = do_POST  # noqa: N815  # what the server looks for

    def _write(self, chunk, pause=0.0):
        try:
            for _ in range(TIMES):
                self.wfile.write(chunk)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:  # the other side has had enough
            self.close_connection = True

    def log_message(self, *_arguments):
        """Quiet."""


@contextmanager
def running(context=None, family=socket.AF_INET, address="127.0.0.1"):
    class Here(Server):
        address_family = family

    server = Here((address, 0), Handler)
    server.seen = []
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def leading_to(*addresses):
    """A resolver that leads to one address after the other, and counts how often it is asked."""
    asked: list[str] = []

    def resolve(host, port):
        address = addresses[min(len(asked), len(addresses) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, (address, port))]

    return resolve, asked


@contextmanager
def mail_server(context=None, *, greeting=b"220 here\r\n", implicit=False, pause=0.0):
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                if implicit:
                    connection = context.wrap_socket(connection, server_side=True)
                for byte in greeting:
                    connection.sendall(bytes([byte]))
                    time.sleep(pause)
                while line := connection.recv(4096):
                    heard.append(line.strip().lower()[:8])
                    if line.lower().startswith(b"ehlo"):
                        connection.sendall(b"250-here\r\n250 STARTTLS\r\n")
                    elif line.lower().startswith(b"starttls"):
                        connection.sendall(b"220 go\r\n")
                        connection = context.wrap_socket(connection, server_side=True)
                    elif line.lower().startswith(b"quit"):
                        connection.sendall(b"221 bye\r\n")
                    else:
                        connection.sendall(b"250 ok\r\n")
            except OSError:
                heard.append(b"(gone)")
            finally:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        server.close()
        thread.join(5)

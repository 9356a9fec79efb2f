"""The API over real HTTP: a server of many threads, and callers that all begin at once."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from blip0.testing.world import PASSWORD

CLIENTS: Final = 20
TIMEOUT_S: Final = 30


@dataclass(frozen=True)
class Reply:
    """What a server answered; `body` is its JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        return


class _Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    request_queue_size = 2 * CLIENTS


@contextmanager
def live_server() -> Iterator[str]:
    """The address of a server; each of its requests has a thread and a database connection."""
    application = get_wsgi_application()

    def serve(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        try:
            yield from application(environ, start_response)
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, serve, server_class=_Threading, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def call(method: str, url: str, body: Any = None, **headers: str) -> Reply:
    """One request; `If_Match="…"` is the header `If-Match`."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return Reply(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, dict(error.headers), error.read())


def bearer(server: str, email: str) -> dict[str, str]:
    """The header of someone who has signed in."""
    reply = call("POST", f"{server}/api/v1/login", {"email": email, "password": PASSWORD})
    assert reply.status == 200, reply.content
    return {"Authorization": f"Bearer {reply.body['access']}"}


def at_once(one_call: Callable[[int], Reply], clients: int = CLIENTS) -> list[Reply]:
    """What each of these clients got; none begins before all are there."""
    barrier = threading.Barrier(clients)

    def client(number: int) -> Reply:
        barrier.wait()
        return one_call(number)

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(client, range(clients)))

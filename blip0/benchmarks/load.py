"""Callers that don't wait for each other: each call begins when it is due, or as soon as it can.

A process of its own, of the standard library alone: it shares two processors with what it measures.
Times count from when a call was due, so that a server that stands still is charged for every call
that it kept waiting, and not just for one a client.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

HOST: Final = "127.0.0.1"
LEAD_S: Final = 0.5
"""From the plan to its first moment."""
PATIENCE_S: Final = 30.0
CREATED: Final = "created"
"""Instead of a path: the object that an earlier call of the plan makes."""
NO_ANSWER: Final = 0


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to be made `due` seconds after the beginning; `expected` is the answer's status."""

    due: float
    group: str
    operation: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""
    expected: int = 200
    creates: int | None = None
    """The number of what the call makes; a later one of that number has `CREATED` as its path."""

    def as_bytes(self, path: str) -> bytes:
        body = self.body.encode()
        lines = [f"{self.method} {path} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a call. Times are seconds; `status` is 0 where there was no answer."""

    status: int
    late: float
    """From when it was due to when it was sent: it waited for a free client."""
    total: float
    """From when it was due to the answer's last byte."""
    size: int
    timing: str
    """The header `Server-Timing`."""


class Client:
    """One connection, kept alive; opened again where the server closed it meanwhile."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def exchange(self, request: bytes) -> tuple[int, dict[str, str], int]:
        """Status, headers by lower-case name, and the size of the body. Raises `OSError`."""
        reused = self._reader is not None and not self._reader.at_eof()
        try:
            return await self._attempt(request, reused=reused)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.close()
            unanswered = not getattr(error, "partial", b"")
            if not (reused and unanswered):
                raise ConnectionError("the server hung up") from error
            # It closed the idle connection while the request was on its way: every client asks
            # again then.
            return await self._attempt(request, reused=False)

    async def _attempt(self, request: bytes, *, reused: bool) -> tuple[int, dict[str, str], int]:
        if not reused:
            self.close()
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        assert self._reader is not None and self._writer is not None  # noqa: S101, PT018  # opened
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        status, size = int(first.split()[1]), int(headers.get("content-length", 0))
        await self._reader.readexactly(size)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, size

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Load:
    """Makes the calls of a plan with so many clients."""

    def __init__(self, port: int, clients: int) -> None:
        self._idle: asyncio.Queue[Client] = asyncio.Queue()
        for _ in range(clients):
            self._idle.put_nowait(Client(port))
        self._created: defaultdict[int, asyncio.Future[str]] = defaultdict(asyncio.Future)

    async def make(self, calls: Sequence[Call]) -> list[Answer]:
        """The answers in the order of the calls, which are in the order in which they are due."""
        begin = time.monotonic() + LEAD_S
        tasks = []
        for call in calls:
            wait = begin + call.due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(self._one(call, begin + call.due)))
        answers = await asyncio.gather(*tasks)
        while not self._idle.empty():
            self._idle.get_nowait().close()
        await asyncio.sleep(0)  # a transport closes in the loop's next turn
        return answers

    async def _one(self, call: Call, due: float) -> Answer:
        path = call.path
        if path == CREATED:
            path = await self._created[call.creates or 0]
        client = await self._idle.get()
        sent = time.monotonic()
        try:
            status, headers, size = await asyncio.wait_for(
                client.exchange(call.as_bytes(path)), PATIENCE_S
            )
        except (OSError, TimeoutError):
            client.close()
            status, headers, size = NO_ANSWER, {}, 0
        finally:
            self._idle.put_nowait(client)
        if call.path != CREATED and call.creates is not None:
            self._created[call.creates].set_result(urlsplit(headers.get("location", "/")).path)
        return Answer(
            status=status,
            late=sent - due,
            total=time.monotonic() - due,
            size=size,
            timing=headers.get("server-timing", ""),
        )


def main(port: int, clients: int) -> None:
    """Reads the plan from the standard input, and writes the answers to the standard output."""
    calls = [Call(**call) for call in json.load(sys.stdin)]
    began = time.process_time()
    answers = asyncio.run(Load(port, clients).make(calls))
    busy = time.process_time() - began
    json.dump({"busy_s": busy, "answers": [asdict(answer) for answer in answers]}, sys.stdout)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

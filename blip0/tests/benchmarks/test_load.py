"""The load generator against servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from blip0.benchmarks.load import CREATED, NO_ANSWER, Answer, Call, Load

Serve = Callable[[str, str], str]
"""Method and path to the head of an answer, whose body is empty; "" hangs up instead."""


def answer(status: int, *headers: str) -> str:
    return "\r\n".join([f"HTTP/1.1 {status} -", "Content-Length: 0", *headers, "", ""])


@asynccontextmanager
async def _server(serve: Serve) -> AsyncIterator[int]:
    """One that handles a request at a time, whatever connections there are; its port."""
    alone = asyncio.Lock()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
            method, path, _ = head.decode().split(" ", 2)
            async with alone:
                if path == "/stall":
                    await asyncio.sleep(0.5)
                said = serve(method, path)
            writer.write(said.encode())
            if not said or "Connection: close" in said:
                return

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except asyncio.IncompleteReadError:  # the client has closed it
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _made(calls: Sequence[Call], serve: Serve, *, clients: int = 2) -> list[Answer]:
    async def run() -> list[Answer]:
        async with _server(serve) as port:
            answers = await Load(port, clients).make(calls)
        await asyncio.sleep(0.05)  # the server's ends close as well
        return answers

    return asyncio.run(run())


def _call(due: float, path: str = "/", method: str = "GET", **more: object) -> Call:
    values = {"group": "reads", "operation": path, "headers": {}, **more}
    return Call(due=due, path=path, method=method, **values)  # type: ignore[arg-type]  # a test's


def test_load__server_stalls__every_call_that_was_due_meanwhile_is_charged() -> None:
    calls = [_call(0.0, "/stall"), *(_call(0.05 * number) for number in range(1, 6))]

    answers = _made(calls, lambda _method, _path: answer(200))

    for number, made in enumerate(answers):
        assert made.total >= 0.5 - 0.05 * number - 0.01
    # One waits at the server, with the other client; the rest wait for a client.
    assert answers[1].late < answers[2].late
    assert all(made.late > 0.1 for made in answers[2:5])


def test_load__connection_closed_after_each_answer__is_opened_again() -> None:
    calls = [_call(0.02 * number) for number in range(6)]

    answers = _made(calls, lambda _method, _path: answer(200, "Connection: close"), clients=1)

    assert [made.status for made in answers] == [200] * 6


def test_load__server_hangs_up__is_no_answer_and_the_next_call_goes_on() -> None:
    calls = [_call(0.0, "/gone"), _call(0.1)]

    answers = _made(calls, lambda _method, path: "" if path == "/gone" else answer(204), clients=1)

    assert [made.status for made in answers] == [NO_ANSWER, 204]


def test_load__created__is_what_the_later_call_asks_for() -> None:
    asked: list[tuple[str, str]] = []

    def serve(method: str, path: str) -> str:
        asked.append((method, path))
        if method == "POST":
            return answer(201, "Location: http://127.0.0.1/things/7")
        return answer(204)

    calls = [
        _call(0.0, "/things", "POST", creates=1),
        _call(0.01, CREATED, "DELETE", creates=1),
    ]

    answers = _made(calls, serve, clients=1)

    assert [made.status for made in answers] == [201, 204]
    assert asked == [("POST", "/things"), ("DELETE", "/things/7")]


def test_call__with_a_body__says_how_long_it_is() -> None:
    call = _call(0.0, "/things", "POST", body='"é"', headers={"X-API-Key": "k"})

    head, _, body = call.as_bytes("/things").partition(b"\r\n\r\n")

    assert body == '"é"'.encode()
    assert b"Content-Length: 4" in head
    assert b"X-API-Key: k" in head

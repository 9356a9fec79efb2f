"""Requests as they should be, and servers that misbehave."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from blip0.common.connecting import Connector, DeliveryFailed, TookTooLong
from blip0.common.net import Allowed
from blip0.common.sender import MAX_BODY, http_send
from blip0.tests.sender.servers import HERE, PAUSE_S, TIMES, running

# Requests as they should be


def test_http_send__allowed_server__gets_method_path_headers_and_body(url):
    answer = http_send(
        "POST", f"{url}/a b%20c/ü?q=ä&r=%2F".replace(" ", "%20"), body=b"text", connector=HERE,
        headers={"X-Key": "v", "Content-Type": "text/plain"},
    )  # fmt: skip

    said = json.loads(answer.body)
    assert (answer.status, answer.ok, answer.cut) == (200, True, False)
    assert (said["path"], said["body"]) == ("/a%20b%20c/%C3%BC?q=%C3%A4&r=%2F", "text")
    assert said["headers"]["Host"] == url.removeprefix("http://")
    assert (said["headers"]["X-Key"], said["headers"]["Content-Length"]) == ("v", "4")


def test_http_send__user_and_password_in_the_url__become_a_header(server):
    answer = http_send(
        "GET", f"http://us%40er:p%3Aw@127.0.0.1:{server.server_port}/", connector=HERE
    )

    assert json.loads(answer.body)["headers"]["Authorization"] == "Basic dXNAZXI6cDp3"


def test_http_send__ipv6_server__is_reached():
    with running(family=socket.AF_INET6, address="::1") as server:
        answer = http_send(
            "GET",
            f"http://[::1]:{server.server_port}/",
            connector=Connector(allowed=Allowed.of(["::1"])),
        )

    assert json.loads(answer.body)["headers"]["Host"] == f"[::1]:{server.server_port}"


# Servers that misbehave


def test_http_send__redirect_to_a_private_address__is_not_followed(server, url):
    answer = http_send("POST", f"{url}/redirect", connector=HERE)

    assert (answer.status, answer.ok) == (302, False)
    assert server.seen == ["/redirect"]


def test_http_send__huge_answer__is_read_up_to_the_limit(url):
    answer = http_send("POST", f"{url}/huge", connector=HERE)

    assert (answer.cut, len(answer.body)) == (True, MAX_BODY)


@pytest.mark.parametrize("path", ["/drip", "/endless"])
def test_http_send__bytes_that_come_one_by_one__dont_prolong_it(url, path):
    began = time.monotonic()

    with pytest.raises(TookTooLong):
        http_send("POST", f"{url}{path}", timeout_s=0.4, connector=HERE)

    assert 0.3 < time.monotonic() - began < TIMES * PAUSE_S / 2


def test_http_send__silent_server__is_left_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TookTooLong):
        http_send(
            "POST",
            f"http://127.0.0.1:{silent.getsockname()[1]}/",
            timeout_s=0.3,
            connector=HERE,
        )


def test_http_send__resolver_hangs__is_left_in_time():
    released = threading.Event()

    def hang(_host, _port):
        released.wait(20)
        return []

    began = time.monotonic()
    with pytest.raises(TookTooLong):
        http_send(
            "POST",
            "https://example.org/",
            timeout_s=0.3,
            connector=Connector(allowed=Allowed(), resolve=hang),
        )
    took = time.monotonic() - began
    released.set()
    assert took < 10


def test_http_send__nobody_there__fails_and_names_no_path():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(DeliveryFailed) as caught:
        http_send("POST", f"http://127.0.0.1:{port}/secret-path", connector=HERE)

    assert "secret-path" not in str(caught.value)
    assert "refused" in str(caught.value)


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 99999]
)
def test_http_send__answer_that_is_none__fails(said):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(DeliveryFailed):
            http_send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", connector=HERE)
        thread.join()

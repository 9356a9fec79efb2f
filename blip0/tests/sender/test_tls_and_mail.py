"""Encrypted requests and sessions with mail servers."""

from __future__ import annotations

import json
import socket
import ssl
import threading

import pytest

from blip0.common.connecting import (
    Connector,
    DeliveryFailed,
    TargetRefused,
    TookTooLong,
)
from blip0.common.sender import http_send, smtp_open
from blip0.tests.sender.servers import HERE, NAME, mail_server, running


def test_http_send__tls__name_is_that_of_the_url_and_the_address_the_judged_one(
    server_tls, encrypted
):
    named = []
    server_tls.sni_callback = lambda _socket, name, _context: named.append(name)
    with running(server_tls) as server:
        answer = http_send(
            "POST", f"https://{NAME}:{server.server_port}/x", body=b"y", connector=encrypted
        )

    assert json.loads(answer.body)["headers"]["Host"].startswith(NAME)
    assert named == [NAME]


def test_http_send__certificate_of_another_name__fails(server_tls, encrypted):
    with running(server_tls) as server, pytest.raises(DeliveryFailed, match="ostname"):
        http_send("POST", f"https://other.example.test:{server.server_port}/", connector=encrypted)


def test_http_send__tls_server_drips__is_left_in_time(server_tls, encrypted):
    with running(server_tls) as server, pytest.raises(TookTooLong):
        http_send(
            "POST",
            f"https://{NAME}:{server.server_port}/drip",
            timeout_s=0.5,
            connector=encrypted,
        )


def test_http_send__no_handshake_from_a_tls_server__is_left_in_time(encrypted):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TookTooLong):
        http_send(
            "POST",
            f"https://{NAME}:{silent.getsockname()[1]}/",
            timeout_s=0.3,
            connector=encrypted,
        )


# Mail


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_smtp_open__encrypted_server__is_spoken_to(server_tls, encrypted, security):
    with (
        mail_server(server_tls, implicit=security == "tls") as (port, heard),
        smtp_open(NAME, port, security=security, connector=encrypted) as session,
    ):
        assert session.noop()[0] == 250
        assert isinstance(session.sock, ssl.SSLSocket)
    assert b"noop" in heard


def test_smtp_open__certificate_of_another_name__fails(server_tls, encrypted):
    with mail_server(server_tls) as (port, _), pytest.raises(DeliveryFailed):
        smtp_open("other.example.test", port, security="starttls", connector=encrypted)


def test_smtp_open__server_without_starttls__fails_unencrypted_nothing_is_said(encrypted):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 here\r\n")
                connection.recv(4096)
                connection.sendall(b"250 here\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(DeliveryFailed):
            smtp_open(NAME, server.getsockname()[1], security="starttls", connector=encrypted)
        thread.join()


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "::1", "mail.internal"])
def test_smtp_open__host_that_is_not_public__is_refused(host):
    with pytest.raises(TargetRefused):
        smtp_open(host, 25, security="none", connector=Connector())


def test_smtp_open__greeting_that_drips__is_left_in_time():
    with (
        mail_server(greeting=b"220 " + b"x" * 200, pause=0.05) as (port, _),
        pytest.raises(TookTooLong),
    ):
        smtp_open("127.0.0.1", port, security="none", timeout_s=0.4, connector=HERE)


def test_smtp_open__server_refuses__fails():
    with (
        mail_server(greeting=b"554 go away\r\n") as (port, _),
        pytest.raises(DeliveryFailed, match="554"),
    ):
        smtp_open("127.0.0.1", port, security="none", connector=HERE)

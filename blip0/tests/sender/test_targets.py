"""Where nothing may be sent, by an attacker's means, and what staff allow."""

from __future__ import annotations

import socket

import pytest

from blip0.common.connecting import Connector, DeliveryFailed, TargetRefused, TookTooLong
from blip0.common.exceptions import InvalidField
from blip0.common.net import Allowed
from blip0.common.sender import http_send
from blip0.tests.sender.servers import HERE, LOOPBACK, NAME, leading_to, running

# What staff allow is in the database.
pytestmark = pytest.mark.django_db

# Where nothing may be sent


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "0",
        "0.0.0.0", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[fd00::1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LOCALHOST.", "a.localhost",
        "metadata.google.internal", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_http_send__address_that_is_not_public__is_refused_unsent(server, host):
    with pytest.raises(TargetRefused):
        http_send("POST", f"http://{host}:{server.server_port}/", connector=Connector())

    assert server.seen == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"])
def test_http_send__public_name_of_a_private_address__is_refused_unsent(server, address):
    resolve, _ = leading_to(address)

    with pytest.raises(TargetRefused, match="no address on the public internet"):
        http_send(
            "POST",
            f"http://{NAME}.com:{server.server_port}/",
            connector=Connector(resolve=resolve),
        )

    assert server.seen == []


def test_http_send__name_that_moves_after_the_look__is_asked_once_and_the_judged_one_is_used():
    """What was judged is what is connected to: the loopback comes with the second answer only."""
    with running() as server:
        resolve, asked = leading_to("192.0.2.1", "127.0.0.1")
        rebinding = Connector(allowed=Allowed.of(["192.0.2.0/24"]), resolve=resolve)
        with pytest.raises((DeliveryFailed, TookTooLong)):
            http_send(
                "POST",
                f"http://{NAME}:{server.server_port}/",
                timeout_s=0.5,
                connector=rebinding,
            )
        assert (len(asked), server.seen) == (1, [])


def test_http_send__one_of_two_addresses_is_private__only_the_public_one_is_tried(server):
    def both(_host, port):
        return [
            (socket.AF_INET, ("10.0.0.1", port)),
            (socket.AF_INET, ("127.0.0.1", port)),
        ]

    http_send(
        "GET",
        f"http://{NAME}.com:{server.server_port}/",
        connector=Connector(allowed=LOOPBACK, resolve=both),
    )

    assert server.seen == ["/"]


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/",
        "example.org", "", "http://", "http:///x", "http://example.org:0/",
        "http://example.org:99999/", "https://10.0.0.1\\@example.org/", "http://a b/",
        "http://example.org/\r\nX: y", "http://exa\tmple.org/", "http://[::1/", "http://ex%61mple/",
    ],
)  # fmt: skip
def test_http_send__what_is_no_target__is_refused(bad):
    with pytest.raises(TargetRefused):
        http_send("POST", bad)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "other"}, {"content-length": "0"}, {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"}, {"X": "a\r\nY: b"}, {"X\r\nY": "b"}, {"": "x"}, {"X": "€"},
    ],
)  # fmt: skip
def test_http_send__header_that_changes_the_request__is_refused(server, url, headers):
    with pytest.raises(TargetRefused):
        http_send("POST", url, headers=headers, connector=HERE)

    assert server.seen == []


# What staff allow


def test_allowed__entries__hosts_addresses_and_networks():
    allowed = Allowed.of(["Hooks.Internal.", "10.0.0.5", "192.168.0.0/16", "fd00::/8"])

    assert all(map(allowed.host, ["hooks.internal", "HOOKS.INTERNAL.", "10.0.0.5"]))
    assert all(map(allowed.address, ["10.0.0.5", "::ffff:192.168.1.1"]))
    assert all(map(allowed.literal, ["192.168.1.1", "[fd00::1]", "0xc0a80101"]))
    assert not allowed.address("10.0.0.6")
    assert not allowed.host("other.internal")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("10.0.0.1/8", "has bits beyond its mask. Write 10.0.0.0/8."),
        ("fd00::1/8", "has bits beyond its mask. Write fd00::/8."),
        ("https://hooks.internal/in", "is not a network. Write one like 10.1.0.0/16, or a host"),
        ("10.0.0.0/33", "is not a network"),
        ("hooks.internal:8080", "is not the name of a host, an address or a network"),
        ("*.internal", "no scheme, port, path or wildcard"),
        ("hooks internal", "is not the name of a host"),
        ("hööks.internal", "is not the name of a host"),
        ("10.1", "is not the name of a host"),
        ("300.0.0.1", "is not the name of a host"),
        ("", "is not the name of a host"),
        ("x" * 64 + ".internal" * 30, "is not the name of a host"),
    ],
)
def test_allowed_entry__what_names_nothing__is_refused_with_the_fix(entry, said):
    with pytest.raises(InvalidField) as refused:
        Allowed.of([entry])

    assert said in str(refused.value)


def test_http_send__environment_allows__is_followed_where_staff_set_nothing(settings, url):
    with pytest.raises(TargetRefused):
        http_send("GET", url)
    settings.DELIVERY_ALLOWED_TARGETS = ["127.0.0.1"]

    assert http_send("GET", url).ok


def test_http_send__allowed_by_name__goes_wherever_it_points(server):
    resolve, _ = leading_to("127.0.0.1")
    connector = Connector(allowed=Allowed.of(["hooks.internal"]), resolve=resolve)

    assert http_send("GET", f"http://hooks.internal:{server.server_port}/", connector=connector).ok

"""Hosts that tenants may send to: by their text, and by the address that they resolve to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip0.common.net import address_is_public, forbidden_host, host_of, loose_ipv4


@pytest.mark.parametrize(
    "host",
    [
        "example.org", "EXAMPLE.org", "example.org.", "8.8.8.8", "1.1.1.1.", "134744072",
        "0x08.8.8.8", "[2606:4700::1111]", "2606:4700::1111", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "xn--bcher-kva.example.org", "my_host.example.org", "local.example.org",
        "10.example.org", "mail-1.example.org", "0x.example.org", "hooks.slack.com",
        "localhost.example.org", "internal.io",
    ],
)  # fmt: skip
def test_forbidden_host__of_the_open_internet__is_allowed(host):
    assert forbidden_host(host) is None


@pytest.mark.parametrize(
    "host",
    [
        # private, loopback, link-local, carrier-grade NAT, multicast, reserved
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "0.0.0.0", "198.18.0.1", "192.0.2.1", "203.0.113.9", "198.51.100.7",
        "168.63.129.16",
        # the same in other notations
        "2130706433", "0x7f000001", "0X7F.1", "017700000001", "127.1", "127.0.1", "0177.0.0.1",
        "0x7f.0.0.1", "0xa9fea9fe", "2852039166", "0", "0x", "10.1", "012.0.0.1", "127.0.0.1.",
        # numbers that are no address
        "256.1.1.1", "1.2.3.4.5", "4294967296", "08.8.8.8", "1.1.1.999", "0x1ffffffff",
        # IPv6
        "[::1]", "::1", "::", "[::ffff:127.0.0.1]", "::ffff:10.0.0.1", "::ffff:7f00:1", "fe80::1",
        "fe80::1%eth0", "[fc00::1]", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "::127.0.0.1", "2001::1", "[::1", "::1]x", "1:2",
        # names
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "db.internal",
        "metadata.google.internal", "metadata", "ip6-localhost", "vault.service.consul", "intranet",
        "redis", "router.lan", "nas.home.arpa", "kubernetes.default.svc", "svc.cluster.local",
        "localhost.localdomain", "db.internal.",
        # not hosts
        "", ".", "..", "a..org", "-a.org", "a-.org", "exa mple.org", "a/b.org", "a@b.org",
        "a%2eorg", "%31%32%37.0.0.1", "localhost:80", "x" * 254, "bücher.example.org",
        "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "example.org\n", "a\x00.org",
    ],
)  # fmt: skip
def test_forbidden_host__private_special_or_none__tells_why(host):
    assert forbidden_host(host)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("1.2", "1.0.0.2"),
        ("1.2.259", "1.2.1.3"),
        ("0x10.010.10", "16.8.0.10"),
        ("1.2.3.256", None),
        ("1.2.65536", None),
        ("1.16777216", None),
        ("256.1", None),
        ("1.", None),
        ("0x1g", None),
        ("9" * 500, None),
        ("example.org", None),
    ],
)
def test_loose_ipv4__notations__are_read_as_the_c_library_does(text, address):
    assert (None if (found := loose_ipv4(text)) is None else str(found)) == address


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:127.0.0.1", False),
        ("10.0.0.1", False),
        ("fe80::1%2", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_address_is_public__of_the_resolver__is_judged(address, public):
    assert address_is_public(address) is public


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a?b#c", "example.org"),
        ("https://EXAMPLE.org:8443", "example.org"),
        ("https://user:pass@example.org@10.0.0.1/", "10.0.0.1"),
        ("https://example.org#@10.0.0.1", "example.org"),
        ("https://[::1]:80/", "::1"),
        ("https://10.0.0.1\\@example.org/", None),
        ("https://10.0.\t0.1/", None),
        ("https://example.org/a b", None),
        ("https:///10.0.0.1", None),
        ("https://", None),
        ("https://example.org:99999", None),
        ("https://example.org:port", None),
        ("https://[::1", None),
        ("https://example.org\u2028/", None),
    ],
)
def test_host_of__url__is_the_host_that_every_reader_finds(url, host):
    assert host_of(url) == host


@given(st.text(max_size=60) | st.text(alphabet="0123456789abcdefx.:[]%@/\\", max_size=40))
def test_net__any_text__raises_nothing(text):
    forbidden_host(text)
    address_is_public(text)
    host_of(f"https://{text}")


@given(st.ip_addresses())
def test_forbidden_host__any_address__agrees_with_address_is_public(ip):
    assert (forbidden_host(str(ip)) is None) == address_is_public(ip)

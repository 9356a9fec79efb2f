"""Which hosts of the internet a tenant may send to: none that only this platform can reach.

A target is judged twice. `forbidden_host` judges the text of a host when a document is saved,
without asking anybody; a name that will resolve to a private address passes it. `address_is_public`
judges the address that a name resolved to, when the connection is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from blip0.common.exceptions import InvalidField

LOCAL_NAMES = ("localhost", "localdomain", "ip6-localhost", "ip6-loopback")
LOCAL_SUFFIXES = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan",
    "home.arpa", "in-addr.arpa", "ip6.arpa", "onion", "svc", "consul",
)  # fmt: skip
"""Names that no public resolver answers, and that a machine's own network may (RFC 6761, 6762,
8375; the usual habits of clouds and companies)."""
METADATA_NAMES = ("metadata", "instance-data")
"""What clouds call their metadata service inside of a machine, besides 169.254.169.254."""

_SPECIAL_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays from 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries an IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
MAX_HOST = 253


@dataclass(frozen=True)
class Allowed:
    """What staff allow beside the public internet. A host's name allows wherever it points."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """From names, addresses and networks such as 10.1.0.0/16. Raises `InvalidField`."""
        hosts, networks = set(), []
        for entry in map(allowed_entry, entries):
            if "/" not in entry:
                hosts.add(entry)
            if "/" in entry or _is_address(entry):
                networks.append(ip_network(entry))
        return cls(frozenset(hosts), tuple(networks))

    def target(self, host: str) -> bool:
        """Whether the text of a host is enough: its name, or an address in any notation."""
        return self.host(host) or self.literal(host)

    def host(self, host: str) -> bool:
        return _plain(host) in self.hosts

    def literal(self, host: str) -> bool:
        """Whether the host is an address, in any notation, of an allowed network."""
        text = _plain(host)
        return self.address(str(loose_ipv4(text) or text))

    def address(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(ip, "ipv4_mapped", None)
        return any((mapped or ip) in network for network in self.networks)


def allowed_entry(text: str) -> str:
    """What staff wrote, in normal form: a host's name, an address or a network.

    Raises `InvalidField`, which names the entry, the rule and the fix.
    """
    entry = _plain(text.strip())
    if "/" in entry:
        return str(_network(entry))
    if _is_address(entry):
        return str(ip_address(entry))
    labels = entry.split(".")
    if (
        len(entry) > MAX_HOST
        or not all(map(_LABEL.fullmatch, labels))
        or _NUMBER.fullmatch(labels[-1])
    ):
        raise InvalidField(
            f"`{text}` is not the name of a host, an address or a network. Write it like "
            "hooks.internal, 10.0.0.5 or 10.1.0.0/16: no scheme, port, path or wildcard."
        )
    return entry


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        whole = ip_network(entry, strict=False)
    except ValueError:
        raise InvalidField(
            f"`{entry}` is not a network. Write one like 10.1.0.0/16, or a host without scheme "
            "and path."
        ) from None
    if ip_address(entry.partition("/")[0]) != whole.network_address:
        raise InvalidField(f"`{entry}` has bits beyond its mask. Write {whole}.")
    return whole


def address_is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether an IP address is one of the open internet. What is no address isn't."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _SPECIAL_V4)
    if ip.ipv4_mapped is not None:
        return address_is_public(ip.ipv4_mapped)
    if ip in _NAT64:
        return address_is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    return ip in _GLOBAL_UNICAST and not any(ip in block for block in _SPECIAL_V6)


def forbidden_host(host: str) -> str | None:
    """Why nothing may be sent to this host, by its text alone; None if nothing speaks against it.

    `host` is a name, an IPv4 address in any notation that a program might read as one (decimal,
    octal, hexadecimal, short), or an IPv6 address with or without brackets.
    """
    name = host.lower().removesuffix(".")
    if not name.isascii():
        return "names with other letters than ASCII's must be written in their `xn--` form"
    if name.startswith("[") or ":" in name:
        return _forbidden_ipv6(name)
    if (address := loose_ipv4(name)) is not None:
        return None if address_is_public(address) else f"{address} is not a public address"
    labels = name.split(".")
    if len(name) > MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        return "it is not the name of a host"
    if _NUMBER.fullmatch(labels[-1]):
        return "it is neither a name nor an address"
    if name in LOCAL_NAMES or name in METADATA_NAMES or len(labels) == 1:
        return "it is a name of the local network"
    if any(name.endswith(f".{suffix}") for suffix in LOCAL_SUFFIXES):
        return "it is a name of a private network"
    return None


def host_of(url: str) -> str | None:
    """The host of an HTTP URL; None if programs could disagree on which it is, or find none.

    A browser-like reader takes `\\` for `/` and ignores line breaks, so that one and the same text
    has two hosts: `https://10.0.0.1\\@example.org`.
    """
    if not url.isprintable() or any(mark in url for mark in " \\"):
        return None
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts.hostname if port_is_fine else None


def loose_ipv4(text: str) -> IPv4Address | None:
    """The address that `inet_aton` reads: one to four numbers, decimal, octal or hexadecimal."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    numbers = [_number(part) for part in parts]
    *leading, last = numbers
    if None in numbers or last is None:
        return None
    value = 0
    for number in leading:
        if number is None or number > 0xFF:
            return None
        value = value << 8 | number
    width = 8 * (4 - len(leading))
    return IPv4Address(value << width | last) if last < 1 << width else None


def _plain(host: str) -> str:
    return host.lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> int | None:
    if len(text) > 64:
        return None
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    try:
        return int(text, 8 if text.startswith("0") else 10)
    except ValueError:  # 08 and 09 are no octal numbers
        return None


def _forbidden_ipv6(text: str) -> str | None:
    inner = text.removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        ip = IPv6Address(inner)
    except ValueError:
        return "it is not an address"
    return None if address_is_public(ip) else f"{ip} is not a public address"

"""Networks: the runtime's `Network` object, its validation, and our policy for the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.secrets import PLAIN, Secret, check_author, kind_of, text_of
from blip0.common.validation.shapes import (
    U32,
    U64,
    Choice,
    Flag,
    Integer,
    ListOf,
    Struct,
    Text,
    chosen,
    entries,
    optional,
    refuse,
)
from blip0.common.validation.text import check_name, check_slug
from platform_catalog.validators.cron import CronError, check_schedule, parse
from platform_catalog.validators.fire_times import longest_gap

NETWORK_TYPES = ("EVM", "Stellar", "Midnight", "Solana")
MIN_BLOCK_TIME_MS = 100
MAX_WEIGHT = 100
MAX_CONFIRMATIONS = 1_000_000
"""Far above any chain's; numbers near 2^64 overflow in the runtime."""

ENDPOINT_TYPES = {"Midnight": "ws_rpc"}
ENDPOINT_PREFIXES = {"Midnight": ("wss://", "ws://")}
HTTP_PREFIXES = ("http://", "https://", "wss://", "ws://")

_SLUG = re.compile(r"[a-z0-9_]*")
_KEY_NAME = re.compile(r"key|token|secret|auth|pass|sig|project", re.IGNORECASE)
_KEY_VALUE = re.compile(r"[A-Za-z0-9_-]{16,}")


class MaxPastBlocks:
    """A positive integer, or the word `unlimited` in lower case."""

    noun = 'an integer from 1, or the text "unlimited"'

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if value == "unlimited":
            return True
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= U64:
            return refuse(self.noun, value, at, out)
        return True


RPC_URL = Struct(
    "an RPC endpoint",
    {"type_": Text(), "url": Secret(), "weight": Integer(U32)},
    hints={"type": "type_"},
)
RECOVERY = Struct(
    "recovery settings",
    {
        "enabled": Flag(),
        "cron_schedule": Text(),
        "max_blocks_per_run": Integer(U64),
        "max_block_age": Integer(U64),
        "max_retries": Integer(U32),
        "retry_delay_ms": Integer(U64),
    },
)
NETWORK = Struct(
    "a network",
    {
        "network_type": Choice(NETWORK_TYPES),
        "slug": Text(),
        "name": Text(),
        "rpc_urls": ListOf(RPC_URL),
        "chain_id": optional(Integer(U64)),
        "network_passphrase": optional(Text()),
        "block_time_ms": Integer(U64),
        "confirmation_blocks": Integer(U64),
        "cron_schedule": Text(),
        "max_past_blocks": optional(MaxPastBlocks()),
        "store_blocks": optional(Flag()),
        "recovery_config": optional(RECOVERY),
    },
)


def check_network(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """The check of the kind `network`."""
    if NETWORK.check(value, at, out):
        network = NETWORK.named(value)
        _check_identity(network, at, out)
        _check_timing(network, at, out)
        _check_endpoints(network, at, out, context)
        _check_recovery(network.get("recovery_config"), (at, "recovery_config"), out)


def _check_identity(value: Mapping[str, object], at: Path, out: Findings) -> None:
    name, slug = value["name"], value["slug"]
    if name == "":
        out.invalid("network.name", (at, "name"), "`name` is empty; name the network.")
    check_name(name, (at, "name"), out)
    if isinstance(slug, str) and not _SLUG.fullmatch(slug):
        out.invalid(
            "network.slug",
            (at, "slug"),
            "`slug` may have lower-case letters, digits and underscores only.",
        )
    else:
        check_slug(slug, (at, "slug"), out, catalogue=True)


def _check_timing(value: Mapping[str, object], at: Path, out: Findings) -> None:
    block_time, confirmations = value["block_time_ms"], value["confirmation_blocks"]
    if isinstance(block_time, int) and block_time < MIN_BLOCK_TIME_MS:
        out.invalid(
            "network.block_time",
            (at, "block_time_ms"),
            f"`block_time_ms` must be at least {MIN_BLOCK_TIME_MS} (milliseconds).",
        )
    if isinstance(confirmations, int):
        if confirmations == 0:
            out.invalid(
                "network.confirmations",
                (at, "confirmation_blocks"),
                "`confirmation_blocks` must be at least 1.",
            )
        elif confirmations > MAX_CONFIRMATIONS:
            out.policy(
                "network.confirmations_range",
                (at, "confirmation_blocks"),
                f"`confirmation_blocks` may be {MAX_CONFIRMATIONS} at most: "
                "the runtime's arithmetic overflows on huge numbers.",
            )
    past = value.get("max_past_blocks")
    if past == 0:
        out.invalid(
            "network.max_past_blocks",
            (at, "max_past_blocks"),
            '`max_past_blocks` must be at least 1; write "unlimited" or leave it out.',
        )
    if past == "unlimited" and value.get("store_blocks") is True:
        out.runtime_warning(
            "network.store_unlimited",
            (at, "max_past_blocks"),
            'With `store_blocks`, "unlimited" can write a whole backlog to the disk: set a number.',
        )
    check_schedule(str(value["cron_schedule"]), (at, "cron_schedule"), out)
    _check_past_blocks(value, (at, "max_past_blocks"), out)


def _check_past_blocks(value: Mapping[str, object], at: Path, out: Findings) -> None:
    """The runtime skips what it can't catch up with at one run of its schedule."""
    past = value.get("max_past_blocks")
    if past == 0 or not isinstance(past, int):
        return
    minimum = recommended_past_blocks(
        str(value["cron_schedule"]),
        block_time_ms=int(str(value["block_time_ms"])),
        confirmations=int(str(value["confirmation_blocks"])),
    )
    if minimum is not None and past < minimum:
        out.runtime_warning(
            "network.max_past_blocks_low",
            at,
            f"Between two runs of the schedule up to {minimum} blocks come due, and those beyond "
            f"{past} are skipped. Write {minimum} or more, run it more often, or leave this out.",
        )


def recommended_past_blocks(schedule: str, *, block_time_ms: int, confirmations: int) -> int | None:
    """The blocks of the longest pause of a schedule; None where one of these is not valid.

    The runtime itself looks at the pause that is next, which for most schedules is the same.
    """
    try:
        pause_ms = longest_gap(parse(schedule)) * 1000
    except CronError:
        return None
    return pause_ms // block_time_ms + confirmations + 1 if block_time_ms else None


def _check_endpoints(
    value: Mapping[str, object], at: Path, out: Findings, context: CheckContext
) -> None:
    kind = chosen(value["network_type"])
    usable = False
    for index, entry in enumerate(entries(value["rpc_urls"])):
        endpoint = RPC_URL.named(entry)
        place: Path = ((at, "rpc_urls"), index)
        _check_endpoint(endpoint, kind, place, out)
        check_author(endpoint["url"], (place, "url"), out, context)
        usable |= endpoint["weight"] != 0
    if not usable:
        out.advise(
            "network.no_endpoint",
            (at, "rpc_urls"),
            "No endpoint has a weight above 0, so the runtime can't watch this network; add one.",
        )


def _check_endpoint(endpoint: Mapping[str, object], kind: str, at: Path, out: Findings) -> None:
    wanted = ENDPOINT_TYPES.get(kind, "rpc")
    if endpoint["type_"] != wanted:
        out.invalid(
            "network.endpoint_type",
            (at, "type_"),
            f"`type_` of an endpoint on a {kind} network must be `{wanted}`.",
        )
    weight = endpoint["weight"]
    if isinstance(weight, int) and weight > MAX_WEIGHT:
        out.invalid(
            "network.endpoint_weight", (at, "weight"), f"`weight` must be 0 to {MAX_WEIGHT}."
        )
    place: Path = ((at, "url"), "value")
    url, prefixes = text_of(endpoint["url"]) or "", ENDPOINT_PREFIXES.get(kind, HTTP_PREFIXES)
    if not url.startswith(prefixes):
        out.invalid(
            "network.endpoint_url",
            place,
            f"The URL of an endpoint on a {kind} network must begin with "
            f"{' or '.join(prefixes)}, in lower case.",
        )
        return
    if url.startswith(("http://", "ws://")):
        out.runtime_warning(
            "network.insecure_url", place, "The URL is not encrypted; use https:// or wss://."
        )
    if kind == "EVM" and url.startswith(("ws://", "wss://")):
        out.advise(
            "network.websocket",
            place,
            "The runtime speaks HTTP to EVM endpoints; this one will not work. Use https://.",
        )
    if kind_of(endpoint["url"]) == PLAIN:
        _check_public_url(url, place, out)


def _check_public_url(url: str, at: Path, out: Findings) -> None:
    """A plain URL is readable by every reader of the catalogue: it must hold no credentials."""
    fix = "Put the URL into an `Environment` or vault secret of the runtime and name that."
    try:
        parts = urlsplit(url)
        credentials = "@" in parts.netloc
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        out.policy("network.url", at, f"{label(at)} is not a URL; correct it.")
        return
    if not parts.hostname:
        out.policy("network.url", at, "The URL has no host; correct it.")
    if credentials:
        out.policy("network.url_credentials", at, f"The URL holds a user or password. {fix}")
    if any(_KEY_NAME.search(name) or _KEY_VALUE.fullmatch(text) for name, text in query):
        out.policy("network.url_key", at, f"The query of the URL seems to hold a key. {fix}")
    elif any(_KEY_VALUE.fullmatch(part) for part in parts.path.split("/")):
        out.advise("network.url_key_path", at, f"The path of the URL may hold a key. If so: {fix}")


def _check_recovery(value: object, at: Path, out: Findings) -> None:
    """The runtime checks nothing here, and a bad schedule stops the watch of the whole network."""
    if value is not None:
        recovery = RECOVERY.named(value)
        check_schedule(str(recovery["cron_schedule"]), (at, "cron_schedule"), out, verdict=False)
        for field in ("max_blocks_per_run", "max_block_age"):
            if recovery["enabled"] is True and recovery[field] == 0:
                out.advise(
                    "network.recovery_idle", (at, field), f"With `{field}` 0 nothing is recovered."
                )

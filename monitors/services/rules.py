"""Policy that depends on the tenant, on what is stored already, or on what a table can hold.

Pure: the facts come in as arguments. What was allowed when it was saved may stay: a rule about
the tenant or the catalogue looks at a part of the document only where it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from blip0.common.validation import CheckContext, Finding
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.shapes import (
    Anything,
    Choice,
    Integer,
    Struct,
    Text,
    defaulted,
    optional,
)
from blip0.common.validation.text import check_slug, control_characters
from monitors.choices import Severity
from monitors.contracts import CONDITION_LISTS, RUNTIME_KEYS
from platform_catalog.choices import NetworkType

MAX_DESCRIPTION: Final = 10_000
MAX_ADDRESS: Final = 200
MAX_ARGUMENT: Final = 500
MAX_INTEGER: Final = 2**31 - 1
"""What a column of these tables holds; 2^31 ms are 24 days, 2^31 s are 68 years."""

_THRESHOLD = Struct(
    'a threshold like {"amount": 3, "window_s": 600}',
    {"amount": Integer(MAX_INTEGER), "window_s": Integer(MAX_INTEGER)},
    positional=False,
)
ALERTING = Struct(
    'alert preferences like {"severity": "high", "min_interval_s": 60}',
    {
        "severity": optional(Choice(tuple(Severity.values))),
        "threshold": optional(_THRESHOLD),
        "min_interval_s": optional(Integer(MAX_INTEGER)),
    },
    positional=False,
)
_MONITOR = Struct(
    "a monitor",
    {
        **{key: defaulted(Anything()) for key in RUNTIME_KEYS},
        "slug": defaulted(Text()),
        "description": defaulted(Text()),
        "alerting": defaulted(ALERTING),
    },
    positional=False,
)

# Where the runtime tests no address, a monitor without these matches every transaction.
_FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    NetworkType.STELLAR: ("functions", "events"),
    NetworkType.MIDNIGHT: ("functions", "events"),
}


def check_settings(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `monitor_settings`: a monitor's own keys, and no unknown ones.

    The runtime's keys may stand there; the kind `monitor` checks them.
    """
    _MONITOR.check(value, at, out)
    if not isinstance(value, dict):
        return
    if "slug" in value:
        check_slug(value["slug"], (at, "slug"), out)
    description = value.get("description")
    if isinstance(description, str):
        if len(description) > MAX_DESCRIPTION:
            out.policy(
                "description.length",
                (at, "description"),
                f"`description` has {len(description)} characters; {MAX_DESCRIPTION} are allowed.",
            )
        if control_characters(description, allowed="\n\r\t"):
            out.policy(
                "description.control",
                (at, "description"),
                "`description` holds a control character; remove it.",
            )
    alerting = value.get("alerting")
    threshold = alerting.get("threshold") if isinstance(alerting, dict) else None
    for key in ("amount", "window_s"):
        if isinstance(threshold, dict) and threshold.get(key) == 0:
            out.policy(
                "alerting.threshold",
                (((at, "alerting"), "threshold"), key),
                f"`{key}` must be at least 1; leave `threshold` out for none.",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantFact:
    allow_viewing_keys: bool
    allow_unfiltered_monitors: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFact:
    type: str
    enabled: bool


def tenant_findings(
    document: Mapping[str, Any],
    *,
    stored: Mapping[str, Any] | None,
    tenant: TenantFact,
    networks: Mapping[str, NetworkFact],
) -> Iterator[Finding]:
    """What the tenant's state and the catalogue's forbid. Both documents are normal forms."""
    before = stored or {}
    for index, slug in enumerate(document["networks"]):
        if not networks[slug].enabled and slug not in before.get("networks", ()):
            yield _finding(
                "network.disabled",
                f"/networks/{index}",
                f"The network `{slug}` is disabled at present; choose another.",
            )
    if not tenant.allow_viewing_keys:
        yield from _viewing_keys_not_allowed(document, before)
    if not tenant.allow_unfiltered_monitors:
        yield from _unfiltered(document, before, networks)


def storage_findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What the runtime would take and a column can't hold."""
    for index, entry in enumerate(document["addresses"]):
        yield from _text(entry["address"], f"/addresses/{index}/address", MAX_ADDRESS)
    for name in CONDITION_LISTS:
        for index, entry in enumerate(document["match_conditions"][name]):
            for key in ("signature", "expression"):
                yield from _text(entry.get(key, ""), f"/match_conditions/{name}/{index}/{key}")
    for index, entry in enumerate(document["trigger_conditions"]):
        for position, argument in enumerate(entry.get("arguments", ())):
            yield from _text(
                argument, f"/trigger_conditions/{index}/arguments/{position}", MAX_ARGUMENT
            )
        if entry["timeout_ms"] > MAX_INTEGER:
            yield _finding(
                "script.timeout",
                f"/trigger_conditions/{index}/timeout_ms",
                f"`timeout_ms` must be at most {MAX_INTEGER}.",
            )


def _viewing_keys_not_allowed(
    document: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[Finding]:
    configurations = document["chain_configurations"]
    if configurations == before.get("chain_configurations"):
        return
    for index, configuration in enumerate(configurations):
        if configuration.get("midnight", {}).get("viewing_keys"):
            yield _finding(
                "viewing_keys.not_allowed",
                f"/chain_configurations/{index}/midnight/viewing_keys",
                "Viewing keys aren't enabled for your organisation: the runtime pools them over "
                "all monitors of a network. Ask support, or leave them out.",
            )


def _unfiltered(
    document: Mapping[str, Any],
    before: Mapping[str, Any],
    networks: Mapping[str, NetworkFact],
) -> Iterator[Finding]:
    keys = ("networks", "match_conditions")
    if all(document[key] == before.get(key) for key in keys):
        return
    conditions = document["match_conditions"]
    for index, slug in enumerate(document["networks"]):
        filters = _FILTERS.get(networks[slug].type)
        if filters and not any(conditions[name] for name in filters):
            yield _finding(
                "monitor.unfiltered",
                "/match_conditions",
                f"Without a function or event this would match every transaction of `{slug}` "
                f"(network {index + 1}), whatever the addresses. Add one, or ask support.",
            )


def _text(text: str, pointer: str, most: int | None = None) -> Iterator[Finding]:
    if "\x00" in text:
        yield _finding("text.nul", pointer, "This holds a NUL character; remove it.")
    if most is not None and len(text) > most:
        yield _finding(
            "text.length", pointer, f"This has {len(text)} characters; {most} are allowed."
        )


def _finding(code: str, pointer: str, message: str) -> Finding:
    return Finding("error", code, pointer, message, "policy", "policy")

"""Monitors: the runtime's `Monitor` object, its validation and reference check, and our policy.

Rules look at every part that has the right form, so that one mistake doesn't hide the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, shorten
from blip0.common.validation.secrets import Secret, check_author
from blip0.common.validation.shapes import (
    Anything,
    Choice,
    Flag,
    ListOf,
    Struct,
    Text,
    defaulted,
    entries,
    optional,
)
from blip0.common.validation.text import check_name
from monitors.validators.addresses import check_address
from monitors.validators.conditions import check_signature
from monitors.validators.expressions import check_expression
from monitors.validators.items import indexes
from monitors.validators.liveness import check_liveness
from monitors.validators.meaning import check_meaning
from monitors.validators.messages import check_messages
from monitors.validators.spec import NOUN as SPEC_NOUN
from monitors.validators.spec import check_policy, recognise
from monitors.validators.watch import ConditionList, Watch, WatchedAddress, WatchedCondition
from platform_catalog.validators.scripts import SCRIPT_FIELDS, check_script_reference

GROUPS: tuple[ConditionList, ...] = ("functions", "events", "transactions")
MAX_CHECKSUMS = 500
"""Addresses of a monitor whose capitals are looked at."""
STATUSES = ("Any", "Success", "Failure")

ADDRESS = Struct(
    "an address with its spec",
    # A spec is large: it is looked at once, where its form is needed.
    {"address": Text(), "contract_spec": optional(Anything(SPEC_NOUN))},
    hints={"abi": "contract_spec", "spec": "contract_spec"},
)
SIGNED_CONDITION = Struct(
    "a condition with a `signature`", {"signature": Text(), "expression": optional(Text())}
)
TRANSACTION_CONDITION = Struct(
    "a condition with a `status`", {"status": Choice(STATUSES), "expression": optional(Text())}
)
MATCH_CONDITIONS = Struct(
    "the conditions",
    {
        "functions": ListOf(SIGNED_CONDITION),
        "events": ListOf(SIGNED_CONDITION),
        "transactions": ListOf(TRANSACTION_CONDITION),
    },
)
SCRIPT_CONDITION = Struct(
    "a script condition",
    {name: SCRIPT_FIELDS[name] for name in ("script_path", "arguments", "language", "timeout_ms")},
)
MIDNIGHT_CONFIGURATION = Struct(
    "a Midnight configuration", {"viewing_keys": defaulted(ListOf(Secret()))}, unknown="warn"
)
EMPTY_CONFIGURATION = Struct("an empty object", {}, unknown="warn")
CHAIN_CONFIGURATION = Struct(
    "a chain's configuration",
    {
        "midnight": optional(MIDNIGHT_CONFIGURATION),
        "evm": optional(EMPTY_CONFIGURATION),
        "stellar": optional(EMPTY_CONFIGURATION),
        "solana": optional(EMPTY_CONFIGURATION),
    },
    unknown="warn",
)
MONITOR = Struct(
    "a monitor",
    {
        "name": Text(),
        "networks": ListOf(Text()),
        "paused": Flag(),
        "addresses": ListOf(ADDRESS),
        "match_conditions": MATCH_CONDITIONS,
        "trigger_conditions": ListOf(SCRIPT_CONDITION),
        "triggers": ListOf(Text()),
        "chain_configurations": defaulted(ListOf(CHAIN_CONFIGURATION)),
    },
)


def check_monitor(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """The check of the kind `monitor`."""
    MONITOR.check(value, at, out)
    monitor = MONITOR.named(value)
    _check_name(monitor.get("name"), (at, "name"), out)
    _check_networks(monitor, at, out, context)
    _check_triggers(monitor, at, out, context)
    watch = _watch(monitor, at, out, context)
    for index, condition in enumerate(entries(monitor.get("trigger_conditions"))):
        place: Path = ((at, "trigger_conditions"), index)
        check_script_reference(SCRIPT_CONDITION.named(condition), place, out, context)
    _check_viewing_keys(monitor, at, out, context)
    check_liveness(watch, at, out)
    check_meaning(watch, out)
    triggers = entries(monitor.get("triggers"))
    check_messages(triggers, context.trigger_templates or {}, watch, (at, "triggers"), out)


def watched(document: object, context: CheckContext) -> Watch:
    """What a monitor watches, as far as it can be read, its signatures looked up.

    `context` must know the networks. Raises nothing, and keeps what it finds to itself.
    """
    out = Findings()
    watch = _watch(MONITOR.named(document), None, out, context)
    check_meaning(watch, out)
    return watch


def _watch(monitor: Mapping[str, object], at: Path, out: Findings, context: CheckContext) -> Watch:
    chains = _chains(monitor, context)
    addresses = _check_addresses(monitor, chains, at, out, context)
    return Watch(
        chains=chains,
        networks=tuple(_networks(monitor, (at, "networks"), context)),
        addresses=addresses,
        conditions=_check_conditions(monitor, chains, at, out, context),
        indexes=indexes((entry.form, entry.spec) for entry in addresses),
    )


def _networks(
    monitor: Mapping[str, object], at: Path, context: CheckContext
) -> Iterator[tuple[Path, str]]:
    """Place and type of every network that is known."""
    known = context.network_types or {}
    for index, name in enumerate(entries(monitor.get("networks"))):
        if isinstance(name, str) and name in known:
            yield (at, index), known[name]


def _chains(monitor: Mapping[str, object], context: CheckContext) -> frozenset[str]:
    """The types of the monitor's networks, as far as they are known."""
    return frozenset(kind for _, kind in _networks(monitor, None, context))


def _check_name(name: object, at: Path, out: Findings) -> None:
    if name == "":
        out.invalid("monitor.name", at, "`name` is empty; name the monitor.")
    check_name(name, at, out)


def _check_networks(
    monitor: Mapping[str, object], at: Path, out: Findings, context: CheckContext
) -> None:
    place: Path = (at, "networks")
    networks = monitor.get("networks")
    if networks == []:
        out.invalid("monitor.networks", place, "`networks` is empty; name at least one.")
    known = None if context.network_types is None else context.network_types.keys()
    _check_references("network", entries(networks), known, place, out)


def _check_triggers(
    monitor: Mapping[str, object], at: Path, out: Findings, context: CheckContext
) -> None:
    place: Path = (at, "triggers")
    triggers = entries(monitor.get("triggers"))
    _check_references("trigger", triggers, context.trigger_keys, place, out)
    _check_limit("triggers", len(triggers), context.limits.triggers, place, out)


def _check_references(
    noun: str, names: list[object], known: Iterable[str] | None, at: Path, out: Findings
) -> None:
    seen: set[str] = set()
    known_names = None if known is None else frozenset(known)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name in seen:
            out.policy(
                f"monitor.repeated_{noun}",
                (at, index),
                f"The {noun} `{shorten(name)}` is named twice; remove one.",
            )
        seen.add(name)
        if known_names is not None and name not in known_names:
            out.policy(
                f"monitor.unknown_{noun}",
                (at, index),
                f"There is no {noun} `{shorten(name)}` that this monitor may use."
                f"{out.did_you_mean(name, known_names)}",
            )


def _check_addresses(
    monitor: Mapping[str, object],
    chains: frozenset[str],
    at: Path,
    out: Findings,
    context: CheckContext,
) -> tuple[WatchedAddress, ...]:
    addresses = entries(monitor.get("addresses"))
    _check_limit("addresses", len(addresses), context.limits.addresses, (at, "addresses"), out)
    seen: set[str] = set()
    watched: list[WatchedAddress] = []
    for index, entry in enumerate(addresses):
        place: Path = ((at, "addresses"), index)
        members = ADDRESS.named(entry)
        address, spec = members.get("address"), members.get("contract_spec")
        if isinstance(address, str):
            with_capitals = index < MAX_CHECKSUMS
            check_address(address, chains, (place, "address"), out, with_capitals=with_capitals)
            same = address.lower() if "EVM" in chains else address
            if same in seen:
                out.policy(
                    "monitor.repeated_address",
                    (place, "address"),
                    f"The address `{shorten(address)}` stands here twice; the runtime uses one "
                    "spec of the two. Remove one.",
                )
            seen.add(same)
        form = None
        if spec is not None:
            form = recognise(spec, (place, "contract_spec"), out)
            check_policy(spec, form, (place, "contract_spec"), out, context, chains)
        watched.append(WatchedAddress(place, str(address), form, spec))
    return tuple(watched)


def _check_conditions(
    monitor: Mapping[str, object],
    chains: frozenset[str],
    at: Path,
    out: Findings,
    context: CheckContext,
) -> tuple[WatchedCondition, ...]:
    place: Path = (at, "match_conditions")
    watched: list[WatchedCondition] = []
    conditions = MATCH_CONDITIONS.named(monitor.get("match_conditions"))
    total = 0
    for group in GROUPS:
        shape = TRANSACTION_CONDITION if group == "transactions" else SIGNED_CONDITION
        for index, entry in enumerate(entries(conditions.get(group))):
            total += 1
            members = shape.named(entry)
            signature, expression = members.get("signature"), members.get("expression")
            here: Path = ((place, group), index)
            known = isinstance(signature, str) and check_signature(
                signature, chains, (here, "signature"), out
            )
            tree = None
            if isinstance(expression, str):
                tree = check_expression(expression, (here, "expression"), out)
            watched.append(
                WatchedCondition(
                    group=group,
                    at=here,
                    signature=str(signature) if known else None,
                    has_expression=isinstance(expression, str),
                    expression=tree,
                )
            )
    _check_limit("conditions", total, context.limits.conditions, place, out)
    return tuple(watched)


def _check_viewing_keys(
    monitor: Mapping[str, object], at: Path, out: Findings, context: CheckContext
) -> None:
    for number, entry in enumerate(entries(monitor.get("chain_configurations"))):
        place: Path = (((at, "chain_configurations"), number), "midnight")
        midnight = MIDNIGHT_CONFIGURATION.named(CHAIN_CONFIGURATION.named(entry).get("midnight"))
        for index, key in enumerate(entries(midnight.get("viewing_keys"))):
            check_author(key, ((place, "viewing_keys"), index), out, context)


def _check_limit(noun: str, count: int, most: int | None, at: Path, out: Findings) -> None:
    if most is not None and count > most:
        out.policy(
            f"plan.{noun}",
            at,
            f"The monitor has {count} {noun}; your plan allows {most}. Remove some, or split it.",
        )

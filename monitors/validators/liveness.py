"""Monitors that load well and never fire, or fire without end: what the runtime does with each.

Stellar and Midnight monitors without a filter are refused by the tenant's rules, not here.
"""

from __future__ import annotations

from blip0.common.validation.findings import Findings, Path, shorten
from monitors.validators.addresses import FORMS
from monitors.validators.watch import Watch


def check_liveness(watch: Watch, at: Path, out: Findings) -> None:
    if not watch.chains:
        return
    _check_addresses(watch, at, out)
    _check_specs(watch, at, out)
    _check_match_all(watch, at, out)
    _check_solana(watch, at, out)
    if "Midnight" in watch.chains and watch.of("events"):
        out.advise(
            "monitor.midnight_events",
            ((at, "match_conditions"), "events"),
            "On Midnight the runtime matches no events; use functions.",
        )


def _check_addresses(watch: Watch, at: Path, out: Findings) -> None:
    if not watch.addresses:
        if "EVM" in watch.chains:
            out.advise(
                "monitor.no_addresses",
                (at, "addresses"),
                "On EVM a monitor without addresses matches nothing; add the contracts or accounts "
                "to watch.",
            )
        return
    needing = {"EVM"} | (set(FORMS) if watch.of("functions", "events") else set())
    for chain in sorted(needing & watch.chains):
        form, words = FORMS[chain]
        if any(form(address.text) for address in watch.addresses):
            continue
        # An address that is none anywhere is refused on its own.
        if len(watch.chains) > 1:
            place = next(place for place, kind in watch.networks if kind == chain)
            out.advise(
                "monitor.network_without_address",
                place,
                f"No address of the monitor is one on {chain} ({words}), so nothing matches there. "
                "Add one, or remove the network.",
            )


def _check_specs(watch: Watch, at: Path, out: Findings) -> None:
    """On EVM functions and events are decoded with the ABI of their address."""
    if "EVM" not in watch.chains or not watch.of("functions", "events"):
        return
    is_evm = FORMS["EVM"][0]
    contracts = [address for address in watch.addresses if is_evm(address.text)]
    # A spec that is broken, or for a chain that isn't watched, has a finding already.
    without = [
        address
        for address in contracts
        if address.form != "EVM" and (address.spec is None or address.form in watch.chains)
    ]
    if contracts and len(without) == len(contracts):
        out.advise(
            "monitor.no_abi",
            (at, "addresses"),
            "No address has an ABI, and without one functions and events never match on EVM. Give "
            "it as `contract_spec`.",
        )
        return
    for address in without:
        out.advise(
            "address.no_abi",
            address.at,
            f"`{shorten(address.text)}` has no ABI, so functions and events never match at it. "
            "Give it as `contract_spec`.",
        )


def _check_match_all(watch: Watch, at: Path, out: Findings) -> None:
    chains = sorted({"EVM", "Solana"} & watch.chains)
    if chains and watch.addresses and not watch.conditions:
        out.advise(
            "monitor.matches_all",
            (at, "match_conditions"),
            f"Without conditions every transaction that touches an address matches on "
            f"{' and '.join(chains)}. Add a function, event or transaction.",
        )


def _check_solana(watch: Watch, at: Path, out: Findings) -> None:
    if "Solana" not in watch.chains:
        return
    place: Path = (at, "match_conditions")
    if watch.of("functions"):
        effect = (
            "the runtime ignores functions, and matches by the rest"
            if watch.of("events", "transactions")
            else "the runtime ignores functions, and every transaction of the program matches"
        )
        out.advise(
            "monitor.solana_functions",
            (place, "functions"),
            f"On Solana {effect}. Use events, which are looked for in the program's log, "
            "transactions, or a script.",
        )
    for event in watch.of("events"):
        if event.signature is not None and not event.signature.partition("(")[0].strip():
            out.advise(
                "signature.solana_text",
                (event.at, "signature"),
                "On Solana the runtime looks for what stands before `(` in the program's log. Here "
                "that is nothing, which every log holds: write the event's name.",
            )

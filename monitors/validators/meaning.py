"""What the conditions of a monitor mean on its chains: signatures against specs, expressions typed.

The runtime refuses none of this. It writes a line to its log each time that a condition fails to
make sense, so that a monitor looks well and never fires.
"""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.findings import Findings, Path, shorten
from monitors.expressions.checking import UNKNOWN_KIND, problems
from monitors.expressions.kinds import Chain, transaction_variables
from monitors.expressions.tree import Expression, conditions
from monitors.validators.addresses import is_stellar
from monitors.validators.items import Group, Index, arity
from monitors.validators.watch import Watch, WatchedCondition

EXPRESSIVE: tuple[Chain, ...] = ("EVM", "Stellar", "Solana")
"""Chains on which the runtime reads expressions; Solana's only on transactions."""
WITH_SPECS: tuple[Chain, ...] = ("EVM", "Stellar")
MAX_SUGGESTING = 10
"""Looking for what was meant takes time; after so many misses we only say that there is none."""

_OTHER: Mapping[Group, Group] = {"functions": "events", "events": "functions"}
_NOUN: Mapping[Group, str] = {"functions": "function", "events": "event"}


def check_meaning(watch: Watch, out: Findings) -> None:
    """Look up every signature and type every expression."""
    misses = 0
    for condition in watch.conditions:
        if condition.group != "transactions" and condition.signature is not None:
            misses += _look_up(
                condition, condition.group, watch, out, suggest=misses < MAX_SUGGESTING
            )
        if condition.has_expression:
            _check_ignored(condition, watch, out)
        if condition.expression is not None:
            _check_types(condition, condition.expression, watch, out)


def _look_up(
    condition: WatchedCondition, group: Group, watch: Watch, out: Findings, *, suggest: bool
) -> bool:
    """Find what the signature names. Whether it is missing from specs that are all there."""
    signature = condition.signature or ""
    for chain in WITH_SPECS:
        if chain in watch.chains and (found := watch.indexes[chain].find(group, signature)):
            condition.items[chain] = found
    if condition.items or not watch.chains or watch.chains - frozenset(WITH_SPECS):
        return False
    indexes = [watch.indexes[chain] for chain in WITH_SPECS if chain in watch.chains]
    if not all(_is_complete(index, watch) for index in indexes):
        return False
    at: Path = (condition.at, "signature")
    noun = _NOUN[group]
    if any(index.find(_OTHER[group], signature) for index in indexes):
        out.advise(
            "signature.wrong_list",
            at,
            f"`{shorten(signature)}` is among the contract's {_OTHER[group]}, and matches no "
            f"{noun}. Move it to `{_OTHER[group]}`.",
        )
        return False
    fix = "Correct it, or add it to the spec."
    if suggest:
        fix = _did_you_mean(indexes, group, signature) or fix
    out.advise(
        "signature.not_in_spec",
        at,
        f"No spec of the monitor's addresses has the {noun} `{shorten(signature)}`, so this never "
        f"matches. {fix}",
    )
    return True


def _did_you_mean(indexes: list[Index], group: Group, signature: str) -> str:
    meant = [text for index in indexes for text in index.suggestions(group, signature)]
    shown = " or ".join(f"`{shorten(text, 200)}`" for text in meant)
    return f"Did you mean {shown}?" if meant else ""


def _is_complete(index: Index, watch: Watch) -> bool:
    """Whether a signature that isn't in the specs can't be anywhere else.

    Without a spec the runtime fetches that of a Stellar contract from its chain.
    """
    if index.chain == "EVM":
        return index.specs > 0
    contracts = [address for address in watch.addresses if is_stellar(address.text)]
    return index.specs > 0 and all(address.form == "Stellar" for address in contracts)


def _check_ignored(condition: WatchedCondition, watch: Watch, out: Findings) -> None:
    deaf = [
        chain
        for chain in ("Midnight", "Solana")
        if chain in watch.chains and (chain == "Midnight" or condition.group != "transactions")
    ]
    if deaf:
        what = f" of {condition.group}" if "Solana" in deaf else ""
        out.advise(
            "expression.ignored",
            (condition.at, "expression"),
            f"On {' and '.join(deaf)} the runtime ignores expressions{what}: this matches as if "
            "there were none. Remove it, and filter with a script.",
        )


def _check_types(
    condition: WatchedCondition, expression: Expression, watch: Watch, out: Findings
) -> None:
    at: Path = (condition.at, "expression")
    for chain in EXPRESSIVE:
        if chain not in watch.chains:
            continue
        variables = variables_of(condition, chain, watch)
        if variables is None:
            continue
        for problem in problems(expression, chain, variables):
            says = f"On {chain}, {problem.message[0].lower()}{problem.message[1:]}"
            out.advise(problem.code, at, says if len(watch.chains) > 1 else problem.message)


def variables_of(
    condition: WatchedCondition, chain: Chain, watch: Watch
) -> Mapping[str, str] | None:
    """The kinds of the condition's variables, its signature looked up; None where nothing is
    known of them."""
    if condition.group == "transactions":
        return transaction_variables(chain)
    if condition.items.get(chain):
        return watch.indexes[chain].variables(condition.group, condition.signature or "")
    if chain != "Stellar":
        return None
    # The spec comes from the chain: any name may be right, and a position up to the last one.
    positions = {str(number): UNKNOWN_KIND for number in range(arity(condition.signature or ""))}
    used = conditions(condition.expression) if condition.expression else ()
    names = {one.name: UNKNOWN_KIND for one in used if not one.name.isdecimal()}
    return {**positions, **names}
